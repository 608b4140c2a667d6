//! A server of a test's own, a proxy before it, and a store on each side.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use idem_runtime::testing::proxy::Proxy;
use idem_runtime::{Key, Store, StoreError, connect};
use idem_test_servers::Server;
use tokio::time::timeout;

use crate::store_support::key;

/// A store that has not answered by then is blocked.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store that still says so long after its server is back that it is away is broken.
const BACK: Duration = Duration::from_secs(10);

pub struct Bench {
    /// The store under test: it speaks through the proxy.
    pub store: Arc<dyn Store>,
    pub proxy: Proxy,
    /// Another process, whose network is in order.
    pub other: Arc<dyn Store>,
    pub server: Box<dyn Deref<Target = Server> + Send + Sync>,
}

impl Bench {
    pub async fn new(server: Box<dyn Deref<Target = Server> + Send + Sync>) -> Self {
        let proxy = Proxy::before(server.url()).unwrap();
        let other = connect(server.url()).await.unwrap();
        let store = connect(&proxy.url(server.url()).unwrap()).await.unwrap();
        Self { store, proxy, other, server }
    }
}

/// A key that nobody has used.
pub fn new_key() -> Key {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    key("wire", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What a store answers, within bounds.
pub async fn answer<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("the store is blocked: no answer within {PATIENCE:?}"))
}

/// Until a store answers again whose server is back.
pub async fn back(store: &dyn Store) {
    let (began, nothing) = (Instant::now(), new_key());
    loop {
        match answer(store.get(&nothing)).await {
            Err(StoreError::Unavailable { .. }) if began.elapsed() < BACK => tokio::task::yield_now().await,
            answered => return assert_eq!(answered.unwrap(), None),
        }
    }
}
