//! What the suite found.

use std::fmt;

use super::checks::Check;

/// What became of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The store keeps the promise.
    Passed,
    /// It could not be asked of this store, or was answered too slowly to be judged; why.
    Skipped(String),
    /// The store breaks the promise: what was found, and the steps that led there.
    Failed {
        /// What was found, and what was expected.
        found: String,
        /// What was done to the store, and what it answered.
        steps: Vec<String>,
    },
}

/// One check and its outcome.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The check.
    pub check: &'static Check,
    /// What became of it.
    pub outcome: Outcome,
}

/// Every check of a run with its outcome; displayed as a list, failed ones with their steps.
#[derive(Debug, Clone)]
pub struct Report {
    pub(super) findings: Vec<Finding>,
}

impl Report {
    /// All checks, in the order they ran.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Those that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| matches!(finding.outcome, Outcome::Failed { .. }))
    }

    /// Those that could not be asked of this store.
    pub fn skipped(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| matches!(finding.outcome, Outcome::Skipped(_)))
    }

    /// Whether no check failed.
    pub fn is_passed(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The report, as an error where a check failed.
    ///
    /// # Errors
    /// The same report.
    pub fn into_result(self) -> Result<Self, Self> {
        if self.is_passed() { Ok(self) } else { Err(self) }
    }

    /// For tests. A check that was skipped has not passed, and does not fail here: [`assert_passed_but`](Self::assert_passed_but) asks
    /// for those by name.
    ///
    /// # Panics
    /// Where a check failed, with the whole report.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.is_passed(), "the store does not conform:\n{self}");
    }

    /// As [`assert_passed`](Self::assert_passed); and that these checks were skipped and no others, so that none goes silent.
    ///
    /// # Panics
    /// Where a check failed, or another set of checks was skipped.
    pub fn assert_passed_but(&self, skipped: &[&str]) {
        self.assert_passed();
        let found: Vec<_> = self.skipped().map(|finding| finding.check.name).collect();
        assert_eq!(found, skipped, "these checks were skipped, and others were expected to be\n{self}");
    }
}

impl std::error::Error for Report {}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))?;
        let (failed, skipped) = (self.failed().count(), self.skipped().count());
        let passed = self.findings.len() - failed - skipped;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Check { name, rule, .. } = self.check;
        match &self.outcome {
            Outcome::Passed => write!(f, "passed   {rule:<9} {name}"),
            Outcome::Skipped(why) => write!(f, "skipped  {rule:<9} {name}: {why}"),
            Outcome::Failed { found, steps } => {
                write!(f, "FAILED   {rule:<9} {name}: {found}")?;
                steps.iter().enumerate().try_for_each(|(at, step)| write!(f, "\n           {:>3}. {step}", at + 1))
            }
        }
    }
}
