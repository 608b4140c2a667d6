//! One process of a schedule: a runtime on the schedule's records, in virtual time of its own, until it is stopped or killed.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Configure;
use super::clock::{Looked, Virtual};
use crate::clock::Clock;
use crate::error::Error;
use crate::key::Secret;
use crate::lease::Workplace;
use crate::record::State;
use crate::registry;
use crate::runtime::Runtime;
use crate::store::memory::MemoryStore;
use crate::store::{ListQuery, Store};
use crate::testing::fault::{FaultStore, Faults};

/// How long a lease has been over before the next delivery, and the time that the keeper has at least.
const MARGIN: Duration = Duration::from_secs(1);

pub(super) struct Process {
    pub(super) executor: tokio::runtime::Runtime,
    pub(super) runtime: Runtime,
    /// Between the runtime and the records.
    pub(super) store: FaultStore,
    clock: Arc<Virtual>,
    /// The same clock, as the runtime looks at it.
    looked: Arc<Looked>,
    /// What had passed when something of it last ran.
    reached: Cell<Duration>,
}

impl Process {
    pub(super) fn start(records: &MemoryStore, clock: &Arc<Virtual>, configure: &Configure<'_>) -> Result<Self, Error> {
        let executor = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let executor = executor.map_err(|error| Error::Config(format!("no async runtime can be started: {error}")))?;
        executor.block_on(clock.goes_on(Duration::ZERO));
        let store = FaultStore::over_memory(records);
        let looked = Arc::new(Looked::new(Arc::clone(clock)));
        let shared: Arc<dyn Clock> = Arc::clone(&looked) as _;
        // Tasks marked `pii` need a secret, whichever; `configure` may give another.
        let secret = Secret::new("explorer", &[7; 32]).map_err(|error| Error::Config(error.to_string()))?;
        let builder = configure(Runtime::builder().secret(secret)).store(store.clone());
        let named: BTreeSet<_> = registry::tasks().iter().filter_map(|task| task.store).collect();
        let builder = named.into_iter().fold(builder, |builder, name| builder.named_store(name, store.clone()));
        let runtime = builder.clock(shared).keepers(Workplace::BesideTheCalls).build()?;
        let reached = Cell::new(clock.uptime());
        Ok(Self { executor, runtime, store, clock: Arc::clone(clock), looked, reached })
    }

    /// What is left of a delivery comes to its end: time passes until no lease holds, then the store can be reached again,
    /// and what was late arrives, `sent` by this process or by the one before.
    pub(super) fn rest(&self, records: &MemoryStore, sent: &Faults) {
        self.executor.block_on(async {
            tokio::time::sleep(MARGIN).await;
            self.outlast_leases(records).await;
            self.store.faults().heal();
            self.store.keeper_faults().heal();
            sent.deliver().await;
            // A late claim may have got its lease again, and a delivery would have to wait for nobody.
            self.outlast_leases(records).await;
            self.note_time();
        });
    }

    async fn outlast_leases(&self, records: &MemoryStore) {
        let running = ListQuery { state: Some(State::Running), ..ListQuery::default() };
        let running = records.list(&running).await.unwrap_or_default();
        let last = running.iter().filter_map(|record| record.lease_until).max();
        let left = last.map_or(Duration::ZERO, |until| until.since(self.clock.now()));
        if !left.is_zero() {
            tokio::time::sleep(left.saturating_add(MARGIN)).await;
        }
    }

    /// What has passed by now has passed for the next process too; to be called inside this one.
    pub(super) fn note_time(&self) {
        self.reached.set(self.clock.uptime());
    }

    /// Another process ran meanwhile: time has passed for this one too.
    pub(super) fn goes_on(&self) {
        self.executor.block_on(async {
            self.clock.goes_on(self.reached.get()).await;
            self.note_time();
        });
    }

    /// The same, of a process that was paused: `step` is what it does before it looks again whether its lease is over, and
    /// before anything else of it runs. To be called inside this one.
    pub(super) async fn goes_on_with<T>(&self, mut step: impl FnMut(&mut Context<'_>) -> T) -> T {
        let stopped_at = self.reached.get();
        let behind = self.clock.passed().saturating_sub(stopped_at);
        self.clock.is_here(behind);
        let mut advance = Box::pin(tokio::time::advance(behind));
        let stepped = poll_fn(|cx| {
            // This moves tokio's clock, and lets the others run when it is polled again.
            _ = advance.as_mut().poll(cx);
            self.looked.last_looked(Some(stopped_at));
            let stepped = step(cx);
            self.looked.last_looked(None);
            Poll::Ready(stepped)
        });
        let stepped = stepped.await;
        advance.await;
        stepped
    }

    /// The process ends in good order.
    pub(super) fn stop(self) {
        let Self { executor, runtime, .. } = self;
        executor.block_on(async { drop(runtime) });
        executor.shutdown_background();
    }

    /// The process is gone: nothing of it runs any more, so that nothing more of it reaches the records.
    pub(super) fn kill(self) {
        self.executor.shutdown_background();
    }
}
