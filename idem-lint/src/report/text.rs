//! The report for people, in the manner of the compiler.

use std::fmt;

use super::{Finding, Report};
use crate::config::Suppression;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        for unused in &self.unused_suppressions {
            writeln!(f, "warning[{}]: {}\n", super::json::UNUSED, unused_text(unused))?;
        }
        for problem in &self.problems {
            writeln!(f, "{}\n", plain(&problem.to_string()))?;
        }
        let Self { files, handlers, .. } = self;
        let (findings, suppressed) = (self.findings.len(), self.suppressed.len());
        let problems = match self.problems.len() {
            0 => String::new(),
            problems => format!("; {problems} could not be checked"),
        };
        let say = handlers - findings - suppressed;
        write!(
            f,
            "{handlers} functions in {files} files look like handlers: {say} say what they are, {findings} say nothing, \
             {suppressed} suppressed{problems}"
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = self.rule();
        let region = self.region;
        let number = region.line.to_string();
        let margin = " ".repeat(number.len());
        // A tab stays one, so that the marks stand below the name.
        let lead = self.line.chars().take(region.column - 1).map(|letter| if letter == '\t' { '\t' } else { ' ' });
        let marks = "^".repeat(region.end_column.saturating_sub(region.column).max(1));
        writeln!(
            f,
            "{}[{}]: `{}` looks like a task handler and says nothing of idempotence",
            rule.level().word(),
            rule.code(),
            plain(&format!("{}::{}", self.module, self.function))
        )?;
        writeln!(f, "{margin}--> {}:{}:{}", plain(&self.path), region.line, region.column)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", plain(&self.line))?;
        writeln!(f, "{margin} | {}{marks}", lead.collect::<String>())?;
        for reason in &self.reasons {
            writeln!(f, "{margin} = why: {} ({})", plain(&reason.why), reason.rule.code())?;
        }
        writeln!(f, "{margin} = help: {}", self.help())
    }
}

pub(super) fn unused_text(suppression: &Suppression) -> String {
    let Suppression { module, function, package, .. } = suppression;
    let package = package.as_ref().map_or_else(String::new, |package| format!(" of package `{package}`"));
    format!("the suppression of `{module}::{function}`{package} fits no finding: remove it, or correct its path")
}

/// Sources and paths may hold letters that command a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\t' { '\u{fffd}' } else { letter }).collect()
}
