//! The table of options, the parser and the written rules speak of the same things.

use std::collections::BTreeSet;

use super::{errors, expand};
use crate::options::{Reads, TABLE};

const RULES: &str = include_str!("../../../docs/spec/macro.md");

/// The options that a table of the rules lists: the first cell of each row, in backquotes.
fn documented(heading: &str) -> BTreeSet<&'static str> {
    let (_, section) = RULES.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    let section = section.split("\n## ").next().unwrap();
    section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

#[test]
fn the_rules_list_every_option_and_no_other() {
    let of = |now: bool| -> BTreeSet<&str> {
        let entries = TABLE.iter().filter(|e| matches!(e.reads, Reads::Now(_)) == now);
        entries.map(|e| e.name).collect()
    };
    assert_eq!(documented("\n## Options"), of(true));
    assert_eq!(documented("\n## Not available yet"), of(false));
}

#[test]
fn every_form_that_a_message_shows_is_legal() {
    let item = "async fn f(job_id: u64, order: Order, #[idem(skip)] c: C, ctx: u8, attempt: u8, #[idem(skip)] tx: &mut T) -> R<()> { body() }";
    for entry in TABLE {
        let Reads::Now(_) = entry.reads else { continue };
        for attribute in entry.on {
            let once_refuses = ["bucket", "date_based", "tz", "window"];
            let name = attribute.name();
            let mut args = entry.form.to_owned();
            match (name, entry.name) {
                ("idempotent_once", option) if once_refuses.contains(&option) => continue,
                ("idempotent_daily", "bucket" | "window") => continue,
                ("idempotent", "tz") => args += ", date_based",
                (_, "scope_label") => args += ", scope = \"job_id\"",
                ("not_idempotent", option) if option != "reason" => args += ", reason = \"r\"",
                (_, "error_ttl") => args += ", on_error = \"store\"",
                ("idempotent_daily", "ttl") => {}
                _ => {}
            }
            if entry.name == "associated" {
                args += ", name = \"x\"";
            }
            assert_eq!(errors(expand(name, &args, item)), [], "#[{name}({args})]");
        }
    }
}

#[test]
fn what_is_not_available_yet_is_not_unknown() {
    for entry in TABLE {
        if let Reads::Later = entry.reads {
            let found = errors(expand("idempotent", &format!("{} = 1", entry.name), super::HANDLER));
            let [(at, message)] = found.as_slice() else {
                panic!("{}: {found:?}", entry.name);
            };
            assert_eq!(at, entry.name);
            assert!(message.contains("not available yet"), "{message}");
        }
    }
}

#[test]
fn no_option_is_listed_twice() {
    let names: BTreeSet<&str> = TABLE.iter().map(|e| e.name).collect();
    assert_eq!(names.len(), TABLE.len());
}
