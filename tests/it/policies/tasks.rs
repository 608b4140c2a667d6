//! The tasks that faults befall: one for each way of taking errors, with a function to ask and without.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};

use idem::{AbandonedClaim, ErrorDisposition, Outcome, Reconciled, idempotent};
use serde::{Deserialize, Serialize, Serializer};
use tokio::sync::Semaphore;

/// What the body does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Act {
    Return(Form),
    Fail(Fault),
    Panic,
    /// It waits for ever.
    Wait,
}

/// What a result does when it is encoded.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Form {
    #[default]
    Plain,
    Large,
    Odd,
    Explosive,
}

/// The result of a body, or what a `reconcile` function knew of it.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct Value(Form);

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(if text == "planted-plain" { Form::Plain } else { Form::Large })
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Form::Plain => serializer.serialize_str("planted-plain"),
            Form::Large => serializer.serialize_str(&"large".repeat(1_000)),
            Form::Odd => Err(serde::ser::Error::custom("it has no form")),
            Form::Explosive => panic!("Serialize"),
        }
    }
}

/// The error of a body, and what the task makes of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    Judged(ErrorDisposition),
    /// The function over it panics.
    Unjudgeable,
    /// Its `Display` panics.
    Unspeakable,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        assert!(*self != Self::Unspeakable, "Display");
        f.write_str("no")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Idem(#[from] idem::Error),
    #[error("{0}")]
    Body(Fault),
}

fn judge(error: &AppError) -> ErrorDisposition {
    match error {
        AppError::Body(Fault::Judged(disposition)) => *disposition,
        AppError::Body(Fault::Unjudgeable) => panic!("judge"),
        AppError::Body(Fault::Unspeakable) | AppError::Idem(_) => ErrorDisposition::Retry,
    }
}

/// What the function answers that is asked for an abandoned attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Says {
    #[default]
    Happened,
    DidNotHappen,
    Unknown,
    Panics,
    /// It waits for ever.
    Waits,
}

/// What the code of a delivery's task does, and whether it was entered.
pub struct Scene {
    act: Act,
    says: Says,
    pub asked: AtomicU32,
    /// A permit for each time that the body, or the function, waits.
    waits: Semaphore,
}

impl Scene {
    pub fn new(act: Act) -> Self {
        Self { act, says: Says::default(), asked: AtomicU32::new(0), waits: Semaphore::new(0) }
    }

    /// A scene whose function says this, if it is asked.
    pub fn saying(act: Act, says: Says) -> Self {
        Self { says, ..Self::new(act) }
    }

    /// Until the body, or the function, waits.
    pub async fn waiting(&self) {
        self.waits.acquire().await.unwrap().forget();
    }

    async fn body(&self) -> Result<Value, AppError> {
        match self.act {
            Act::Return(form) => Ok(Value(form)),
            Act::Fail(fault) => Err(AppError::Body(fault)),
            Act::Panic => panic!("body"),
            Act::Wait => self.wait().await,
        }
    }

    async fn wait<T>(&self) -> T {
        self.waits.add_permits(1);
        std::future::pending().await
    }
}

async fn ask(_: &usize, scene: &Scene, _: &AbandonedClaim) -> Reconciled<Value> {
    scene.asked.fetch_add(1, Ordering::SeqCst);
    match scene.says {
        Says::Happened => Reconciled::Happened(Value(Form::Plain)),
        Says::DidNotHappen => Reconciled::DidNotHappen,
        Says::Unknown => Reconciled::Unknown,
        Says::Panics => panic!("asking"),
        Says::Waits => scene.wait().await,
    }
}

macro_rules! tasks {
    ($($task:ident = $name:literal $(, $option:ident = $value:expr)*;)*) => {$(
        #[idempotent(name = $name, skip(scene) $(, $option = $value)*)]
        async fn $task(id: usize, scene: &Scene) -> Result<Value, AppError> {
            scene.body().await
        }
    )*};
}

tasks! {
    released = "it.policies.released";
    stored = "it.policies.stored", on_error = "store", error_ttl = "10m";
    judged = "it.policies.judged", on_error = judge;
    released_asking = "it.policies.released.asking", reconcile = ask;
    stored_asking = "it.policies.stored.asking", on_error = "store", error_ttl = "10m", reconcile = ask;
    judged_asking = "it.policies.judged.asking", on_error = judge, reconcile = ask;
}

/// What a task does with errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OnError {
    Release,
    Store,
    Judge,
}

/// A task's name, by what it does with errors and whether it has a function to ask.
pub fn name(on_error: OnError, asks: bool) -> &'static str {
    match (on_error, asks) {
        (OnError::Release, false) => "it.policies.released",
        (OnError::Store, false) => "it.policies.stored",
        (OnError::Judge, false) => "it.policies.judged",
        (OnError::Release, true) => "it.policies.released.asking",
        (OnError::Store, true) => "it.policies.stored.asking",
        (OnError::Judge, true) => "it.policies.judged.asking",
    }
}

/// A call on its way.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Result<Outcome<Value>, AppError>> + 'a>>;

/// Calls a task by its name.
pub fn call<'a>(task: &str, id: usize, scene: &'a Scene) -> Calling<'a> {
    match task {
        "it.policies.released" => Box::pin(released::call(id, scene)),
        "it.policies.stored" => Box::pin(stored::call(id, scene)),
        "it.policies.judged" => Box::pin(judged::call(id, scene)),
        "it.policies.released.asking" => Box::pin(released_asking::call(id, scene)),
        "it.policies.stored.asking" => Box::pin(stored_asking::call(id, scene)),
        "it.policies.judged.asking" => Box::pin(judged_asking::call(id, scene)),
        other => panic!("no task `{other}`"),
    }
}
