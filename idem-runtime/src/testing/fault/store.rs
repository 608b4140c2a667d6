//! The store between a caller and another store.

use std::sync::Arc;

use super::control::{Arrival, Fault, Faults, Op};
use crate::claim::{
    AdmitRequest, AdmitVerdict, CancelRequest, CancelVerdict, ClaimRequest, ClaimVerdict, ClearVerdict,
    CompleteRequest, CompleteVerdict, FailRequest, FailVerdict, RenewRequest, RenewVerdict, ResolveRequest,
    ResolveVerdict,
};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::Record;
use crate::store::memory::MemoryStore;
use crate::store::{Description, ListQuery, MEMORY, Store, StoreError, StoreFuture, SweepReport, TxConnection, Within};

/// Stands between a caller and any store, and lets calls fail as the test says: by number, next, always, held back, late.
/// It has no time and no chance in it. Clones are the same store.
///
/// What goes through the handle that [`Store::keeper`] gave has faults of its own
/// ([`keeper_faults`](Self::keeper_faults)), so that heartbeats can be cut while calls go on.
///
/// ```
/// # use idem_runtime as idem;
/// use idem::MemoryStore;
/// use idem::store::Store;
/// use idem::testing::{Fault, FaultStore, Op};
/// use std::sync::Arc;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let store = FaultStore::new(Arc::new(MemoryStore::new()));
/// store.faults().next(Op::Sweep, Fault::LoseReply);
/// assert!(store.sweep(10).await.is_err());
/// assert!(store.sweep(10).await.is_ok());
/// assert_eq!(store.faults().count(Op::Sweep), 2);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FaultStore {
    inner: Arc<dyn Store>,
    faults: Faults,
    keeper: Faults,
    /// The records behind, where the testing kit's transactions go over them.
    in_memory: Option<MemoryStore>,
}

impl FaultStore {
    /// Nothing fails yet.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, faults: Faults::new(), keeper: Faults::new(), in_memory: None }
    }

    /// The same over records in memory, which the testing kit's transactions take with them.
    pub(crate) fn over_memory(records: &MemoryStore) -> Self {
        Self { in_memory: Some(records.clone()), ..Self::new(Arc::new(records.clone())) }
    }

    /// What goes wrong with the calls of this handle.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What goes wrong with the calls of the keeper's handle. That the handle cannot be opened is a fault of
    /// [`Op::Keeper`] here in [`faults`](Self::faults).
    pub fn keeper_faults(&self) -> &Faults {
        &self.keeper
    }

    /// The store behind.
    pub fn inner(&self) -> &Arc<dyn Store> {
        &self.inner
    }

    /// One call. `late` makes the request that arrives when the caller has long given up.
    async fn call<'a, T>(
        &self,
        op: Op,
        key: Option<&Key>,
        send: impl FnOnce() -> StoreFuture<'a, T>,
        late: impl FnOnce(Arc<dyn Store>) -> Arrival,
    ) -> Result<T, StoreError> {
        let begun = self.faults.begin(op, key.map(ToString::to_string));
        let answer = match &begun.fault {
            None => send().await,
            Some(Fault::LoseRequest) => Err(lost("the request was lost")),
            Some(Fault::LoseReply) => send().await.and_then(|_| Err(lost("the reply was lost"))),
            Some(Fault::HoldRequest) => {
                self.faults.held(&begun).await;
                send().await
            }
            Some(Fault::HoldReply) => {
                let answer = send().await;
                self.faults.held(&begun).await;
                answer
            }
            Some(Fault::Late) => {
                self.faults.arrives_late(late(Arc::clone(&self.inner)));
                Err(lost("the request is late"))
            }
            Some(Fault::Error(error)) => Err(error.clone()),
        };
        let outcome = answer.as_ref().err().map_or_else(|| "answered".to_owned(), ToString::to_string);
        self.faults.end(&begun, outcome);
        answer
    }
}

fn lost(reason: &str) -> StoreError {
    StoreError::Unavailable { store: "a store with faults".into(), reason: reason.into() }
}

/// The late arrival of a request that was copied.
macro_rules! late {
    ($operation:ident($($argument:ident),*)) => {{
        $(let $argument = $argument.clone();)*
        move |store: Arc<dyn Store>| -> Arrival { Box::pin(async move { drop(store.$operation($(&$argument),*).await) }) }
    }};
}

/// Of a call that changes nothing, so that it need not arrive.
fn never(_: Arc<dyn Store>) -> Arrival {
    Box::pin(async {})
}

impl Store for FaultStore {
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
        Box::pin(self.call(Op::Claim, Some(&request.key), move || self.inner.claim(request), late!(claim(request))))
    }

    fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict> {
        Box::pin(self.call(Op::Admit, Some(&request.key), move || self.inner.admit(request), late!(admit(request))))
    }

    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
        let late = {
            let requests = requests.to_vec();
            move |store: Arc<dyn Store>| -> Arrival { Box::pin(async move { drop(store.renew(&requests).await) }) }
        };
        let key = requests.first().filter(|_| requests.len() == 1).map(|request| &request.key);
        Box::pin(self.call(Op::Renew, key, move || self.inner.renew(requests), late))
    }

    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(self.call(
            Op::Complete,
            Some(&request.claim.key),
            move || self.inner.complete(request),
            late!(complete(request)),
        ))
    }

    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
        Box::pin(self.call(Op::Fail, Some(&request.claim.key), move || self.inner.fail(request), late!(fail(request))))
    }

    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
        Box::pin(self.call(Op::Cancel, Some(&request.key), move || self.inner.cancel(request), late!(cancel(request))))
    }

    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
        let late = {
            let key = key.clone();
            move |store: Arc<dyn Store>| -> Arrival { Box::pin(async move { drop(store.clear(&key, force).await) }) }
        };
        Box::pin(self.call(Op::Clear, Some(key), move || self.inner.clear(key, force), late))
    }

    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
        Box::pin(self.call(
            Op::Resolve,
            Some(key),
            move || self.inner.resolve(key, request),
            late!(resolve(key, request)),
        ))
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        Box::pin(self.call(Op::Get, Some(key), move || self.inner.get(key), never))
    }

    fn now<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Timestamp> {
        Box::pin(self.call(Op::Now, Some(key), move || self.inner.now(key), never))
    }

    fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>> {
        Box::pin(self.call(Op::List, None, move || self.inner.list(query), never))
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, SweepReport> {
        let late = move |store: Arc<dyn Store>| -> Arrival { Box::pin(async move { drop(store.sweep(limit).await) }) };
        Box::pin(self.call(Op::Sweep, None, move || self.inner.sweep(limit), late))
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        Box::pin(self.call(Op::Describe, None, move || self.inner.describe(), never))
    }

    /// What goes over a caller's connection passes by.
    fn within<'a>(&'a self, connection: TxConnection<'a>) -> Result<Box<dyn Within + 'a>, TxConnection<'a>> {
        match (connection, &self.in_memory) {
            (TxConnection::Memory(transaction), Some(records)) => Ok(transaction.over(records)),
            (connection, _) => self.inner.within(connection),
        }
    }

    fn transactions(&self) -> Option<&'static str> {
        self.in_memory.as_ref().map_or_else(|| self.inner.transactions(), |_| Some(MEMORY))
    }

    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
        let opened = self.call(Op::Keeper, None, move || self.inner.keeper(), never);
        Box::pin(async move {
            let inner = opened.await?;
            let keeper: Arc<dyn Store> =
                Arc::new(Self { inner, faults: self.keeper.clone(), keeper: self.keeper.clone(), in_memory: None });
            Ok(keeper)
        })
    }
}
