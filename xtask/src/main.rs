//! The commands of this workspace. `cargo xtask test` is what everybody runs, the CI too; `cargo xtask` lists the rest.

mod shell;
mod steps;
mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [] => {
            print!("{}", steps::help());
            Ok(())
        }
        [one] if matches!(one.as_str(), "help" | "-h" | "--help") => {
            print!("{}", steps::help());
            Ok(())
        }
        [one] if one == "test" => steps::test(),
        [one] => steps::alone(one),
        more => Err(format!("one command at a time, found {}: {}", more.len(), more.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
