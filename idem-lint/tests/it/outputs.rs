//! Text, JSON and SARIF.

use expect_test::expect_file;
use idem_lint::{Config, Suppression, check};
use serde_json::Value;

use crate::{lint, trees, workspace};

fn config() -> Config {
    Config::default().suppress(Suppression::new("crate::webhooks", "ping", "answers only")).suppress(Suppression::new(
        "crate::jobs",
        "gone",
        "removed last year",
    ))
}

#[test]
fn the_three_forms_are_golden() {
    let report = check(trees().join("app"), &config()).unwrap();
    expect_file!["golden/app.txt"].assert_eq(&format!("{report}\n"));
    expect_file!["golden/app.json"].assert_eq(&format!("{}\n", report.to_json()));
    expect_file!["golden/app.sarif"].assert_eq(&format!("{}\n", report.to_sarif()));
}

/// What SARIF 2.1.0 requires, and what a code host needs to place a result and to know it again.
#[test]
fn sarif_has_what_its_schema_requires() {
    let report = check(trees().join("app"), &config()).unwrap();
    let sarif: Value = serde_json::from_str(&report.to_sarif()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert!(sarif["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings.len() + report.suppressed.len());
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(["note", "warning"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.starts_with('/') && !uri.contains([':', ' ', '\\']), "{uri}");
        for number in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(place["region"][number].as_u64().unwrap() >= 1);
        }
        assert!(result["partialFingerprints"]["idemLint/v1"].is_string());
    }
    let ids: Vec<_> = run["tool"]["driver"]["notifications"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let told = invocation["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(told.len(), report.problems.len() + report.unused_suppressions.len());
    assert!(told.iter().all(|one| ids.contains(&&one["descriptor"]["id"])));
}

#[test]
fn a_fingerprint_outlives_a_shift_of_lines_and_tells_twins_apart() {
    let config = Config::empty().name("send");
    let prints = |text: &str| -> Vec<String> {
        lint(text, &config).findings.into_iter().map(|finding| finding.fingerprint).collect()
    };
    let twins = "#[cfg(unix)] async fn send() {}\n#[cfg(windows)] async fn send() {}\n";
    let before = prints(twins);
    assert_eq!(before, prints(&format!("// a line\n\n{twins}")));
    assert_ne!(before[0], before[1]);
}

#[test]
fn columns_count_characters() {
    let report = lint("/* é🦀 */ async fn send() {}", &Config::empty().name("send"));
    assert_eq!((report.findings[0].region.column, report.findings[0].region.end_column), (19, 23));
    assert!(
        format!("{report}").contains("\n1 | /* é🦀 */ async fn send() {}\n  |                   ^^^^\n"),
        "{report}"
    );
}

#[test]
fn a_source_cannot_command_the_terminal() {
    let report = lint("/* \u{1b}[31m */ async fn send() {}", &Config::empty().name("send"));
    assert!(!format!("{report}").contains('\u{1b}'));
}

#[test]
fn the_examples_of_this_repository_are_clean() {
    let report = check(workspace().join("examples"), &Config::default()).unwrap();
    assert!(report.is_clean() && report.handlers > 0, "{report}");
}
