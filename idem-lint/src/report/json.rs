//! The report for programs. LINT-40 has its shape.

use serde::Serialize;

use super::{Finding, Problem, Report};
use crate::config::Suppression;

/// Moves on when a field changes its meaning or goes; new fields may come at any time.
const VERSION: u32 = 1;

/// The code of a suppression that fits nothing.
pub(super) const UNUSED: &str = "IDEM195";

#[derive(Serialize)]
struct Json<'a> {
    format: &'static str,
    version: u32,
    summary: Summary,
    findings: Vec<Told<'a>>,
    suppressed: Vec<Told<'a>>,
    unused_suppressions: &'a [Suppression],
    problems: &'a [Problem],
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    handlers: usize,
    findings: usize,
    suppressed: usize,
    problems: usize,
}

#[derive(Serialize)]
struct Told<'a> {
    code: super::Rule,
    level: super::Level,
    message: String,
    help: &'static str,
    #[serde(flatten)]
    finding: &'a Finding,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn new(finding: &'a Finding, reason: Option<&'a str>) -> Self {
        let rule = finding.rule();
        Self { code: rule, level: rule.level(), message: finding.message(), help: finding.help(), finding, reason }
    }
}

impl Report {
    /// The report as JSON, whose shape is LINT-40 of `docs/spec/lint.md`.
    #[must_use]
    pub fn to_json(&self) -> String {
        pretty(&Json {
            format: "idem-lint",
            version: VERSION,
            summary: Summary {
                files: self.files,
                handlers: self.handlers,
                findings: self.findings.len(),
                suppressed: self.suppressed.len(),
                problems: self.problems.len(),
            },
            findings: self.findings.iter().map(|finding| Told::new(finding, None)).collect(),
            suppressed: self.suppressed.iter().map(|one| Told::new(&one.finding, Some(&one.reason))).collect(),
            unused_suppressions: &self.unused_suppressions,
            problems: &self.problems,
        })
    }
}

/// Text and numbers alone cannot fail to be written.
pub(super) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"))
}
