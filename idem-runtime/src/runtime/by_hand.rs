//! The same pipeline without the attribute, for handlers known only at run time.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::subject::Subject;
use super::{Admission, Runtime};
use crate::codec::ResultCodec;
use crate::delivery::ScopeId;
use crate::error::Error;
use crate::key::{Key, Unit};
use crate::options::{TaskOptions, settle};
use crate::outcome::Outcome;
use crate::policy::{OnError, OnInProgress, OnStale, OnStoreError};
use crate::run::{self, Ops};
use crate::settings::Settings;

impl Runtime {
    /// A call of a task by hand, for handlers known only at run time. The name of a registered task brings its settings, and
    /// its key is made of what its attribute says.
    ///
    /// ```
    /// # use idem_runtime as idem;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), idem::Error> {
    /// # let runtime = idem::Runtime::builder().store(idem::MemoryStore::new()).build()?;
    /// # let id = 4711;
    /// let call = runtime.call("billing.charge").ttl("24h").scope("user", 7).arg("order", &id);
    /// let outcome = call.run(async || Ok::<_, idem::Error>("charged".to_owned())).await;
    /// # assert_eq!(outcome?.into_value(), "charged");
    /// # Ok(()) }
    /// ```
    pub fn call(&self, task: impl Into<String>) -> CallBuilder {
        CallBuilder(Subject::new(self.clone(), task.into()))
    }

    /// The key of a call by hand: `runtime.key("billing.charge").arg("order", &id).make()?`. So the task of a method is
    /// looked at: give every argument that makes its key, and its scopes.
    pub fn key(&self, task: impl Into<String>) -> KeyBuilder {
        KeyBuilder(Subject::new(self.clone(), task.into()))
    }

    /// The settings of a task that nothing registered.
    pub(crate) fn unregistered(&self, name: &str, version: u32, options: &TaskOptions) -> Result<Settings, Error> {
        let settings = settle(name, version, None, options, &self.inner.categories)?;
        super::builder::check_store(name, &settings, &self.inner.slots)?;
        Ok(settings)
    }
}

macro_rules! subject_methods {
    ($builder:ident) => {
        impl $builder {
            /// The generation of the task's keys; default the highest registered, else 1.
            pub fn version(mut self, version: u32) -> Self {
                self.0.version = Some(version);
                self
            }

            /// Whose work it is. Several scopes count in the order in which they are given.
            pub fn scope(mut self, kind: &str, id: impl Into<ScopeId>) -> Self {
                self.0.args.scopes.push((kind.to_owned(), id.into()));
                self
            }

            /// An argument that makes the key, by its name there. The order of arguments does not matter.
            pub fn arg<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
                self.0.args.arg(name, value);
                self
            }

            /// The calendar unit that joins the key, in the time zone of that IANA name.
            pub fn bucket(mut self, unit: Unit, zone: &str) -> Self {
                self.0.options = self.0.options.bucket(unit, zone);
                self
            }

            /// The window whose calls are one; see [`TaskOptions::window`].
            pub fn window(mut self, text: &str) -> Self {
                self.0.options = self.0.options.window(text);
                self
            }
        }
    };
}

/// The key of a call by hand; see [`Runtime::key`].
#[derive(Debug)]
#[must_use = "a key builder makes its key with `.make()`"]
pub struct KeyBuilder(Subject);
subject_methods!(KeyBuilder);

impl KeyBuilder {
    /// The key that the call would use now; no store is asked.
    ///
    /// # Errors
    /// [`Error::Key`] and [`Error::ScopeMissing`] for refused parts; [`Error::Config`] for settings that cannot be used,
    /// and where nothing tells the call from another.
    pub fn make(mut self) -> Result<Key, Error> {
        let settings = self.0.settings()?;
        let runtime = self.0.runtime.clone();
        let (key, fingerprint) = runtime.preview(&settings, self.0.plan())?;
        if fingerprint.is_none() {
            self.0.check_all(&settings)?;
        }
        Ok(key)
    }
}

/// A call by hand; see [`Runtime::call`].
#[derive(Debug)]
#[must_use = "a call does nothing until `.run(…)` is awaited"]
pub struct CallBuilder(Subject);
subject_methods!(CallBuilder);

macro_rules! option_methods {
    ($($(#[$doc:meta])* $option:ident: $type:ty;)*) => {
        impl CallBuilder {
            $($(#[$doc])*
            pub fn $option(mut self, value: $type) -> Self {
                self.0.options = self.0.options.$option(value);
                self
            })*
        }
    };
}

option_methods! {
    /// See [`TaskOptions::ttl`].
    ttl: &str;
    /// See [`TaskOptions::category`].
    category: &str;
    /// See [`TaskOptions::lease`].
    lease: &str;
    /// See [`TaskOptions::expires_after`].
    expires_after: &str;
    /// See [`TaskOptions::max_runtime`].
    max_runtime: &str;
    /// See [`TaskOptions::strict`].
    strict: bool;
    /// See [`TaskOptions::on_in_progress`]; `Skip` answers `T::default()` through [`CallBuilder::run_or_default`].
    on_in_progress: OnInProgress;
    /// See [`TaskOptions::wait`].
    wait: &str;
    /// See [`TaskOptions::on_store_error`].
    on_store_error: OnStoreError;
    /// See [`TaskOptions::on_stale`].
    on_stale: OnStale;
    /// See [`TaskOptions::max_attempts`].
    max_attempts: u32;
    /// See [`TaskOptions::max_result`].
    max_result: u64;
    /// See [`TaskOptions::store`].
    store: &str;
}

impl CallBuilder {
    /// Runs the call: the body under a claim, or the answer that is known.
    ///
    /// # Errors
    /// The body's own, and every [`Error`] of a call, as the body's error type.
    ///
    /// # Cancel safety
    /// Dropped before the body was entered, nothing is left behind. Dropped later, the claim is released for the next
    /// delivery, or set aside under [`OnStale::Park`]; dropped while a result is being recorded, the recording goes on.
    pub async fn run<T, E, B, F>(self, body: B) -> Result<Outcome<T>, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<Error>,
        B: FnOnce() -> F,
        F: Future<Output = Result<T, E>>,
    {
        self.run_with(&Ops::new(ResultCodec::KEEP, E::from), body).await
    }

    /// As [`CallBuilder::run`], for a call that is skipped while another runs: it answers `T::default()` then.
    ///
    /// # Errors
    /// As [`CallBuilder::run`].
    ///
    /// # Cancel safety
    /// As [`CallBuilder::run`].
    pub async fn run_or_default<T, E, B, F>(self, body: B) -> Result<Outcome<T>, E>
    where
        T: Serialize + DeserializeOwned + Default,
        E: From<Error>,
        B: FnOnce() -> F,
        F: Future<Output = Result<T, E>>,
    {
        self.run_with(&Ops::new(ResultCodec::KEEP, E::from).skip_with(T::default), body).await
    }

    /// Asks whether the job of this call is to be enqueued; no body is run. `T` is what its calls answer.
    ///
    /// # Errors
    /// What a call would be refused with: [`Error::Key`] and [`Error::ScopeMissing`] for a key that cannot be made,
    /// [`Error::Mismatch`], [`Error::PriorFailure`], [`Error::OutcomeUnknown`], [`Error::Cancelled`] and [`Error::ShutDown`];
    /// [`Error::InProgress`] while another producer was told to enqueue the job and has not kept its ticket: ask again;
    /// [`Error::ResultType`] and [`Error::ResultUnavailable`] for a kept result that cannot be given;
    /// [`Error::StoreUnavailable`], whatever the task does without its store, and [`Error::Store`]; [`Error::Config`] for settings that
    /// cannot be used, and where nothing tells the call from another.
    ///
    /// # Cancel safety
    /// Safe: a ticket that was granted meanwhile is given back by the keeper.
    pub async fn admit<T: Serialize + DeserializeOwned>(mut self) -> Result<Admission<T>, Error> {
        let settings = self.0.settings()?;
        let runtime = self.0.runtime.clone();
        let (key, fingerprint) = runtime.preview(&settings, self.0.plan())?;
        if fingerprint.is_none() {
            self.0.check_all(&settings)?;
        }
        runtime.admit(&settings, key, fingerprint, &ResultCodec::KEEP).await
    }

    async fn run_with<T, E, B, F>(mut self, ops: &Ops<T, E>, body: B) -> Result<Outcome<T>, E>
    where
        B: FnOnce() -> F,
        F: Future<Output = Result<T, E>>,
    {
        let mut prepare = || {
            if let Some(task) = self.0.registered().filter(|task| task.is_transactional()) {
                return Err(Error::Config(format!(
                    "task `{}` is transactional, and a call by hand has no transaction: call the handler at {} with one",
                    task.name(),
                    task.location(),
                )));
            }
            let settings = self.0.settings()?;
            let option = match &*settings {
                Settings { on_error: OnError::Judge, .. } => Some("on_error"),
                Settings { on_stale: OnStale::Reconcile, .. } => Some("reconcile"),
                _ => None,
            };
            if let Some((task, option)) = self.0.registered().zip(option) {
                return Err(Error::Config(format!(
                    "task `{}` has a function for `{option}`, which a call by hand does not have: call the handler at {}",
                    task.name(),
                    task.location(),
                )));
            }
            let runtime = self.0.runtime.clone();
            let call = runtime.prepare(settings, self.0.plan())?;
            if call.fingerprint.is_none() {
                self.0.check_all(&call.settings)?;
            }
            Ok(call)
        };
        let call = prepare().map_err(ops.error)?;
        run::run(call, ops, body).await
    }
}
