//! Finds the unprotected: async functions of a source tree that look like task handlers and say nothing of idempotence,
//! neither `#[idempotent]` (nor one of its kin) nor `#[not_idempotent]`.
//!
//! It reads sources and needs no build, so it also sees handlers that are linked into no binary. It does not type-check:
//! `docs/spec/lint.md` says what it recognises, by which rule, and what it cannot see.
//!
//! ```
//! let tree = tempfile::tempdir()?;
//! std::fs::write(
//!     tree.path().join("lib.rs"),
//!     r#"
//!         pub mod jobs {
//!             pub async fn send_digest(user: u64) -> Result<(), Error> { todo() }
//!
//!             #[idem::idempotent(name = "billing.charge")]
//!             pub async fn charge(order: u64) -> Result<(), Error> { todo() }
//!         }
//!     "#,
//! )?;
//! let report = idem_lint::check(tree.path(), &idem_lint::Config::default())?;
//! let [finding] = report.findings.as_slice() else { panic!("{report}") };
//! assert_eq!((finding.module.as_str(), finding.function.as_str()), ("crate::jobs", "send_digest"));
//! assert_eq!(finding.rule().code(), "IDEM104");
//! println!("{report}"); // or `to_json()`, or `to_sarif()`
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What counts as a handler
//! [`Config`] says it: by module, by name, by the attribute or trait of a queue library, by being passed to a worker
//! builder. The default knows common queue libraries. Webhook handlers are the caller's to add:
//!
//! ```
//! use idem_lint::{Config, Suppression};
//!
//! let config = Config::default()
//!     .call("post") // axum: `.route("/hook", post(handler))`
//!     .module("crate::http::hooks")
//!     .suppress(Suppression::new("crate::http::hooks", "ping", "answers only"));
//! assert!(config.calls.iter().any(|call| call.callee == "post"));
//! ```
#![deny(missing_docs)]

mod check;
mod config;
mod error;
mod judge;
mod patterns;
mod report;
mod scan;
mod tree;

pub use check::check;
pub use config::{Call, Config, Suppression, TraitMethod};
pub use error::Error;
pub use report::{Finding, Level, Problem, ProblemKind, Reason, Report, Rule, Suppressed};
pub use scan::Region;
