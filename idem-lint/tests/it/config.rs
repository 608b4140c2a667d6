//! Configurations: from files, with mistakes, and what they suppress.

use idem_lint::{Config, Error, Suppression, check};

use crate::{found, lint, lint_all, trees};

#[test]
fn a_configuration_is_read_by_serde_and_what_it_leaves_out_has_its_default() {
    let text = r#"{
        "names": ["send"],
        "calls": [{"callee": "post"}, {"callee": "spawn", "argument": 1}],
        "traits": [{"trait": "fang::AsyncRunnable", "method": "run"}],
        "suppress": [{"module": "crate", "function": "send", "reason": "reads"}]
    }"#;
    let config: Config = serde_json::from_str(text).unwrap();
    assert_eq!(config.modules, Config::default().modules);
    assert_eq!(config.names, ["send"]);
    assert_eq!(serde_json::from_str::<Config>(&serde_json::to_string(&config).unwrap()).unwrap(), config);
    assert!(serde_json::from_str::<Config>(r#"{"nmaes": []}"#).is_err());
}

#[test]
fn a_mistake_in_the_configuration_is_told_before_anything_is_read() {
    let refused = |config: Config| check("no/such/place", &config).unwrap_err();
    assert!(matches!(refused(Config::empty().module("a[")), Error::Pattern { part: "modules", .. }));
    assert!(matches!(refused(Config::empty().name("")), Error::Pattern { part: "names", .. }));
    assert!(matches!(refused(Config::empty().attribute("::job")), Error::Path { part: "attributes", .. }));
    assert!(matches!(refused(Config::empty().trait_method("", "run")), Error::Path { part: "traits", .. }));
    assert!(matches!(refused(Config::empty().call("a::")), Error::Path { part: "calls", .. }));
    let blank = Suppression::new("crate", "send", " ");
    assert!(matches!(refused(Config::empty().suppress(blank)), Error::NoReason { .. }));
}

#[test]
fn webhooks_are_found_where_the_call_is_configured() {
    let text = "async fn hook() {} fn routes() { Router::new().route(\"/hook\", post(hook)) }";
    assert_eq!(found(&lint(text, &Config::default())), [""; 0]);
    assert_eq!(found(&lint(text, &Config::default().call("post"))), ["IDEM102 crate::hook"]);
}

#[test]
fn a_suppressed_handler_is_no_finding_and_one_that_fits_nothing_is_told() {
    let config = Config::empty()
        .name("send")
        .suppress(Suppression::new("crate::a", "send", "reads only"))
        .suppress(Suppression::new("crate::a", "sent", "gone"));
    let report = lint("mod a { async fn send() {} } mod b { async fn send() {} }", &config);
    assert_eq!(found(&report), ["IDEM105 crate::b::send"]);
    assert_eq!((report.suppressed.len(), report.suppressed[0].reason.as_str()), (1, "reads only"));
    assert_eq!(report.unused_suppressions, config.suppress[1..]);
    let protected = lint("mod a { #[strict] async fn send() {} }", &config);
    assert_eq!(protected.unused_suppressions, config.suppress);
    assert!(protected.is_clean());
}

#[test]
fn a_suppression_may_name_its_package() {
    let manifest = |name: &str| format!("[package]\nname = \"{name}\"\n").into_bytes();
    let (one, two) = (manifest("one"), manifest("two"));
    let files: [(&str, &[u8]); 4] = [
        ("one/Cargo.toml", &one),
        ("one/src/lib.rs", b"async fn send() {}"),
        ("two/Cargo.toml", &two),
        ("two/src/lib.rs", b"async fn send() {}"),
    ];
    let meant = Suppression { package: Some("two".into()), ..Suppression::new("crate", "send", "reads only") };
    let report = lint_all(&files, &Config::empty().name("send").suppress(meant));
    let left: Vec<_> = report.findings.iter().map(|finding| finding.package.as_deref()).collect();
    assert_eq!(left, [Some("one")]);
}

#[test]
fn the_default_configuration_finds_the_handlers_of_the_libraries_it_knows() {
    let mut report = check(trees().join("app"), &Config::default()).unwrap();
    report.problems.clear();
    assert_eq!(
        found(&report),
        [
            "IDEM104 crate::webhooks::handle_paid",
            "IDEM104 crate::webhooks::ping",
            "IDEM102 crate::jobs::mailer::send_welcome",
            "IDEM103 crate::jobs::mailer::Receipts::perform",
            "IDEM101 crate::jobs::charge",
        ]
    );
}
