//! Building a runtime.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::{DEFAULT_STORE, Inner, Runtime, address};
use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::flight::Flights;
use crate::key::{KeySpace, Secret};
use crate::lease::{Keeper, Workplace};
use crate::options::{TaskOptions, settle};
use crate::policy::{OnInProgress, OnStoreError, Retention, parse_duration, parse_retention};
use crate::record::Holder;
use crate::registry;
use crate::run::Slot;
use crate::settings::{CATEGORIES, Enforced, Settings};
use crate::store::{IntoStore, Store};
use crate::task::Task;

/// Longer than any queue takes to answer, shorter than anybody waits for a job that was lost on its way.
const ADMIT_TTL: Duration = Duration::from_secs(15 * 60);

/// Settings of a [`Runtime`] to be.
#[derive(Debug)]
pub struct RuntimeBuilder {
    stores: Vec<(String, Arc<dyn Store>)>,
    namespace: String,
    secret: Option<Secret>,
    clock: Arc<dyn Clock>,
    categories: Vec<(String, String)>,
    overrides: Vec<(String, TaskOptions)>,
    enforced: Vec<(String, Enforced)>,
    admit_ttl: Option<String>,
    keepers: Workplace,
}

impl RuntimeBuilder {
    pub(super) fn new() -> Self {
        Self {
            stores: Vec::new(),
            namespace: String::new(),
            secret: None,
            clock: Arc::new(SystemClock),
            categories: Vec::new(),
            overrides: Vec::new(),
            enforced: Vec::new(),
            admit_ttl: None,
            keepers: Workplace::default(),
        }
    }

    /// The store of every task that names none.
    pub fn store(self, store: impl IntoStore) -> Self {
        self.named_store(DEFAULT_STORE, store)
    }

    /// A store for the tasks that name it: `#[idempotent(store = "billing")]`. The only store of a runtime is also that of
    /// the tasks that name none.
    pub fn named_store(mut self, name: impl Into<String>, store: impl IntoStore) -> Self {
        self.stores.push((name.into(), store.into_store()));
        self
    }

    /// Separates applications and environments that share a store: part of every key.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Makes keys with HMAC-SHA-256 under this secret, for arguments that can be guessed.
    pub fn secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// The clock of dated keys and of leases; default the machine's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Defines a category, or changes how long its completed records are kept: `category("email", "4h")`.
    pub fn category(mut self, name: impl Into<String>, ttl: impl Into<String>) -> Self {
        self.categories.push((name.into(), ttl.into()));
        self
    }

    /// Overrides settings of one task by configuration: `task("mailer.send", |t| t.ttl("48h"))`.
    pub fn task(mut self, name: impl Into<String>, set: impl FnOnce(TaskOptions) -> TaskOptions) -> Self {
        self.overrides.push((name.into(), set(TaskOptions::default())));
        self
    }

    /// Puts a task in shadow: every call of it runs, and what would have been answered, refused or waited for is reported as an
    /// event. What ran is recorded, so that duplicates are seen; nothing waits, and a store that is away refuses nothing. A
    /// call whose key cannot be made is refused all the same. Not for transactional tasks.
    ///
    /// ```
    /// # use idem_runtime as idem;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), idem::Error> {
    /// # static TASK: idem::Task = idem::Task::new("m::f", "f.rs", 1, 1).with_name("reports.daily");
    /// # idem::private::register!(&TASK);
    /// let runtime = idem::Runtime::builder().store(idem::MemoryStore::new()).shadow("reports.daily").build()?;
    /// # let _ = runtime; Ok(()) }
    /// ```
    pub fn shadow(mut self, task: impl Into<String>) -> Self {
        self.enforced.push((task.into(), Enforced::Shadow));
        self
    }

    /// Protects so many percent of a task's keys, from 0 to 100; calls of the others run as if they had no attribute, and no
    /// store is asked. The key decides, the same in every process; whoever is in a share is in every larger one. Not for
    /// transactional tasks.
    pub fn rollout(mut self, task: impl Into<String>, percent: u8) -> Self {
        self.enforced.push((task.into(), Enforced::Share(percent)));
        self
    }

    /// How long a producer may take from `admit` to [`Ticket::keep`](super::Ticket::keep), and so how long a job is not enqueued
    /// by others after one that died in between: `"1m"`; default 15 minutes.
    pub fn admit_ttl(mut self, text: impl Into<String>) -> Self {
        self.admit_ttl = Some(text.into());
        self
    }

    /// Where its keepers work.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn keepers(mut self, workplace: Workplace) -> Self {
        self.keepers = workplace;
        self
    }

    /// The runtime.
    ///
    /// # Errors
    /// [`Error::Config`] for no store, two of one name, several without a default, a task of a store or category that is not there, an unusable duration
    /// or lease, a task marked `pii` without a secret; [`Error::UnknownTask`] for an override, a shadow or a rollout of a task that nothing registered; [`Error::Conflict`] for two
    /// handlers of one name and version.
    pub fn build(self) -> Result<Runtime, Error> {
        let registered = registry::tasks();
        registry::check(registered)?;
        let categories = self.categories()?;
        let slots = slots(&self.stores, &self.clock, self.keepers)?;
        let default = default(&slots)?;
        let overrides = overrides(self.overrides)?;
        let enforced = enforced(self.enforced)?;
        let mut tasks = HashMap::new();
        for task in registered.iter().filter(|task| task.unprotected().is_none()) {
            let none = TaskOptions::default();
            let options = overrides.get(task.name()).unwrap_or(&none);
            let mut settings = settle(task.name(), task.version(), Some(task), options, &categories)?;
            introduce(task, enforced.get(task.name()), &mut settings)?;
            check_store(task.name(), &settings, &slots)?;
            if task.pii && self.secret.is_none() {
                return Err(Error::Config(format!(
                    "task `{}` at {} is marked `pii`, so that its keys must not be guessable: give the runtime a secret, `.secret(Secret::new(\"2026-11\", &bytes)?)`",
                    task.name(),
                    task.location(),
                )));
            }
            tasks.insert(address(task), Arc::new(settings));
        }
        let space = match self.secret {
            Some(secret) => KeySpace::with_secret(&self.namespace, secret),
            None => KeySpace::new(&self.namespace),
        };
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let holder = Arc::new(Holder { host, process: std::process::id(), trace: None });
        let (admit_ttl, gate) = (admit_ttl(self.admit_ttl.as_deref())?, Arc::default());
        let inner = Inner { space, clock: self.clock, holder, slots, default, categories, tasks, admit_ttl, gate };
        Ok(Runtime { inner: Arc::new(inner) })
    }

    fn categories(&self) -> Result<BTreeMap<String, Retention>, Error> {
        let known = CATEGORIES.map(|(name, ttl)| (name.to_owned(), Retention::For(ttl)));
        let mut categories = BTreeMap::from(known);
        for (name, ttl) in &self.categories {
            let retention =
                parse_retention(ttl).map_err(|error| Error::Config(format!("category `{name}`: {error}")))?;
            categories.insert(name.clone(), retention);
        }
        Ok(categories)
    }
}

fn admit_ttl(text: Option<&str>) -> Result<Duration, Error> {
    let Some(text) = text else { return Ok(ADMIT_TTL) };
    parse_duration(text).map_err(|error| Error::Config(format!("`admit_ttl`: {error}")))
}

fn slots(
    stores: &[(String, Arc<dyn Store>)],
    clock: &Arc<dyn Clock>,
    keepers: Workplace,
) -> Result<BTreeMap<String, Arc<Slot>>, Error> {
    let mut slots = BTreeMap::new();
    for (name, store) in stores {
        let keeper = Keeper::new(Arc::clone(store), Arc::clone(clock), keepers);
        let slot = Slot { name: name.as_str().into(), store: Arc::clone(store), flights: Flights::default(), keeper };
        if slots.insert(name.clone(), Arc::new(slot)).is_some() {
            return Err(Error::Config(format!("two stores are named `{name}`: give each a name of its own")));
        }
    }
    Ok(slots)
}

/// The store of tasks that name none. Of several named ones none is meant: to take any would be a guess.
fn default(slots: &BTreeMap<String, Arc<Slot>>) -> Result<Arc<Slot>, Error> {
    let mut all = slots.values();
    match (slots.get(DEFAULT_STORE), all.next(), all.next()) {
        (Some(default), ..) => Ok(Arc::clone(default)),
        (None, Some(only), None) => Ok(Arc::clone(only)),
        (None, None, _) => {
            let how = "`Runtime::builder().store(MemoryStore::new())` for tests, `.store(SqliteStore::open(path).await?)` for a file";
            Err(Error::Config(format!("a runtime needs a store: {how}")))
        }
        (None, Some(_), Some(_)) => Err(Error::Config(format!(
            "several named stores ({}) and no `.store(…)`: say with it which one keeps the tasks that name none",
            names(slots)
        ))),
    }
}

pub(super) fn names(slots: &BTreeMap<String, Arc<Slot>>) -> String {
    slots.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn overrides(given: Vec<(String, TaskOptions)>) -> Result<BTreeMap<String, TaskOptions>, Error> {
    let mut overrides = BTreeMap::new();
    for (name, options) in given {
        if registry::find(&name, None).is_none() {
            return Err(Error::UnknownTask { suggestion: registry::close_to(&name), name });
        }
        if overrides.contains_key(&name) {
            return Err(Error::Config(format!("task `{name}` is overridden twice: put its settings into one call")));
        }
        overrides.insert(name, options);
    }
    Ok(overrides)
}

fn enforced(given: Vec<(String, Enforced)>) -> Result<BTreeMap<String, Enforced>, Error> {
    let mut enforced = BTreeMap::new();
    for (name, how) in given {
        if registry::find(&name, None).is_none() {
            return Err(Error::UnknownTask { suggestion: registry::close_to(&name), name });
        }
        if let Enforced::Share(percent @ 101..) = how {
            return Err(Error::Config(format!(
                "task `{name}` is rolled out to {percent} percent: 100 are all of its keys"
            )));
        }
        if enforced.insert(name.clone(), how).is_some() {
            return Err(Error::Config(format!("task `{name}` is put in shadow or rolled out twice: keep one")));
        }
    }
    Ok(enforced)
}

/// Settles how far a task is protected. In shadow nothing may hold a call up.
fn introduce(task: &Task, how: Option<&Enforced>, settings: &mut Settings) -> Result<(), Error> {
    let Some(how) = how else { return Ok(()) };
    if task.is_transactional() {
        return Err(Error::Config(format!(
            "task `{}` at {} is transactional: its calls are protected or not by the transaction they are given, so that it cannot be put in shadow or rolled out",
            task.name(),
            task.location(),
        )));
    }
    settings.enforced = *how;
    if *how == Enforced::Shadow {
        (settings.on_in_progress, settings.on_store_error) = (OnInProgress::Error, OnStoreError::Run);
    }
    Ok(())
}

pub(super) fn check_store(task: &str, settings: &Settings, slots: &BTreeMap<String, Arc<Slot>>) -> Result<(), Error> {
    match &settings.store {
        Some(name) if !slots.contains_key(&**name) => {
            let known = names(slots);
            Err(Error::Config(format!("task `{task}` is kept in store `{name}`, and the runtime has: {known}")))
        }
        _ => Ok(()),
    }
}
