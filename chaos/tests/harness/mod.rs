//! Runs of the program, and what their verdict says.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

/// What was said of the one store of a run.
pub struct Line(pub serde_json::Value);

impl Line {
    /// Runs it. A run whose deliveries never end is given up by the program itself.
    pub fn of(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let json = folder.path().join("verdict.json");
        let mut command = Command::new(env!("CARGO_BIN_EXE_idem-chaos"));
        let output = command.arg("run").args(arguments).arg("--json").arg(&json).stdin(Stdio::null()).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        let lines = std::fs::read(json).unwrap_or_else(|error| panic!("no verdict: {error}\n{text}"));
        let mut lines: Vec<serde_json::Value> = serde_json::from_slice(&lines).unwrap();
        assert_eq!(lines.len(), 1, "{text}");
        let line = Self(lines.remove(0));
        let broken = !line.rules().is_empty();
        assert_eq!((output.status.code(), text.contains("BROKEN")), (Some(broken.into()), broken), "{text}");
        line
    }

    /// The rules that were broken.
    pub fn rules(&self) -> BTreeSet<String> {
        let violations = self.0["violations"].as_array().unwrap();
        violations.iter().map(|violation| violation["rule"].as_str().unwrap().to_owned()).collect()
    }
}
