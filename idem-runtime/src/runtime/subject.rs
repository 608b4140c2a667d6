//! What makes the key of a call by hand, and whether it is what makes the key of its task.

use std::mem;
use std::sync::Arc;

use serde::Serialize;

use super::{KeyArgs, Runtime};
use crate::delivery::ScopeId;
use crate::error::Error;
use crate::key::{KeyError, KeyWriter};
use crate::options::TaskOptions;
use crate::registry;
use crate::settings::Settings;
use crate::task::{ScopeSource, Task};

/// Task, scope and arguments of a call: what makes its key.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) runtime: Runtime,
    task: String,
    pub(super) version: Option<u32>,
    pub(super) options: TaskOptions,
    pub(super) args: Args,
}

/// The parts of a key, as they are given; the first refusal is told when the call is run.
#[derive(Debug, Default)]
pub(super) struct Args {
    writer: KeyWriter,
    names: Vec<String>,
    /// Those of them that were given without a value.
    nulls: Vec<String>,
    pub(super) scopes: Vec<(String, ScopeId)>,
    refused: Option<KeyError>,
}

impl Args {
    pub(super) fn arg<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
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
    pub(super) fn new(runtime: Runtime, task: String) -> Self {
        Self { runtime, task, version: None, options: TaskOptions::default(), args: Args::default() }
    }

    /// The registered task of this name: of this version where one is given, else of its highest.
    pub(super) fn registered(&self) -> Option<&'static Task> {
        registry::find(&self.task, self.version).filter(|task| task.unprotected().is_none())
    }

    /// What is in force for the call, once its parts are those that make a key of its task.
    pub(super) fn settings(&self) -> Result<Arc<Settings>, Error> {
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
    pub(super) fn check_all(&self, settings: &Settings) -> Result<(), Error> {
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
    pub(super) fn plan(&mut self) -> impl FnOnce(&mut KeyArgs<'_>) -> Result<(), KeyError> {
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
