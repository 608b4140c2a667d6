//! The same pipeline without the attribute, for handlers known only at run time.

use std::mem;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{KeyArgs, Runtime};
use crate::ambient::Frame;
use crate::codec::ResultCodec;
use crate::delivery::{InForce, ScopeId};
use crate::error::Error;
use crate::key::{Key, KeyError, KeyWriter, Unit};
use crate::options::{TaskOptions, settle};
use crate::outcome::Outcome;
use crate::policy::{OnError, OnInProgress, OnStale, OnStoreError};
use crate::registry;
use crate::run::{self, Ops};
use crate::settings::Settings;
use crate::task::{ScopeSource, Task};

/// Task, scope and arguments of a call: what makes its key.
#[derive(Debug)]
struct Subject {
    runtime: Runtime,
    task: String,
    version: Option<u32>,
    options: TaskOptions,
    args: Args,
}

/// The parts of a key, as they are given; the first refusal is told when the call is run.
#[derive(Debug, Default)]
struct Args {
    writer: KeyWriter,
    names: Vec<String>,
    /// Those of them that were given without a value.
    nulls: Vec<String>,
    scopes: Vec<(String, ScopeId)>,
    refused: Option<KeyError>,
}

impl Args {
    fn arg<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        if let Err(refusal) = self.writer.arg(name, value) {
            self.refused.get_or_insert(refusal);
        }
        if self.writer.ends_in_null() {
            self.nulls.push(name.to_owned());
        }
        self.names.push(name.to_owned());
    }

    fn scope(&self, kind: &str) -> Option<&ScopeId> {
        self.scopes.iter().find(|(known, _)| known == kind).map(|(_, id)| id)
    }
}

impl Subject {
    /// The registered task of this name: of this version where one is given, else of its highest.
    fn registered(&self) -> Option<&'static Task> {
        registry::find(&self.task, self.version).filter(|task| task.unprotected().is_none())
    }

    /// What is in force for the call, once its parts are those that make a key of its task.
    fn settings(&self) -> Result<Arc<Settings>, Error> {
        match self.registered() {
            Some(task) => {
                let settings = self.runtime.settings(task)?;
                self.options.agree_with(task, &settings, &self.runtime.slot(&settings).name)?;
                self.check_parts(task)?;
                Ok(settings)
            }
            None => {
                let version = self.version.unwrap_or(1);
                self.runtime.unregistered(&self.task, version, &self.options).map(Arc::new)
            }
        }
    }

    /// A key of a registered task is made of what its attribute says: another could never be found.
    fn check_parts(&self, task: &Task) -> Result<(), Error> {
        let refuse = |what| Err(keyed_by(task, what));
        let known = task.key_arguments();
        if let Some(name) = self.args.names.iter().find(|name| !known.contains(&name.as_str())) {
            return refuse(format!("`{name}` was given"));
        }
        if let Some(name) = self.args.nulls.iter().find(|name| task.optional_args.contains(&name.as_str())) {
            return refuse(format!("`{name}` is left out of the key where it is `None`, do not give it then"));
        }
        for part in task.scope().iter().filter(|part| part.source != ScopeSource::Delivery) {
            if self.args.scope(part.kind).is_none() {
                return refuse(format!("and scoped by `{0}`, add `.scope(\"{0}\", id)`", part.kind));
            }
        }
        let kinds: Vec<_> = task.scope().iter().map(|part| part.kind).collect();
        match self.args.scopes.iter().find(|(kind, _)| !kinds.contains(&kind.as_str())) {
            Some((kind, _)) => refuse(format!("a scope `{kind}` was given, and it has none of that name")),
            None => Ok(()),
        }
    }

    /// A key made of arguments needs all of them, and a call that nothing tells from another is a mistake. The delivery's
    /// key needs none: asked once it is known which one the call has.
    fn check_all(&self, settings: &Settings) -> Result<(), Error> {
        let Args { names, scopes, .. } = &self.args;
        if let Some(task) = self.registered() {
            let mut needed = task.key_arguments().iter().filter(|name| !task.optional_args.contains(name));
            let missing = needed.find(|name| !names.iter().any(|given| given == **name));
            let refuse = |name| Err(keyed_by(task, format!("`{name}` was not given, add `.arg(\"{name}\", &value)`")));
            return missing.map_or(Ok(()), refuse);
        }
        if !names.is_empty() || !scopes.is_empty() || settings.bucket.is_some() {
            return Ok(());
        }
        let task = &self.task;
        Err(Error::Config(format!(
            "the call of `{task}` gives nothing that tells it from another: add `.arg(name, &value)`, or a scope, a bucket or the delivery's idempotency key"
        )))
    }

    /// Writes the scopes, in the order of the task where one is registered; what was not given is the delivery's.
    fn plan(&mut self) -> impl FnOnce(&mut KeyArgs<'_>) -> Result<(), KeyError> {
        let declared = self.registered().map(Task::scope);
        let writer = mem::take(&mut self.args.writer);
        move |into| {
            into.writer = writer;
            self.args.refused.clone().map_or(Ok(()), Err)?;
            let given = |kind: &str| self.args.scopes.iter().find(|(known, _)| known == kind).map(|(_, id)| id);
            match declared {
                Some(parts) => parts.iter().try_for_each(|part| match given(part.kind) {
                    Some(id) => into.writer.scope(part.kind, id),
                    None => into.scope_from_delivery(part.kind),
                }),
                None => self.args.scopes.iter().try_for_each(|(kind, id)| into.writer.scope(kind, id)),
            }
        }
    }
}

fn keyed_by(task: &Task, what: String) -> Error {
    let known = match task.key_arguments() {
        [] => "no argument".to_owned(),
        known => format!("`{}`", known.join("`, `")),
    };
    Error::Config(format!("task `{}` ({}) is keyed by {known}: {what}", task.name(), task.location()))
}

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
        CallBuilder(self.subject(task.into()))
    }

    /// The key of a call by hand: `runtime.key("billing.charge").arg("order", &id).make()?`. So the task of a method is
    /// looked at: give every argument that makes its key, and its scopes.
    pub fn key(&self, task: impl Into<String>) -> KeyBuilder {
        KeyBuilder(self.subject(task.into()))
    }

    fn subject(&self, task: String) -> Subject {
        let (options, args) = (TaskOptions::default(), Args::default());
        Subject { runtime: self.clone(), task, version: None, options, args }
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
        let (key, fingerprint) = runtime.derive(&settings, &Frame::current(), InForce::would_take, self.0.plan())?;
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
