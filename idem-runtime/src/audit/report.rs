//! The audit's report: a table for people, JSON for programs.

use std::collections::BTreeMap;
use std::fmt;

use comfy_table::{Table, presets};
use serde::Serialize;

use super::{Finding, Level};
use crate::error::Error;
use crate::policy::{OnError, OnStale, spelled};
use crate::settings::Settings;
use crate::store::Description;
use crate::task::{ScopeSource, Task};

/// What a task is promised; computed, never asserted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Guarantee {
    /// Claim, effect and result are committed together by the caller: effectively once, within retention.
    Transactional,
    /// One body at a time while holders keep their leases; none after a recorded completion.
    Leased,
    /// As leased, with a hole.
    BestEffort {
        /// The hole.
        reason: String,
    },
    /// Unprotected on purpose.
    None {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transactional => f.write_str("transactional"),
            Self::Leased => f.write_str("leased"),
            Self::BestEffort { reason } => write!(f, "best effort ({reason})"),
            Self::None { reason } => write!(f, "none ({reason})"),
        }
    }
}

/// One task of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Coverage {
    /// The task's name in keys.
    pub task: String,
    /// The generation of its keys.
    pub version: u32,
    /// The path of the handler.
    pub handler: String,
    /// Where the handler stands, `file:line`.
    pub location: String,
    /// What it is promised.
    pub guarantee: Guarantee,
    /// What makes its key.
    pub key: String,
    /// How long completed records are kept.
    pub retention: String,
    /// How long a claim is held without a heartbeat; nothing of a transactional task, whose transaction holds it.
    pub lease: String,
    /// What duplicates get.
    pub duplicates: String,
    /// What becomes of calls that do not end well.
    pub failures: String,
    /// The store that keeps its records.
    pub store: String,
}

impl Coverage {
    pub(super) fn of(task: &Task, settings: &Settings, store: String, guarantee: Guarantee) -> Self {
        let duplicates = match settings.strict {
            true => "error",
            false if task.discards_result => "default value",
            false => "replay",
        };
        Self {
            task: task.name().to_owned(),
            version: task.version(),
            handler: task.handler().to_owned(),
            location: task.location(),
            guarantee,
            key: key(task, settings),
            retention: settings.retention.to_string(),
            lease: if task.is_transactional() { "–".to_owned() } else { spelled(settings.lease) },
            duplicates: duplicates.to_owned(),
            failures: failures(task, settings),
            store,
        }
    }

    pub(super) fn unprotected(task: &Task, reason: &str) -> Self {
        let none = || "–".to_owned();
        Self {
            task: task.name().to_owned(),
            version: task.version(),
            handler: task.handler().to_owned(),
            location: task.location(),
            guarantee: Guarantee::None { reason: reason.to_owned() },
            key: none(),
            retention: none(),
            lease: none(),
            duplicates: "run".to_owned(),
            failures: none(),
            store: none(),
        }
    }
}

/// What makes the key, in words: `user=‹user›, topic, date (UTC)`.
fn key(task: &Task, settings: &Settings) -> String {
    let scopes = task.scope().iter().map(|part| match part.source {
        ScopeSource::Argument(name) if name == part.kind => format!("scope {}", part.kind),
        ScopeSource::Argument(from) | ScopeSource::Expression(from) => format!("scope {} = {from}", part.kind),
        ScopeSource::Delivery => format!("scope {} of the delivery", part.kind),
    });
    let template = task.key_template().map(|text| format!("{text:?}"));
    let names = if template.is_some() { &[] } else { task.key_arguments() };
    let args = template.into_iter().chain(names.iter().map(|name| (*name).to_owned()));
    let bucket = settings.bucket.as_ref().map(ToString::to_string);
    let parts: Vec<_> = scopes.chain(args).chain(bucket).collect();
    if parts.is_empty() { "the task alone".to_owned() } else { parts.join(", ") }
}

/// What becomes of calls that do not end well, in words: `kept 10m, parked after 5, parked if abandoned`.
fn failures(task: &Task, settings: &Settings) -> String {
    if task.is_transactional() {
        return "rolled back".to_owned();
    }
    let error = match settings.on_error {
        OnError::Release => "run again".to_owned(),
        OnError::Store(ttl) => format!("kept {}", spelled(ttl)),
        OnError::Judge => "by a function".to_owned(),
    };
    let bound = settings.max_attempts.map(|attempts| format!("parked after {attempts}"));
    let abandoned = match settings.on_stale {
        OnStale::Rerun => None,
        OnStale::Park => Some("parked if abandoned".to_owned()),
        OnStale::Reconcile => Some("asked if abandoned".to_owned()),
    };
    [Some(error), bound, abandoned].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What the audit found. `Display` is a table for people.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The runtime's namespace.
    pub namespace: String,
    /// Every registered task.
    pub tasks: Vec<Coverage>,
    /// What the stores say of themselves, by name.
    pub stores: BTreeMap<String, Description>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
}

fn line(store: &Description) -> String {
    let version = store.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    let settings: String = store.settings.iter().map(|s| format!(", {} = {}", s.name, s.value)).collect();
    format!("{}{version} at {}{settings}", store.kind, store.location)
}

impl Report {
    /// The report as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"))
    }

    /// Refuses an application that is not covered as it expects.
    ///
    /// # Errors
    /// [`Error::Config`] naming every finding of level error.
    pub fn require_full(&self) -> Result<(), Error> {
        let errors = self.findings.iter().filter(|finding| finding.level == Level::Error);
        let errors: Vec<_> = errors.map(ToString::to_string).collect();
        if errors.is_empty() { Ok(()) } else { Err(Error::Config(errors.join("\n"))) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["task", "guarantee", "key", "kept", "lease", "duplicates", "failures", "store", "handler"]);
        for task in &self.tasks {
            let name = if task.version > 1 { format!("{}@{}", task.task, task.version) } else { task.task.clone() };
            let guarantee = task.guarantee.to_string();
            let [key, kept, lease] = [&task.key, &task.retention, &task.lease];
            table.add_row([
                &name,
                &guarantee,
                key,
                kept,
                lease,
                &task.duplicates,
                &task.failures,
                &task.store,
                &task.location,
            ]);
        }
        let covered = self.tasks.iter().filter(|task| !matches!(task.guarantee, Guarantee::None { .. })).count();
        write!(f, "{} of {} tasks covered, namespace `{}`", covered, self.tasks.len(), self.namespace)?;
        match self.findings.iter().filter(|finding| finding.level == Level::Error).count() {
            0 => writeln!(f)?,
            1 => writeln!(f, ", 1 error")?,
            errors => writeln!(f, ", {errors} errors")?,
        }
        writeln!(f, "{table}")?;
        for (name, store) in &self.stores {
            writeln!(f, "store {name}: {}", line(store))?;
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))
    }
}
