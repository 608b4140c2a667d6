//! One process of a schedule: a runtime on the schedule's records, in virtual time of its own, until it is stopped or killed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Configure;
use super::clock::Virtual;
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
}

impl Process {
    pub(super) fn start(records: &MemoryStore, clock: &Arc<Virtual>, configure: &Configure<'_>) -> Result<Self, Error> {
        let executor = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let executor = executor.map_err(|error| Error::Config(format!("no async runtime can be started: {error}")))?;
        executor.block_on(clock.begin());
        let store = FaultStore::new(Arc::new(records.clone()));
        let shared: Arc<dyn Clock> = Arc::clone(clock) as _;
        // Tasks marked `pii` need a secret, whichever; `configure` may give another.
        let secret = Secret::new("explorer", &[7; 32]).map_err(|error| Error::Config(error.to_string()))?;
        let builder = configure(Runtime::builder().secret(secret)).store(store.clone());
        let named: BTreeSet<_> = registry::tasks().iter().filter_map(|task| task.store).collect();
        let builder = named.into_iter().fold(builder, |builder, name| builder.named_store(name, store.clone()));
        let runtime = builder.clock(shared).keepers(Workplace::BesideTheCalls).build()?;
        Ok(Self { executor, runtime, store, clock: Arc::clone(clock) })
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
        self.clock.uptime();
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
