//! The report in SARIF 2.1.0, as code hosts take it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::{UNUSED, pretty};
use super::text::unused_text;
use super::{Finding, Problem, ProblemKind, Report, Rule};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The name under which a result keeps its identity; a new way to make fingerprints takes a new number.
const FINGERPRINT: &str = "idemLint/v1";

/// Paths are relative to it; who reads the file says where it is.
const BASE: &str = "SRCROOT";

impl Report {
    /// The report as SARIF 2.1.0: findings as results, suppressed ones with their reasons, problems and unused suppressions
    /// as notifications of the tool.
    #[must_use]
    pub fn to_sarif(&self) -> String {
        let found = self.findings.iter().map(result);
        let suppressed = self.suppressed.iter().map(|suppressed| {
            let mut result = result(&suppressed.finding);
            result["suppressions"] = json!([{"kind": "external", "justification": suppressed.reason}]);
            result
        });
        let problems = self.problems.iter().map(notification);
        let unused = self.unused_suppressions.iter().map(|unused| {
            json!({
                "descriptor": {"id": UNUSED},
                "level": "warning",
                "message": {"text": unused_text(unused)},
            })
        });
        pretty(&json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": driver()},
                "columnKind": "unicodeCodePoints",
                "invocations": [{
                    // It went to its end; but where something could not be checked, a clean result proves nothing.
                    "executionSuccessful": self.problems.is_empty(),
                    "toolExecutionNotifications": problems.chain(unused).collect::<Vec<_>>(),
                }],
                "results": found.chain(suppressed).collect::<Vec<_>>(),
            }],
        }))
    }
}

fn driver() -> Value {
    let rules = Rule::ALL.map(|rule| {
        json!({
            "id": rule.code(),
            "name": rule.name(),
            "shortDescription": {"text": rule.summary()},
            "fullDescription": {"text": format!("{}: a message that is delivered twice runs it twice.", rule.summary())},
            "help": {"text": "Protect it with #[idempotent(name = \"…\")], or say why it needs none: #[not_idempotent(reason = \"…\")]."},
            "defaultConfiguration": {"level": rule.level().word()},
        })
    });
    let kinds = ProblemKind::ALL.map(|kind| (kind.code(), format!("a file {}", kind.summary())));
    let unused = (UNUSED, "a suppression fits no finding".to_owned());
    let notifications = kinds.into_iter().chain([unused]);
    json!({
        "name": "idem-lint",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
        "notifications": notifications.map(|(id, text)| json!({"id": id, "shortDescription": {"text": text}})).collect::<Vec<_>>(),
    })
}

fn result(finding: &Finding) -> Value {
    let rule = finding.rule();
    let region = finding.region;
    json!({
        "ruleId": rule.code(),
        "ruleIndex": Rule::ALL.iter().position(|other| *other == rule),
        "level": rule.level().word(),
        "message": {"text": format!("{}. {}.", finding.message(), sentence(finding.help()))},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": artifact(&finding.path),
                "region": {
                    "startLine": region.line,
                    "startColumn": region.column,
                    "endLine": region.end_line,
                    "endColumn": region.end_column,
                },
            },
            "logicalLocations": [{
                "name": finding.function.rsplit("::").next(),
                "fullyQualifiedName": format!("{}::{}", finding.module, finding.function),
                "kind": "function",
            }],
        }],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    })
}

fn notification(problem: &Problem) -> Value {
    let mut location = json!({"artifactLocation": artifact(&problem.path)});
    if let Some(line) = problem.line {
        location["region"] = json!({"startLine": line});
        if let Some(column) = problem.column {
            location["region"]["startColumn"] = json!(column);
        }
    }
    json!({
        "descriptor": {"id": problem.kind.code()},
        "level": "error",
        "message": {"text": format!("{} {}: {}", problem.path, problem.kind.summary(), problem.message)},
        "locations": [{"physicalLocation": location}],
    })
}

fn artifact(path: &str) -> Value {
    json!({"uri": uri(path), "uriBaseId": BASE})
}

/// A relative reference of RFC 3986: every byte that is not plain is written as `%XX`.
fn uri(path: &str) -> String {
    path.bytes().fold(String::new(), |mut uri, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
        uri
    })
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_becomes_a_relative_reference() {
        assert_eq!(uri("src/jobs/mail.rs"), "src/jobs/mail.rs");
        assert_eq!(uri("a b/50%/é:x.rs"), "a%20b/50%25/%C3%A9%3Ax.rs");
    }
}
