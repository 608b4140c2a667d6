//! The `webhooks` example: one effect an id, through duplicates and kills.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use idem::{Delivery, Runtime, SqliteStore};
use libtest_mimic::Failed;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// The example, built with this test (cargo builds the examples of a package with its tests).
fn example() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let path = program.ancestors().nth(2).unwrap().join("examples/webhooks");
    assert!(path.exists(), "{} is not built: cargo build --examples --all-features", path.display());
    path
}

/// A folder with the deliveries, the store and the effects of one run.
struct Scene {
    folder: tempfile::TempDir,
    ids: HashSet<String>,
    lines: usize,
}

impl Scene {
    /// `unique` deliveries, and `duplicates` of them again, in random order.
    fn new(unique: usize, duplicates: usize, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let line = |n: usize| {
            let payload =
                serde_json::json!({"action": "opened", "number": n, "amount": n as f64 / 7.0, "labels": ["a", "b"]});
            serde_json::json!({"id": format!("id-{n}"), "event": "pull_request", "received_at": "2026-11-20T23:50:00Z", "payload": payload}).to_string()
        };
        let mut lines: Vec<_> = (0..unique).map(line).collect();
        let again: Vec<_> = (0..duplicates).map(|_| line(random.random_range(0..unique))).collect();
        lines.extend(again);
        lines.shuffle(&mut random);
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
            ids: (0..unique).map(|n| format!("id-{n}")).collect(),
            lines: lines.len(),
        };
        std::fs::write(scene.path("deliveries"), lines.join("\n")).unwrap();
        scene
    }

    /// These lines as they are.
    fn of(lines: &[&[u8]]) -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap(), ids: HashSet::new(), lines: lines.len() };
        std::fs::write(scene.path("deliveries"), lines.join(&b'\n')).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self) -> Child {
        let mut command = Command::new(example());
        command.arg("--store").arg(format!("sqlite:{}", self.path("idem.db").display()));
        command.arg("--effects").arg(self.path("effects")).arg(self.path("deliveries"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn finish(&self) -> Output {
        self.start().wait_with_output().unwrap()
    }

    /// How many effect lines each id has.
    fn effects(&self) -> HashMap<String, u32> {
        let mut effects = HashMap::new();
        for line in std::fs::read_to_string(self.path("effects")).unwrap_or_default().lines() {
            let (id, event) = line.split_once(' ').expect("a torn effect line");
            assert_eq!(event, "pull_request");
            *effects.entry(id.to_owned()).or_default() += 1;
        }
        effects
    }
}

/// The figures of the closing line.
fn tally(output: &Output) -> HashMap<String, u64> {
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    let pairs =
        last.split(' ').map(|pair| pair.split_once('=').unwrap_or_else(|| panic!("no closing line: {output:?}")));
    pairs.map(|(name, n)| (name.to_owned(), n.parse().unwrap())).collect()
}

pub fn one_effect_line_an_id() -> Result<(), Failed> {
    idem_test_servers::give_way();
    let scene = Scene::new(7_000, 3_000, 1);
    let first = scene.finish();
    assert!(first.status.success(), "{first:?}");
    let counted = tally(&first);
    assert_eq!((counted["delivered"], counted["ran"], counted["replayed"]), (10_000, 7_000, 3_000));
    let effects = scene.effects();
    assert!(effects.values().all(|lines| *lines == 1), "an id has two effect lines");
    assert_eq!(effects.keys().cloned().collect::<HashSet<_>>(), scene.ids);
    let again = scene.finish();
    assert_eq!((tally(&again)["ran"], tally(&again)["replayed"]), (0, 10_000), "a second run replays everything");
    Ok(())
}

pub fn killed_twenty_times() -> Result<(), Failed> {
    idem_test_servers::give_way();
    let scene = Scene::new(7_000, 3_000, 2);
    let mut random = StdRng::seed_from_u64(3);
    let mut kills = 0;
    while kills < 20 {
        let mut child = scene.start();
        let target = scene.effects().len() + random.random_range(20..250);
        let bound = Instant::now() + Duration::from_secs(60);
        // Killed once it has done so much more: a moment that no clock decides.
        while scene.effects().len() < target && child.try_wait()?.is_none() {
            assert!(Instant::now() < bound, "the run makes no headway after {kills} kills");
            // tidy: allow sleep: between two looks at the child's progress
            std::thread::sleep(Duration::from_millis(2));
        }
        if child.try_wait()?.is_some() {
            return Err(format!("the input was used up after {kills} kills").into());
        }
        child.kill()?;
        child.wait()?;
        kills += 1;
    }
    let last = scene.finish();
    assert!(last.status.success(), "{last:?}");
    assert_eq!(tally(&last)["delivered"] as usize, scene.lines);
    let effects = scene.effects();
    assert_eq!(effects.keys().cloned().collect::<HashSet<_>>(), scene.ids, "a delivery has no effect");
    let (more, attempts) = reruns(&scene.path("idem.db"), &effects);
    // An effect line more than one is an attempt whose completion was not stored: the record counts the attempts.
    for (id, lines) in &more {
        assert!(*lines <= attempts[id], "{id} has {lines} effects in {} attempts", attempts[id]);
    }
    println!(
        "20 kills: {} of {} ids have more than one effect line, each in a record of as many attempts",
        more.len(),
        effects.len()
    );
    assert!(more.len() <= 20 * 8, "more ids ran twice than could be running at the kills");
    Ok(())
}

/// The ids with more than one effect, and the attempts that their records count.
#[tokio::main]
async fn reruns(file: &Path, effects: &HashMap<String, u32>) -> (HashMap<String, u32>, HashMap<String, u32>) {
    let runtime =
        Runtime::builder().store(SqliteStore::open(file).await.unwrap()).namespace("webhooks").build().unwrap();
    let more: HashMap<_, _> =
        effects.iter().filter(|(_, lines)| **lines > 1).map(|(id, lines)| (id.clone(), *lines)).collect();
    let mut attempts = HashMap::new();
    for id in more.keys() {
        let delivery = Delivery::new().idempotency_key(id).unwrap();
        let key = delivery.run(async { runtime.key("webhooks.handle").make() }).await.unwrap();
        let record = runtime.status(&key).await.unwrap().unwrap();
        assert_eq!(record.state.as_str(), "completed");
        attempts.insert(id.clone(), record.attempt);
    }
    (more, attempts)
}

const GOOD: &[u8] = br#"{"id":"1","event":"pull_request","received_at":"x","payload":{"a":1}}"#;

pub fn malformed_lines() -> Result<(), Failed> {
    let long = format!(r#"{{"id":"{}","event":"e","received_at":"x","payload":1}}"#, "x".repeat(300));
    let scene = Scene::of(&[
        b"{",
        GOOD,
        b"\xff\xfe",
        b"",
        br#"{"id":"2"}"#,
        long.as_bytes(),
        br#"{"id":"","event":"e","received_at":"x","payload":1}"#,
        GOOD,
    ]);
    let output = scene.finish();
    assert_eq!(output.status.code(), Some(1));
    let counted = tally(&output);
    assert_eq!((counted["delivered"], counted["ran"], counted["replayed"], counted["malformed"]), (7, 1, 1, 5));
    let said = String::from_utf8_lossy(&output.stderr);
    for line in [1, 3, 5, 6, 7] {
        assert!(said.contains(&format!("line {line}: malformed: ")), "{said}");
    }
    Ok(())
}

pub fn mismatches() -> Result<(), Failed> {
    let other = br#"{"id":"1","event":"pull_request","received_at":"y","payload":{"a":31337}}"#;
    let scene = Scene::of(&[GOOD, other]);
    let output = scene.finish();
    let counted = tally(&output);
    assert_eq!((output.status.code(), counted["mismatched"], counted["ran"]), (Some(1), 1, 1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("payload") && !said.contains("31337"), "{said}");
    Ok(())
}
