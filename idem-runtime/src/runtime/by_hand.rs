//! The same pipeline without the attribute, for handlers known only at run time.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{KeyArgs, Runtime};
use crate::codec::ResultCodec;
use crate::delivery::ScopeId;
use crate::error::Error;
use crate::key::{Key, KeyError, KeyWriter, Unit};
use crate::options::{TaskOptions, settle};
use crate::outcome::Outcome;
use crate::policy::{OnInProgress, OnStoreError};
use crate::registry;
use crate::run::{self, Ops};
use crate::settings::Settings;
use crate::task::Task;

/// Task, scope and arguments of a call: what makes its key.
#[derive(Debug)]
struct Subject {
    runtime: Runtime,
    task: String,
    version: Option<u32>,
    options: TaskOptions,
    args: Args,
}

/// The parts of a key, written as they are given; the first refusal is told when the call is run.
#[derive(Debug, Default)]
struct Args {
    writer: KeyWriter,
    /// Whether anything was given that tells one call from another.
    any: bool,
    scoped: bool,
    refused: Option<KeyError>,
}

impl Args {
    fn add(&mut self, written: impl FnOnce(&mut KeyWriter) -> Result<(), KeyError>) {
        self.any = true;
        if let Err(refusal) = written(&mut self.writer) {
            self.refused.get_or_insert(refusal);
        }
    }
}

impl Subject {
    /// The registered task of this name, and of this version where one is given.
    fn registered(&self) -> Option<&'static Task> {
        let task = registry::find(&self.task).filter(|task| task.unprotected().is_none())?;
        self.version.is_none_or(|version| version == task.version()).then_some(task)
    }

    fn settings(&self) -> Result<Arc<Settings>, Error> {
        let Some(task) = self.registered() else {
            return self.runtime.unregistered(&self.task, self.version.unwrap_or(1), &self.options).map(Arc::new);
        };
        self.options.agree_with(task)?;
        self.runtime.settings(task)
    }

    /// What the key is made of: the scopes and arguments that were given. A registered task's scope that was not given is
    /// the delivery's, or missing.
    fn plan(self) -> impl FnOnce(&mut KeyArgs<'_>) -> Result<(), KeyError> {
        let scope = self.registered().map_or(&[][..], |task| task.scope());
        move |into| {
            into.writer = self.args.writer;
            self.args.refused.map_or(Ok(()), Err)?;
            let mut missing = scope.iter().filter(|_| !self.args.scoped);
            missing.try_for_each(|part| into.scope_from_delivery(part.kind))
        }
    }

    fn check(&self, settings: &Settings) -> Result<(), Error> {
        let explicit = crate::ambient::Frame::current().delivery.is_some_and(|delivery| delivery.key().is_some());
        if self.args.any || explicit || settings.bucket.is_some() {
            return Ok(());
        }
        let task = &self.task;
        Err(Error::Config(format!(
            "the call of `{task}` gives nothing that tells it from another: add `.arg(name, &value)`, or a scope, a bucket or the delivery's idempotency key"
        )))
    }
}

impl Runtime {
    /// A call of a task by hand: `runtime.call("billing.charge").ttl("24h").scope("user", 7).arg("order", &id).run(…)`.
    /// The name of a registered task brings its settings.
    pub fn call(&self, task: impl Into<String>) -> CallBuilder {
        CallBuilder(self.subject(task.into()))
    }

    /// The key of a call by hand: `runtime.key("billing.charge").arg("order", &id).make()?`.
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
            /// The generation of the task's keys; default the registered task's, else 1.
            pub fn version(mut self, version: u32) -> Self {
                self.0.version = Some(version);
                self
            }

            /// Whose work it is. Several scopes count in the order in which they are given.
            pub fn scope(mut self, kind: &str, id: impl Into<ScopeId>) -> Self {
                let id = id.into();
                self.0.args.add(|writer| writer.scope(kind, &id));
                self.0.args.scoped = true;
                self
            }

            /// An argument that makes the key, by its name there. The order of arguments does not matter.
            pub fn arg<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
                self.0.args.add(|writer| writer.arg(name, value));
                self
            }

            /// The calendar unit that joins the key, in the time zone of that IANA name.
            pub fn bucket(mut self, unit: Unit, zone: &str) -> Self {
                self.0.options = self.0.options.bucket(unit, zone);
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
    pub fn make(self) -> Result<Key, Error> {
        let settings = self.0.settings()?;
        self.0.check(&settings)?;
        let runtime = self.0.runtime.clone();
        runtime.preview(&settings, self.0.plan())
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
    /// See [`TaskOptions::strict`].
    strict: bool;
    /// See [`TaskOptions::on_in_progress`]; `Skip` answers `T::default()` through [`CallBuilder::run_or_default`].
    on_in_progress: OnInProgress;
    /// See [`TaskOptions::wait`].
    wait: &str;
    /// See [`TaskOptions::on_store_error`].
    on_store_error: OnStoreError;
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
    /// delivery; dropped while a result is being recorded, the recording goes on.
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

    async fn run_with<T, E, B, F>(self, ops: &Ops<T, E>, body: B) -> Result<Outcome<T>, E>
    where
        B: FnOnce() -> F,
        F: Future<Output = Result<T, E>>,
    {
        let prepare = || {
            let settings = self.0.settings()?;
            self.0.check(&settings)?;
            let runtime = self.0.runtime.clone();
            runtime.prepare(settings, self.0.plan())
        };
        let call = prepare().map_err(ops.error)?;
        run::run(call, ops, body).await
    }
}
