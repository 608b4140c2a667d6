//! The settings of a task as configuration or a call by hand writes them, and how they are settled with its attribute.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::key::{Bucket, TaskIdent, Unit};
use crate::policy::{
    DurationError, OnError, OnInProgress, OnStale, OnStoreError, Retention, parse_duration, parse_retention, spelled,
};
use crate::settings::{
    DEFAULT_CATEGORY, DEFAULT_LEASE, DEFAULT_MAX_RESULT, Enforced, LONGEST_LEASE, SHORTEST_LEASE, Settings, TimeBucket,
    unit_length,
};
use crate::task::Task;

/// Settings of a task that stand outside of its attribute: overrides by configuration (`RuntimeBuilder::task`) and the
/// settings of a call by hand. What is not set is the attribute's, else the default.
///
/// Each setter means what the attribute's option of that name means. A text that cannot be used is reported when the
/// runtime is built, or the call is run.
#[derive(Debug, Clone, Default)]
pub struct TaskOptions {
    pub(crate) ttl: Option<Retention>,
    pub(crate) category: Option<String>,
    pub(crate) lease: Option<Duration>,
    pub(crate) bucket: Option<(Unit, String)>,
    pub(crate) window: Option<Duration>,
    pub(crate) strict: Option<bool>,
    pub(crate) on_in_progress: Option<OnInProgress>,
    pub(crate) wait: Option<Duration>,
    pub(crate) on_store_error: Option<OnStoreError>,
    pub(crate) on_stale: Option<OnStale>,
    pub(crate) error_ttl: Option<Duration>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) expires_after: Option<Duration>,
    pub(crate) max_runtime: Option<Duration>,
    pub(crate) max_result: Option<u64>,
    pub(crate) store: Option<String>,
    mistakes: Vec<String>,
}

impl TaskOptions {
    /// How long a completed record is kept: `"24h"`, `"7d"`, `"forever"`.
    pub fn ttl(mut self, text: &str) -> Self {
        self.ttl = self.read("ttl", parse_retention(text));
        self
    }

    /// The category whose retention applies where no `ttl` is set.
    pub fn category(mut self, name: &str) -> Self {
        self.category = Some(name.to_owned());
        self
    }

    /// How long a claim is held without a heartbeat: `"30s"`.
    pub fn lease(mut self, text: &str) -> Self {
        self.lease = self.read("lease", parse_duration(text));
        self
    }

    /// The calendar unit that joins the key, in the time zone of that IANA name.
    pub fn bucket(mut self, unit: Unit, zone: &str) -> Self {
        self.bucket = Some((unit, zone.to_owned()));
        self
    }

    /// The window whose calls are one: `"100ms"`.
    pub fn window(mut self, text: &str) -> Self {
        self.window = self.read("window", parse_duration(text));
        self
    }

    /// Whether a duplicate of a completed call is an error instead of a replay.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = Some(strict);
        self
    }

    /// What a duplicate of a running call does.
    pub fn on_in_progress(mut self, policy: OnInProgress) -> Self {
        self.on_in_progress = Some(policy);
        self
    }

    /// How long a duplicate waits at the most: `"10s"`.
    pub fn wait(mut self, text: &str) -> Self {
        self.wait = self.read("wait", parse_duration(text));
        self
    }

    /// What a call does while its store cannot be asked.
    pub fn on_store_error(mut self, policy: OnStoreError) -> Self {
        self.on_store_error = Some(policy);
        self
    }

    /// What becomes of a claim whose owner is gone. Of [`OnStale::Reconcile`] the attribute alone can tell, which names the
    /// function.
    pub fn on_stale(mut self, policy: OnStale) -> Self {
        self.on_stale = Some(policy);
        self
    }

    /// How long a failure is remembered: `"10m"`. Of a task with `on_error = "store"` alone.
    pub fn error_ttl(mut self, text: &str) -> Self {
        self.error_ttl = self.read("error_ttl", parse_duration(text));
        self
    }

    /// After how many failed or abandoned attempts the record is set aside for an operator: 1 or more.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        if attempts == 0 {
            self.mistakes.push("`max_attempts` counts from 1, found 0: leave it out for no bound".into());
        }
        self.max_attempts = Some(attempts);
        self
    }

    /// How old a delivery may be, by its `enqueued_at`: `"2h"`.
    pub fn expires_after(mut self, text: &str) -> Self {
        self.expires_after = self.read("expires_after", parse_duration(text));
        self
    }

    /// How long a body may run before it is dropped: `"15m"`.
    pub fn max_runtime(mut self, text: &str) -> Self {
        self.max_runtime = self.read("max_runtime", parse_duration(text));
        self
    }

    /// The largest result that is kept, in bytes.
    pub fn max_result(mut self, bytes: u64) -> Self {
        self.max_result = Some(bytes);
        self
    }

    /// The named store that keeps the task's records.
    pub fn store(mut self, name: &str) -> Self {
        self.store = Some(name.to_owned());
        self
    }

    fn read<T>(&mut self, option: &str, read: Result<T, DurationError>) -> Option<T> {
        read.map_err(|error| self.mistakes.push(format!("`{option}`: {error}"))).ok()
    }

    /// What is set here and not in force, for a call by hand under a registered name.
    fn contradiction(&self, settings: &Settings, store: &str) -> Option<&'static str> {
        let bucket = settings.bucket.as_ref();
        let (calendar, window) = (bucket.and_then(TimeBucket::calendar), bucket.and_then(TimeBucket::window));
        let category = settings.category.as_deref().unwrap_or(DEFAULT_CATEGORY);
        let differs = [
            ("ttl", self.ttl.is_some_and(|ttl| ttl != settings.retention)),
            ("category", self.category.as_ref().is_some_and(|name| name != category)),
            ("lease", self.lease.is_some_and(|lease| lease != settings.lease)),
            ("bucket", self.bucket.as_ref().is_some_and(|(unit, zone)| calendar != Some((*unit, zone)))),
            ("window", self.window.is_some() && self.window != window),
            ("strict", self.strict.is_some_and(|strict| strict != settings.strict)),
            ("on_in_progress", self.on_in_progress.is_some_and(|policy| policy != settings.on_in_progress)),
            ("wait", self.wait.is_some() && self.wait != settings.wait),
            ("on_store_error", self.on_store_error.is_some_and(|policy| policy != settings.on_store_error)),
            ("on_stale", self.on_stale.is_some_and(|policy| policy != settings.on_stale)),
            ("max_attempts", self.max_attempts.is_some() && self.max_attempts != settings.max_attempts),
            ("expires_after", self.expires_after.is_some() && self.expires_after != settings.expires_after),
            ("max_runtime", self.max_runtime.is_some() && self.max_runtime != settings.max_runtime),
            ("max_result", self.max_result.is_some_and(|bytes| bytes != settings.max_result)),
            ("store", self.store.as_ref().is_some_and(|name| name != store)),
        ];
        differs.into_iter().find(|(_, differs)| *differs).map(|(option, _)| option)
    }

    /// Refuses settings of a call by hand that are not those in force for the registered task of its name, in that store.
    pub(crate) fn agree_with(&self, task: &Task, settings: &Settings, store: &str) -> Result<(), Error> {
        self.check(task.name())?;
        match self.contradiction(settings, store) {
            None => Ok(()),
            Some(option) => Err(Error::Config(format!(
                "task `{}` is registered at {} and has another `{option}` in force than this call sets: leave it out here, or change it there or in the runtime's configuration",
                task.name(),
                task.location(),
            ))),
        }
    }

    /// Reports the first text that could not be used.
    fn check(&self, name: &str) -> Result<(), Error> {
        let mistake = self.mistakes.first();
        mistake.map_or(Ok(()), |mistake| Err(Error::Config(format!("task `{name}`: {mistake}"))))
    }
}

/// Settles what is in force for a task: configuration, then attribute, then category, then default.
///
/// # Errors
/// [`Error::Config`]: a text that cannot be used, an unknown category or zone, a lease that is too short or too long, a `ttl`
/// shorter than the bucket.
pub(crate) fn settle(
    name: &str,
    version: u32,
    task: Option<&Task>,
    options: &TaskOptions,
    categories: &BTreeMap<String, Retention>,
) -> Result<Settings, Error> {
    let refuse = |what: String| Error::Config(format!("task `{name}`: {what}"));
    options.check(name)?;
    if name.is_empty() {
        return Err(Error::Config("a task needs a name: it is part of every key".into()));
    }
    let version = NonZeroU32::new(version).ok_or_else(|| refuse("`version` counts from 1, found 0".into()))?;
    let bucket = bucket(task, options).map_err(refuse)?;
    let category = options.category.as_deref().or(task.and_then(|task| task.category));
    let of_category = || {
        let category = category.unwrap_or(DEFAULT_CATEGORY);
        let known = || categories.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let retention = categories.get(category).copied();
        retention.ok_or_else(|| refuse(format!("category `{category}` is not defined; there are: {}", known())))
    };
    let ttl = options.ttl.or(task.and_then(written_ttl));
    let retention = match (ttl, &bucket) {
        (Some(Retention::For(ttl)), Some(bucket)) if ttl < bucket.length() => {
            return Err(refuse(format!(
                "`ttl` ({}) is shorter than the bucket ({}): the record would be gone while its key still holds; leave `ttl` out, or make it longer",
                spelled(ttl),
                spelled(bucket.length()),
            )));
        }
        (Some(ttl), _) => ttl,
        (None, Some(bucket @ TimeBucket::Calendar(_))) => of_category().map(|_| Retention::For(2 * bucket.length()))?,
        (None, Some(window)) => of_category()?.max(Retention::For(2 * window.length())),
        (None, None) => of_category()?,
    };
    let lease = options.lease.or(task.and_then(|task| task.lease)).unwrap_or(DEFAULT_LEASE);
    check_lease(lease).map_err(refuse)?;
    if task.is_some_and(Task::is_transactional) && (options.on_stale.is_some() || options.max_attempts.is_some()) {
        return Err(refuse(
            "`on_stale` and `max_attempts` have no meaning with `transaction`: a failed call is rolled back, and leaves nothing to count; leave them out".into(),
        ));
    }
    let on_stale = on_stale(task, options).map_err(refuse)?;
    Ok(Settings {
        ident: match task.is_some_and(|task| task.plain_scope) {
            true => TaskIdent::with_plain_scope(name, version),
            false => TaskIdent::new(name, version),
        },
        template: task.and_then(|task| task.template),
        kept_by_default: category.is_none()
            && ttl.is_none()
            && bucket.as_ref().and_then(TimeBucket::calendar).is_none(),
        bucket,
        category: category.map(Arc::from),
        retention,
        lease,
        strict: options.strict.unwrap_or(task.is_some_and(|task| task.strict)),
        on_in_progress: options.on_in_progress.or(task.and_then(|task| task.on_in_progress)).unwrap_or_default(),
        wait: options.wait.or(task.and_then(|task| task.wait)),
        on_store_error: options.on_store_error.or(task.and_then(|task| task.on_store_error)).unwrap_or_default(),
        on_stale,
        on_error: on_error(task, options).map_err(refuse)?,
        max_attempts: options.max_attempts.or(task.and_then(|task| task.max_attempts)),
        expires_after: options.expires_after.or(task.and_then(|task| task.expires_after)),
        max_runtime: options.max_runtime.or(task.and_then(|task| task.max_runtime)),
        max_result: options.max_result.or(task.and_then(|task| task.max_result)).unwrap_or(DEFAULT_MAX_RESULT),
        enforced: Enforced::default(),
        store: options.store.as_deref().or(task.and_then(|task| task.store)).map(Arc::from),
    })
}

/// What becomes of a claim whose owner is gone: asking needs the attribute's function.
fn on_stale(task: Option<&Task>, options: &TaskOptions) -> Result<OnStale, String> {
    let written = task.and_then(|task| task.on_stale).unwrap_or_default();
    match options.on_stale {
        Some(OnStale::Reconcile) if written != OnStale::Reconcile => Err(
            "`on_stale` is to ask, and there is no function to ask: write `reconcile = path::to::async_fn` at the task's attribute".into(),
        ),
        set => Ok(set.unwrap_or(written)),
    }
}

/// What the task does with an error of its body: its attribute says what, configuration for how long.
fn on_error(task: Option<&Task>, options: &TaskOptions) -> Result<OnError, String> {
    let written = task.map(|task| task.on_error).unwrap_or_default();
    match (written, options.error_ttl) {
        (written, None) => Ok(written),
        (OnError::Store(_), Some(ttl)) => Ok(OnError::Store(ttl)),
        (OnError::Release | OnError::Judge, Some(_)) => Err(
            "`error_ttl` is set, and the task does not remember its failures: write `on_error = \"store\"` at its attribute, or leave `error_ttl` out".into(),
        ),
    }
}

/// What of the time joins the key: as configuration says, else as the attribute does.
fn bucket(task: Option<&Task>, options: &TaskOptions) -> Result<Option<TimeBucket>, String> {
    let calendar = |unit, zone: &str| Bucket::new(unit, zone).map(TimeBucket::Calendar).map_err(|e| e.to_string());
    let window = |window: Duration| {
        let ms = u64::try_from(window.as_millis()).ok().and_then(NonZeroU64::new);
        ms.map(TimeBucket::Window).ok_or_else(|| "a `window` is a millisecond long at least".to_owned())
    };
    match (&options.bucket, options.window) {
        (Some(_), Some(_)) => Err("`bucket` and `window`: only one of them joins a key, keep one".to_owned()),
        (Some((unit, zone)), None) => calendar(*unit, zone).map(Some),
        (None, Some(length)) => window(length).map(Some),
        (None, None) => {
            let calendar = task.and_then(|task| task.bucket).map(|(unit, zone)| calendar(unit, zone));
            calendar.or_else(|| task.and_then(|task| task.window).map(window)).transpose()
        }
    }
}

/// What is wrong with a lease, if anything.
pub(crate) fn check_lease(lease: Duration) -> Result<(), String> {
    if lease < SHORTEST_LEASE {
        let (found, least) = (spelled(lease), spelled(SHORTEST_LEASE));
        return Err(format!("a lease of {found} would be lost to ordinary delays: it must be {least} or longer"));
    }
    if lease > LONGEST_LEASE {
        let (found, most) = (spelled(lease), spelled(LONGEST_LEASE));
        return Err(format!(
            "a lease of {found} would block the key for as long once its owner is gone: it must be {most} or shorter"
        ));
    }
    Ok(())
}

/// The `ttl` that an attribute wrote. Attributes spell out what a bucket without one implies, twice the bucket: that goes
/// with the bucket where configuration sets another.
fn written_ttl(task: &Task) -> Option<Retention> {
    let implied = task.bucket.map(|(unit, _)| Retention::For(2 * unit_length(unit)));
    task.ttl.filter(|_| task.ttl != implied)
}
