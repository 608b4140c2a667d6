//! Lists the handlers below a path that say nothing of idempotence: `check PATH [--format text|json|sarif]`.
//!
//! It ends with 0 where there are none, 1 where there are some, and 2 where something could not be checked.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use idem_lint::{Config, check};

#[derive(Parser)]
struct Arguments {
    /// A folder, or the root file of a crate.
    path: PathBuf,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// A configuration as JSON; what it leaves out has its default.
    #[arg(long)]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
}

fn main() -> ExitCode {
    run(&Arguments::parse()).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let config = match &arguments.config {
        Some(path) => serde_json::from_str(&std::fs::read_to_string(path)?)?,
        None => Config::default(),
    };
    let report = check(&arguments.path, &config)?;
    match arguments.format {
        Format::Text => println!("{report}"),
        Format::Json => println!("{}", report.to_json()),
        Format::Sarif => println!("{}", report.to_sarif()),
    }
    Ok(match (report.problems.is_empty(), report.findings.is_empty()) {
        (false, _) => ExitCode::from(2),
        (true, false) => ExitCode::from(1),
        (true, true) => ExitCode::SUCCESS,
    })
}
