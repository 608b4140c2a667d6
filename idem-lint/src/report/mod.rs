//! What was found, and how it is told.

mod json;
mod problem;
mod rule;
mod sarif;
mod text;

use serde::Serialize;

pub use problem::{Problem, ProblemKind};
pub use rule::{Level, Rule};

use crate::config::Suppression;
use crate::scan::Region;

/// Why a function looks like a handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reason {
    /// The rule that it fits.
    #[serde(rename = "code")]
    pub rule: Rule,
    /// In words that go on from the function's name: "it carries `#[celery::task]`".
    pub why: String,
}

/// A function that looks like a handler and says nothing of idempotence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Its file, from where the check started, with `/`.
    pub path: String,
    /// Where its name stands.
    #[serde(flatten)]
    pub region: Region,
    /// The package that it is in, where a manifest says it.
    pub package: Option<String>,
    /// The path of its module: `crate::jobs::mailer`.
    pub module: String,
    /// Its name, after the type or function that it stands in: `send`, `Mailer::send`.
    pub function: String,
    /// It is not `async` itself and returns a future.
    pub returns_future: bool,
    /// The line of its name.
    #[serde(skip)]
    pub line: String,
    /// Why it looks like a handler, the surest reason first; never empty.
    pub reasons: Vec<Reason>,
    /// The same for the same function in the same file, also when lines move.
    pub fingerprint: String,
}

impl Finding {
    /// The rule of the surest reason.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.reasons.first().map_or(Rule::Name, |reason| reason.rule)
    }

    /// What was found, in a sentence.
    #[must_use]
    pub fn message(&self) -> String {
        let why: Vec<&str> = self.reasons.iter().map(|reason| reason.why.as_str()).collect();
        format!("`{}` looks like a task handler and says nothing of idempotence: {}", self.function, why.join("; "))
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        if self.returns_future {
            "write it as an `async fn` with `#[idempotent(name = \"…\")]`, or say why it needs none: `#[not_idempotent(reason = \"…\")]`"
        } else {
            "protect it with `#[idempotent(name = \"…\")]`, or say why it needs none: `#[not_idempotent(reason = \"…\")]`"
        }
    }

    pub(crate) fn is_meant_by(&self, suppression: &Suppression) -> bool {
        self.module == suppression.module
            && self.function == suppression.function
            && (suppression.package.is_none() || suppression.package == self.package)
    }
}

/// A finding that the configuration suppresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Suppressed {
    /// What was found.
    pub finding: Finding,
    /// Why it may stay as it is.
    pub reason: String,
}

/// What a check found, in the order of paths and lines. `Display` is the text for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many files were read.
    pub files: usize,
    /// How many functions look like handlers, whatever they say.
    pub handlers: usize,
    /// The handlers that say nothing.
    pub findings: Vec<Finding>,
    /// Those that may.
    pub suppressed: Vec<Suppressed>,
    /// Suppressions that fit nothing: what they meant was renamed, removed or protected.
    pub unused_suppressions: Vec<Suppression>,
    /// Files that could not be checked.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether everything could be checked, and every handler says what it is or is suppressed.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.problems.is_empty()
    }

    pub(crate) fn sorted(mut self) -> Self {
        self.findings.sort_by(|a, b| (&a.path, a.region).cmp(&(&b.path, b.region)));
        self.suppressed.sort_by(|a, b| (&a.finding.path, a.finding.region).cmp(&(&b.finding.path, b.finding.region)));
        self.problems.sort();
        self
    }
}
