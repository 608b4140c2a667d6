//! Names that belong to one place only.

use super::Finding;
use super::rust::has_name;
use super::tree::Tree;

/// Something that may be named in some places and in no others.
struct Place {
    /// Any of these in a line of code: a name, or names joined by `::`.
    named: &'static [&'static str],
    /// Where the rule holds.
    within: &'static [&'static str],
    /// Where it may be named all the same.
    except: &'static [&'static str],
    says: &'static str,
}

const PLACES: &[Place] = &[
    Place {
        named: &["MemoryStore", "SqliteStore", "PostgresStore", "MySqlStore", "RedisStore", "TieredStore"],
        within: &["idem-runtime/src/", "idem-macros/src/", "src/"],
        except: &["idem-runtime/src/store/", "idem-runtime/src/testing", "idem-runtime/src/lib.rs", "src/lib.rs"],
        says: "a store is named outside `store`: take `dyn Store`",
    },
    Place {
        named: &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "Utc::now", "Local::now"],
        within: &["idem-runtime/src/", "idem-macros/src/", "src/"],
        // The others read tokio's clock, which tests can pause.
        except: &[
            "idem-runtime/src/clock.rs",
            "idem-runtime/src/run/patience.rs",
            "idem-runtime/src/testing/explore/clock.rs",
        ],
        says: "the machine's clock is read outside `clock`",
    },
    Place {
        named: &["tokio::sync", "tokio::time", "tokio::spawn", "tokio::task_local", "std::sync::atomic"],
        within: &[
            "idem-runtime/src/ambient",
            "idem-runtime/src/flight",
            "idem-runtime/src/gate",
            "idem-runtime/src/lease",
            "idem-runtime/src/run/",
            "idem-runtime/src/store/memory",
        ],
        except: &[],
        says: "take it from `crate::sync`, or its interleavings are not tried",
    },
    Place {
        named: &["Attribute"],
        within: &["idem-macros/src/expand"],
        except: &[],
        says: "the expansion reads an attribute: put what it needs into the ir",
    },
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for place in PLACES {
        let here = |path: &str, list: &[&str]| list.iter().any(|start| path.starts_with(start));
        for file in tree.files.iter().filter(|file| here(&file.path, place.within) && !here(&file.path, place.except)) {
            for (line, code) in file.product_lines() {
                if let Some(name) = place.named.iter().find(|name| names_it(code, name)) {
                    let says = format!("`{name}`: {}", place.says);
                    findings.push(Finding { path: file.path.clone(), line, rule: "places", says });
                }
            }
        }
    }
    findings
}

fn names_it(code: &str, path: &str) -> bool {
    match path.split_once("::") {
        None => has_name(code, path),
        Some((first, _)) => code.contains(path) && has_name(code, first),
    }
}
