//! What the attributes expand to. Not part of the public contract: it changes with the macros, in step.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use inventory;

use crate::ambient::{Frame, Report};
pub use crate::codec::ResultCodec;
use crate::error::Error;
pub use crate::key::Unit;
use crate::key::{Fingerprint, Key, KeyError, Set};
use crate::outcome::Outcome;
pub use crate::policy::{ErrorDisposition, OnInProgress, OnStale, OnStoreError};
use crate::record::Record;
pub use crate::registry::Registration;
use crate::run::{self, Call};
pub use crate::run::{Entered, InTransaction, Ops};
pub use crate::runtime::KeyArgs;
use crate::runtime::{Admission, Resolution, Runtime};
pub use crate::store::Transactional;
use crate::store::TxConnection;
use crate::task::Task;
pub use crate::task::{ScopePart, ScopeSource};

#[doc(inline)]
pub use crate::__idem_register as register;

/// Submits a task to the registry, from inside its handler's body.
#[macro_export]
#[doc(hidden)]
macro_rules! __idem_register {
    ($task:expr) => {
        $crate::private::inventory::submit! { $crate::private::Registration($task) }
    };
}

/// A call whose key is made, or the reason why it has none.
#[derive(Debug)]
pub struct Begun(Result<Call, Error>);

/// Makes the key of a call, while its arguments are still the caller's.
pub fn begin(task: &'static Task, plan: impl FnOnce(&mut KeyArgs<'_>) -> Result<(), KeyError>) -> Begun {
    let prepare = || {
        let runtime = Runtime::current(task.name())?;
        runtime.prepare(runtime.settings(task)?, plan)
    };
    Begun(prepare())
}

/// Runs the call: the body under a claim, or the answer that is known.
pub async fn finish<T, E, B, F>(begun: Begun, ops: Ops<T, E>, body: B) -> Result<T, E>
where
    B: FnOnce() -> F,
    F: Future<Output = Result<T, E>>,
{
    let call = begun.0.map_err(ops.error)?;
    run::run(call, &ops, body).await.map(Outcome::into_value)
}

/// Claims the key of a call whose task asks what became of an abandoned claim, before its body is run.
pub async fn enter<'a, T, E>(begun: &'a Begun, ops: &'a Ops<T, E>) -> Entered<'a, T, E> {
    Entered::enter(begun.0.as_ref().map_err(Error::clone), ops).await
}

/// Claims the key of a call in the caller's transaction.
pub async fn enter_transaction<T, E>(
    begun: Begun,
    ops: Ops<T, E>,
    connection: TxConnection<'_>,
) -> InTransaction<T, E> {
    InTransaction::enter(begun.0, ops, connection).await
}

/// Runs a handler and tells how it came to its value.
pub async fn detailed<T, E, F>(handler: F, error: fn(Error) -> E) -> Result<Outcome<T>, E>
where
    F: Future<Output = Result<T, E>>,
{
    let report = Arc::new(Report::default());
    let value = Frame { report: Some(Arc::clone(&report)), ..Frame::current() }.scope(Box::pin(handler)).await?;
    match report.told() {
        Some(told) => Ok(told.map(|()| value)),
        None => Err(error(Error::Config(
            "`call` cannot tell how its handler came to its value: another attribute moved the body to another task; call the function itself".into(),
        ))),
    }
}

/// The key that a call would use now, and the fingerprint of its arguments where the key is the delivery's.
#[derive(Debug)]
pub struct Keyed(Key, Option<Fingerprint>);

/// Makes them.
pub fn derive(
    task: &'static Task,
    plan: impl FnOnce(&mut KeyArgs<'_>) -> Result<(), KeyError>,
) -> Result<Keyed, Error> {
    let runtime = Runtime::current(task.name())?;
    let settings = runtime.settings(task)?;
    runtime.preview(&settings, plan).map(|(key, fingerprint)| Keyed(key, fingerprint))
}

/// The key alone.
pub fn key(keyed: Result<Keyed, Error>) -> Result<Key, Error> {
    keyed.map(|Keyed(key, _)| key)
}

/// Asks whether the job of a key is to be enqueued.
pub async fn admit<T>(
    task: &'static Task,
    keyed: impl FnOnce() -> Result<Keyed, Error>,
    codec: ResultCodec<T>,
) -> Result<Admission<T>, Error> {
    let runtime = Runtime::current(task.name())?;
    let (settings, Keyed(key, fingerprint)) = (runtime.settings(task)?, keyed()?);
    runtime.admit(&settings, key, fingerprint, &codec).await
}

/// The record of a key.
pub async fn status(task: &'static Task, key: impl FnOnce() -> Result<Key, Error>) -> Result<Option<Record>, Error> {
    Runtime::current(task.name())?.status(&key()?).await
}

/// Forgets a key.
pub async fn clear(task: &'static Task, key: impl FnOnce() -> Result<Key, Error>) -> Result<bool, Error> {
    Runtime::current(task.name())?.clear(&key()?).await
}

/// Forgets a key, also while it runs.
pub async fn clear_forced(task: &'static Task, key: impl FnOnce() -> Result<Key, Error>) -> Result<bool, Error> {
    Runtime::current(task.name())?.clear_forced(&key()?).await
}

/// Cancels a key.
pub async fn cancel(task: &'static Task, key: impl FnOnce() -> Result<Key, Error>) -> Result<bool, Error> {
    Runtime::current(task.name())?.cancel(&key()?).await
}

/// Decides a call whose outcome is not known, with a result of the task's type. It is encoded before anything is awaited.
pub fn resolve<T>(
    task: &'static Task,
    key: impl FnOnce() -> Result<Key, Error>,
    resolution: Resolution<T>,
    codec: ResultCodec<T>,
) -> impl Future<Output = Result<(), Error>> {
    let decision = resolution.kept(&codec);
    async move { Runtime::current(task.name())?.decide(&key()?, decision).await }
}

/// The type of a handler's result, apart: through any alias of `Result`.
#[diagnostic::on_unimplemented(
    message = "an idempotent handler returns a `Result`, found `{Self}`",
    label = "is not a `Result`",
    note = "the legal form is `async fn name(…) -> Result<T, E>`, where `E: From<idem::Error>`"
)]
pub trait Fallible: Sized {
    /// What it answers.
    type Ok;
    /// What it fails with.
    type Err;

    /// The same, under its own name.
    fn into_result(self) -> Result<Self::Ok, Self::Err>;

    /// The same, under the handler's name for it.
    fn from_result(result: Result<Self::Ok, Self::Err>) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Err = E;

    fn into_result(self) -> Self {
        self
    }

    fn from_result(result: Self) -> Self {
        result
    }
}

/// An argument that makes the key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot enter a key: it is not `serde::Serialize`",
    label = "enters the key",
    note = "derive `serde::Serialize` for it, leave the argument out with `skip(…)`, or name what makes the key with `key(…)`"
)]
pub trait KeyArg {
    /// Writes it into the key, under its name there.
    fn write(&self, name: &'static str, into: &mut KeyArgs<'_>) -> Result<(), KeyError>;

    /// The same of a collection whose order has no meaning.
    fn write_set(&self, name: &'static str, into: &mut KeyArgs<'_>) -> Result<(), KeyError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> KeyArg for T {
    fn write(&self, name: &'static str, into: &mut KeyArgs<'_>) -> Result<(), KeyError> {
        into.writer.arg(name, self)
    }

    fn write_set(&self, name: &'static str, into: &mut KeyArgs<'_>) -> Result<(), KeyError> {
        into.writer.arg(name, &Set(self))
    }
}

/// An argument that is not in the key where it is `None`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is never left out of a key: it is not an `Option`",
    label = "is marked `#[idem(omit_none)]`",
    note = "remove `omit_none`, or take an `Option<_>`"
)]
pub trait OptionalKeyArg {
    /// All of it, if it is there: what is there is written as it would be anyway, so that `Some(None)` is not null.
    fn there(&self) -> Option<&Self>;
}

#[diagnostic::do_not_recommend]
impl<T> OptionalKeyArg for Option<T> {
    fn there(&self) -> Option<&Self> {
        self.is_some().then_some(self)
    }
}

/// The value of a scope.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a scope: it is not `serde::Serialize`",
    label = "is a scope",
    note = "a scope is an integer or a text, such as a user's id: name one with `scope(kind = expression)`"
)]
pub trait ScopeValue {
    /// Writes it into the key, as the scope of that name.
    fn write(&self, kind: &'static str, into: &mut KeyArgs<'_>) -> Result<(), KeyError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> ScopeValue for T {
    fn write(&self, kind: &'static str, into: &mut KeyArgs<'_>) -> Result<(), KeyError> {
        into.writer.scope(kind, self)
    }
}

/// A result that can be kept and replayed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept and replayed: it is not `serde::Serialize + serde::de::DeserializeOwned`",
    label = "is the result",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, or do not keep it: `result = \"discard\"`"
)]
pub trait ResultValue: Sized {
    /// How it is kept.
    const CODEC: ResultCodec<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> ResultValue for T {
    const CODEC: ResultCodec<Self> = ResultCodec::KEEP;
}

/// A result that is made anew for a duplicate.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default to answer a duplicate with: it is not `Default`",
    label = "is the result",
    note = "`result = \"discard\"` and `on_in_progress = \"skip\"` answer duplicates with `T::default()`: derive `Default`, or leave the option out"
)]
pub trait DefaultValue {
    /// Makes it.
    fn make() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> DefaultValue for T {
    fn make() -> Self {
        T::default()
    }
}

/// A result that is not kept.
pub const fn discard<T>(make: fn() -> T) -> ResultCodec<T> {
    ResultCodec::Discard(make)
}

/// An error that is kept in the record of its call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be remembered: it is not `std::fmt::Display`",
    label = "is the error",
    note = "`on_error` keeps what the error says: implement `Display` for it (with thiserror: `#[error(\"…\")]`), or leave `on_error` out"
)]
pub trait StoredError {
    /// What it says, as far as a record keeps it.
    fn message(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<E: Display + ?Sized> StoredError for E {
    fn message(&self) -> String {
        run::message(self)
    }
}

/// An error type that can say what went wrong with a call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold an `idem::Error`: it is not `From<idem::Error>`",
    label = "is the error",
    note = "implement it (with thiserror: `#[error(transparent)] Idem(#[from] idem::Error)`), or name a function: `error = path::to::fn`"
)]
pub trait FromIdem {
    /// Holds it.
    fn from_idem(error: Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Error>> FromIdem for E {
    fn from_idem(error: Error) -> Self {
        E::from(error)
    }
}
