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
        let (findings, suppressed, problems) = (self.findings.len(), self.suppressed.len(), self.problems.len());
        let (functions, files) = (counted(self.handlers, "function"), counted(self.files, "file"));
        let look = if self.handlers == 1 { "looks like a handler" } else { "look like handlers" };
        let say = self.handlers - findings - suppressed;
        write!(
            f,
            "{functions} in {files} {look}: {say} with an attribute, {findings} without, {suppressed} suppressed"
        )?;
        if problems == 0 { Ok(()) } else { write!(f, "; {} not checked", counted(problems, "place")) }
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

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
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
