//! What is covered, and with which guarantee: computed from the registry, the settings and what the stores say of themselves.

mod finding;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use self::finding::{Finding, Level};
pub use self::report::{Coverage, Guarantee, Report};
use crate::error::Error;
use crate::policy::{OnStale, OnStoreError, Retention};
use crate::registry;
use crate::run::Slot;
use crate::runtime::Runtime;
use crate::settings::{Enforced, Settings};
use crate::store::{Description, Durability};
use crate::task::{ScopeSource, Task};

/// A handler that the application expects to be covered; made by `idem::tasks!`.
#[derive(Debug, Clone, Copy)]
pub enum Expected {
    /// The task of a handler.
    Task(&'static Task),
    /// A task by its name: a method's.
    Named(&'static str),
}

impl Runtime {
    /// Compares what the application expects with what is registered, and asks the stores about themselves.
    ///
    /// # Errors
    /// [`Error::Config`], naming the store that cannot say what it is.
    ///
    /// # Cancel safety
    /// Safe: reads only.
    pub async fn audit(&self, expected: impl AsRef<[Expected]>) -> Result<Report, Error> {
        let mut stores = BTreeMap::new();
        for slot in self.slots() {
            stores.insert(slot.name.to_string(), describe(slot).await?);
        }
        let registered = registry::tasks();
        let mut findings = expectations(expected.as_ref(), registered);
        let mut tasks = Vec::new();
        for task in registered {
            findings.extend(habits(task));
            tasks.push(match task.unprotected() {
                Some(reason) => Coverage::unprotected(task, reason),
                None => self.coverage(task, &stores, &mut findings)?,
            });
        }
        for (name, store) in &stores {
            findings.extend(harms(name, store));
        }
        findings.sort();
        Ok(Report { namespace: self.namespace().to_owned(), tasks, stores, findings })
    }

    fn coverage(
        &self,
        task: &'static Task,
        stores: &BTreeMap<String, Description>,
        findings: &mut Vec<Finding>,
    ) -> Result<Coverage, Error> {
        let settings = self.settings(task)?;
        let store = self.slot(&settings).name.to_string();
        findings.extend(contradictions(task, &settings));
        let slot = self.slot(&settings);
        if refuses_transactions(task, slot) {
            findings.push(Finding::no_transactions(task, &store));
        }
        let guarantee = guarantee(task, &settings, slot, stores.get(&store));
        Ok(Coverage::of(task, &settings, store, guarantee))
    }
}

async fn describe(slot: &Arc<Slot>) -> Result<Description, Error> {
    let unavailable = |error| Error::Config(format!("store `{}` cannot say what it is: {error}", slot.name));
    slot.store.describe().await.map_err(unavailable)
}

/// Whether the task's store has no transactions, or none on connections of the task's kind.
fn refuses_transactions(task: &Task, slot: &Slot) -> bool {
    task.transaction.is_some_and(|kind| match slot.store.transactions() {
        Some(there) => !kind.is_empty() && kind != there,
        None => true,
    })
}

/// What the task is really promised: the weakest of its store's durability and its own policy.
fn guarantee(task: &Task, settings: &Settings, slot: &Slot, store: Option<&Description>) -> Guarantee {
    let weak = |reason: String| Guarantee::BestEffort { reason };
    if refuses_transactions(task, slot) {
        return Guarantee::None { reason: "every call is refused: its store has no such transactions".into() };
    }
    match settings.enforced {
        Enforced::Shadow => return Guarantee::None { reason: "in shadow: duplicates are reported, and run".into() },
        Enforced::Share(percent @ 0..100) => return weak(format!("rolled out to {percent} % of its keys")),
        Enforced::Share(_) | Enforced::Always => {}
    }
    let Some(store) = store else { return weak("its store is not known".into()) };
    if settings.on_store_error == OnStoreError::Run && !task.is_transactional() {
        return weak("runs unprotected while the store is away".into());
    }
    if let Some(setting) = store.settings.iter().find(|setting| setting.harm.is_some()) {
        return weak(format!("the store has {} = {}", setting.name, setting.value));
    }
    match store.durability {
        Durability::Process => weak("records live in this process alone".into()),
        Durability::Server => weak("records live in the server's memory alone".into()),
        Durability::Disk if task.is_transactional() => Guarantee::Transactional,
        Durability::Disk => Guarantee::Leased,
    }
}

/// A task is told from others by name and version, as its keys are; a name alone lists every version of it.
fn expectations(expected: &[Expected], registered: &[&'static Task]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut listed = BTreeSet::new();
    for expected in expected {
        let (name, version) = match expected {
            Expected::Task(task) => (task.name(), Some(task.version())),
            Expected::Named(name) => (*name, None),
        };
        let meant = |task: &Task| task.name() == name && version.is_none_or(|version| version == task.version());
        let meant: Vec<_> = registered.iter().filter(|task| meant(task)).collect();
        if meant.is_empty() {
            findings.push(Finding::unknown(name, registry::close_to(name)));
        }
        let again = meant.into_iter().filter(|task| !listed.insert((task.name(), task.version())));
        findings.extend(again.map(|task| Finding::listed_twice(task)));
    }
    let missing = registered.iter().filter(|task| !listed.contains(&(task.name(), task.version())));
    findings.extend(missing.map(|task| Finding::not_listed(task)));
    findings
}

/// What an attribute leaves open that time makes costly.
fn habits(task: &'static Task) -> Option<Finding> {
    (!task.has_explicit_name() && task.unprotected().is_none()).then(|| Finding::default_name(task))
}

fn contradictions(task: &'static Task, settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    if settings.strict && settings.on_store_error == OnStoreError::Run {
        findings.push(Finding::strict_but_open(task));
    }
    if settings.bucket.is_some() {
        findings.push(Finding::dated(task));
    }
    if settings.on_stale != OnStale::Rerun && settings.on_store_error == OnStoreError::Run {
        findings.push(Finding::asked_but_open(task));
    }
    if let Some(limit) = settings.expires_after {
        findings.push(Finding::expires(task));
        if settings.retention < Retention::For(limit) {
            findings.push(Finding::forgets_before_it_expires(task, settings.retention, limit));
        }
    }
    if task.scope().iter().any(|part| part.source == ScopeSource::Delivery) {
        findings.push(Finding::scoped_by_delivery(task));
    }
    if settings.kept_by_default {
        findings.push(Finding::kept_by_default(task, settings.retention));
    }
    findings
}

fn harms(name: &str, store: &Description) -> Vec<Finding> {
    let harmful = store.settings.iter().filter_map(|setting| setting.harm.as_ref().map(|harm| (setting, harm)));
    let mut findings: Vec<_> = harmful.map(|(setting, harm)| Finding::store_setting(name, setting, harm)).collect();
    if store.durability == Durability::Process {
        findings.push(Finding::store_in_process(name));
    }
    findings
}
