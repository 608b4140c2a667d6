//! A process: a runtime on the store of all, behind faults of its own.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::FutureExt as _;
use idem::testing::{FaultStore, Op};
use idem::{Key, Outcome, Runtime, Store, TaskOptions};

use super::tasks::{self, AppError, Calling, Scene, Value};
use crate::support::BOUND;

/// Short enough to be waited for, long enough that no beat comes too late on a busy machine.
pub const LEASE: &str = "2s";

pub struct Process {
    pub runtime: Runtime,
    pub store: FaultStore,
    /// What the runtime and its keeper hold.
    alive: Weak<dyn Store>,
}

impl Process {
    pub fn start(records: &Arc<dyn Store>, task: &str, set: impl FnOnce(TaskOptions) -> TaskOptions) -> Self {
        let store = FaultStore::new(Arc::clone(records));
        let held: Arc<dyn Store> = Arc::new(store.clone());
        let alive = Arc::downgrade(&held);
        let builder = Runtime::builder().store(held).namespace("it");
        let runtime = builder.task(task, |task| set(task.lease(LEASE))).build().unwrap();
        Self { runtime, store, alive }
    }

    /// A call of the task in this process.
    pub fn call<'a>(&'a self, task: &str, id: usize, scene: &'a Scene) -> Calling<'a> {
        Box::pin(self.runtime.enter(tasks::call(task, id, scene)))
    }

    pub fn key(&self, task: &str, id: usize) -> Key {
        self.runtime.key(task).arg("id", &id).make().unwrap()
    }

    /// Nothing of it reaches the store any more, its keeper's work neither.
    pub fn cut(&self) {
        self.store.faults().cut();
        self.store.keeper_faults().cut();
    }

    /// The store is away from its first such call on, for the keeper at once.
    pub fn away_from(&self, op: Op) {
        self.store.faults().cut_from(op, 1);
        self.store.keeper_faults().cut();
    }

    /// Its keeper hears nothing: a process that is paused.
    pub fn without_beats(&self) {
        self.store.keeper_faults().always(Op::Renew, idem::testing::Fault::LoseRequest);
    }

    /// The process ends in good order: its keeper has settled what dropped calls left behind, and is gone.
    pub async fn ends(self) {
        let Self { runtime, alive, .. } = self;
        drop(runtime);
        let deadline = tokio::time::Instant::now() + BOUND;
        while alive.strong_count() > 0 {
            assert!(tokio::time::Instant::now() < deadline, "its keeper never ends");
            // tidy: allow sleep: between two looks at another thread, which wakes nobody when it ends
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The process is killed: nothing of it reaches the store from now on.
    pub fn dies(self) {
        self.cut();
    }
}

/// Drives a call until something is so, and the call is still on its way.
pub async fn drive(call: &mut Calling<'_>, until: impl Future<Output = ()>) {
    tokio::select! {
        biased;
        ended = call => panic!("it ended: {}", told(&ended)),
        () = until => {}
    }
}

/// What a call answers, in the table's words.
pub async fn answer(call: Calling<'_>) -> String {
    let ended = AssertUnwindSafe(call).catch_unwind().await;
    ended.map_or_else(|_| "panic".to_owned(), |ended| told(&ended))
}

fn told(ended: &Result<Outcome<Value>, AppError>) -> String {
    use idem::Error;
    let with = |name: &str, effect: bool| if effect { format!("{name}, effect") } else { name.to_owned() };
    let error = match ended {
        Ok(Outcome::Fresh { call, .. }) if call.recorded => return format!("Fresh {}", call.attempt),
        Ok(Outcome::Fresh { call, .. }) => return format!("Fresh {}, not recorded", call.attempt),
        Ok(Outcome::Replayed { .. }) => return "Replayed".into(),
        Ok(Outcome::Unprotected { .. }) => return "Unprotected".into(),
        Ok(outcome) => return outcome.kind().into(),
        Err(AppError::Body(_)) => return "its error".into(),
        Err(AppError::Idem(error)) => error,
    };
    match error {
        Error::Duplicate { .. } => "Duplicate".into(),
        Error::PriorFailure { .. } => "PriorFailure".into(),
        Error::OutcomeUnknown { .. } => "OutcomeUnknown".into(),
        Error::Cancelled { effect, .. } => with("Cancelled", *effect),
        Error::Expired { .. } => "Expired".into(),
        Error::MaxRuntime { .. } => "MaxRuntime".into(),
        Error::LeaseLost { .. } => "LeaseLost".into(),
        Error::StoreUnavailable { effect, .. } => with("StoreUnavailable", *effect),
        Error::ResultUnavailable { .. } => "ResultUnavailable".into(),
        Error::ResultType { .. } => "ResultType".into(),
        other => format!("{other}"),
    }
}
