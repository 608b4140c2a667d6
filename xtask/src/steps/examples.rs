use std::io::Write as _;
use std::process::Stdio;

use super::servers::Servers;
use crate::shell::{self, Result, cargo, root};

/// One run of a program in `examples/`.
struct Run {
    example: &'static str,
    /// As the README says.
    features: &'static str,
    /// What comes after `--`; `{IDEM_TEST_POSTGRES_URL}` and its like stand for the servers of the step.
    arguments: &'static [&'static str],
    input: &'static str,
    /// What its output must hold.
    says: &'static [&'static str],
}

/// In this order. Every program in `examples/` stands here at least once.
const RUNS: &[Run] = &[
    Run {
        example: "quickstart",
        features: "sqlite",
        arguments: &["--fresh"],
        input: "",
        says: &["5 of 5 tasks covered", "5 of 13 calls were replayed", "Run it again"],
    },
    // The second run finds what the first one kept.
    Run {
        example: "quickstart",
        features: "sqlite",
        arguments: &[],
        input: "",
        says: &["11 of 13 calls were replayed from an earlier run"],
    },
    Run {
        example: "webhooks",
        features: "sqlite",
        arguments: &["--store", "memory:", "--effects", "target/webhooks.effects"],
        input: concat!(
            r#"{"id": "1", "event": "push", "received_at": "2026-11-20T23:50:00Z", "payload": {"n": 1}}"#,
            "\n",
            r#"{"id": "1", "event": "push", "received_at": "2026-11-20T23:55:00Z", "payload": {"n": 1}}"#,
        ),
        says: &["delivered=2 ran=1 replayed=1 mismatched=0 failed=0 malformed=0"],
    },
    // The short form; the long one is in the README.
    Run {
        example: "ledger",
        features: "postgres",
        arguments: &["--database", "{IDEM_TEST_POSTGRES_URL}", "--transfers", "3000", "--kills", "10"],
        input: "",
        says: &[
            "10 kills",
            "sum 100000000 (expected 100000000), 3000 bookings of 3000 transfers",
            "the books are right",
        ],
    },
];

pub fn run() -> Result {
    let directory = root().join("examples");
    let entries = std::fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let there: Vec<String> = entries.flatten().filter_map(|entry| example_of(&entry.path())).collect();
    if let Some(problem) = mismatch(&there, RUNS) {
        return Err(problem);
    }
    // Where the examples write, which is elsewhere than the build where `CARGO_TARGET_DIR` says so.
    std::fs::create_dir_all(root().join("target")).map_err(|error| format!("target: {error}"))?;
    let servers = Servers::gather()?;
    RUNS.iter().try_for_each(|run| once(run, &servers))
}

/// `examples/a.rs` and `examples/a/main.rs` are the example `a`.
fn example_of(path: &std::path::Path) -> Option<String> {
    let is_example = path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").exists();
    is_example.then(|| path.file_stem().map(|name| name.to_string_lossy().into_owned())).flatten()
}

/// No example without a run, and no run without an example.
fn mismatch(there: &[String], runs: &[Run]) -> Option<String> {
    if let Some(name) = there.iter().find(|name| runs.iter().all(|run| run.example != **name)) {
        return Some(format!("examples/{name} is never run: add it to RUNS in xtask/src/steps/examples.rs"));
    }
    let run = runs.iter().find(|run| !there.iter().any(|name| name == run.example))?;
    Some(format!("examples/{}.rs does not exist, but xtask/src/steps/examples.rs runs it", run.example))
}

fn once(run: &Run, servers: &Servers) -> Result {
    let mut command = cargo(&["run", "--quiet", "--example", run.example, "--features", run.features, "--"]);
    command.args(run.arguments.iter().map(|argument| servers.fill_in(argument)));
    servers.tell(&mut command);
    println!("$ {}", shell::shown(&command));
    let failed = |error: std::io::Error| format!("example `{}`: {error}", run.example);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read its input has closed it: that is no failure.
        let _ = input.write_all(run.input.as_bytes());
    }
    let output = child.wait_with_output().map_err(failed)?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    if !output.status.success() {
        return Err(format!("example `{}` ended with {}", run.example, output.status));
    }
    match run.says.iter().find(|word| !text.contains(**word)) {
        Some(word) => Err(format!("example `{}` should have printed {word:?}", run.example)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Run, mismatch};

    #[test]
    fn examples_and_runs_must_match() {
        let run = |example| Run { example, features: "", arguments: &[], input: "", says: &[] };
        let check = |there: &[&str], runs: &[&'static str]| {
            let there: Vec<String> = there.iter().map(|name| (*name).to_owned()).collect();
            mismatch(&there, &runs.iter().map(|name| run(name)).collect::<Vec<_>>())
        };
        assert_eq!(check(&["a", "b"], &["a", "a", "b"]), None);
        assert!(check(&["a", "b"], &["a"]).is_some_and(|text| text.starts_with("examples/b is never run")));
        assert!(check(&["a"], &["a", "c"]).is_some_and(|text| text.starts_with("examples/c.rs does not exist")));
    }
}
