//! Results encrypted before any store sees them.

mod seal;
mod within;

use std::sync::Arc;

use self::seal::Keys;
pub use self::seal::{EncryptionKey, EncryptionKeyError};
use self::within::EncryptedWithin;
use super::within::{TxConnection, Within};
use super::{Description, IntoStore, ListQuery, Setting, Store, StoreError, StoreFuture, SweepReport};
use crate::claim::{
    AdmitRequest, AdmitVerdict, CancelRequest, CancelVerdict, ClaimRequest, ClaimVerdict, ClearVerdict,
    CompleteRequest, CompleteVerdict, FailRequest, FailVerdict, RenewRequest, RenewVerdict, ResolveRequest,
    ResolveVerdict,
};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::{Record, StoredResult};

/// A store that keeps results encrypted and authenticated (XChaCha20-Poly1305, RFC 8439 with the nonce of 24 random bytes),
/// in front of any other: whoever reads its tables, its cache or its backup sees no result, and a result that was changed
/// there, or put under another key, is an error and never a value.
///
/// Encrypted are results, those of steps included. Not encrypted are keys (for arguments that can be guessed there is
/// [`Secret`](crate::key::Secret)), the messages of failures, and who made a claim.
///
/// ```
/// # use idem_runtime as idem;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use idem::{EncryptedStore, EncryptionKey, MemoryStore, Runtime};
/// # let (this_month, last_month) = ([1; 32], [2; 32]);
/// let store = EncryptedStore::new(MemoryStore::new(), EncryptionKey::new("2026-11", &this_month)?)
///     .older_key(EncryptionKey::new("2026-10", &last_month)?); // until the results kept under it are over
/// let runtime = Runtime::builder().store(store).build()?;
/// # let _ = runtime; Ok(()) }
/// ```
///
/// In front of a [`TieredStore`](super::super::TieredStore) it stands outside, so that the cache has no plain result either.
#[derive(Debug, Clone)]
pub struct EncryptedStore {
    inner: Arc<dyn Store>,
    keys: Arc<Keys>,
}

impl EncryptedStore {
    /// Encrypts with this key what this store keeps.
    pub fn new(store: impl IntoStore, key: EncryptionKey) -> Self {
        let keys = Keys { current: key, older: Vec::new(), accept_plain: false };
        Self { inner: store.into_store(), keys: Arc::new(keys) }
    }

    /// A key that opens results which were kept under it, and closes none: after a change of keys, until those are over.
    pub fn older_key(mut self, key: EncryptionKey) -> Self {
        Arc::make_mut(&mut self.keys).older.push(key);
        self
    }

    /// Takes results that are not encrypted, too: while those last that were kept before encryption was on. Whoever can write to
    /// the store can give any result then.
    pub fn accept_plain(mut self) -> Self {
        Arc::make_mut(&mut self.keys).accept_plain = true;
        self
    }
}

impl Keys {
    /// The record with its result as it was given.
    ///
    /// # Errors
    /// [`StoreError::Encrypted`].
    fn opened(&self, record: Arc<Record>) -> Result<Arc<Record>, StoreError> {
        let Some(StoredResult::Envelope(envelope)) = &record.result else { return Ok(record) };
        let refused = |reason| StoreError::Encrypted { key: record.key.to_string(), reason };
        let plain = self.open(record.key.digest(), envelope).map_err(refused)?;
        let mut record = Arc::unwrap_or_clone(record);
        record.result = Some(StoredResult::Envelope(plain));
        Ok(Arc::new(record))
    }

    /// The result as the store is to keep it.
    ///
    /// # Errors
    /// [`StoreError::Encrypted`] for more than the cipher can take, 256 GiB.
    fn closed(&self, key: &Key, result: &StoredResult) -> Result<StoredResult, StoreError> {
        let StoredResult::Envelope(envelope) = result else { return Ok(result.clone()) };
        let sealed = self.current.seal(key.digest(), envelope).ok_or_else(|| StoreError::Encrypted {
            key: key.to_string(),
            reason: "it is too large to be encrypted: bound it with `max_result`".into(),
        })?;
        Ok(StoredResult::Envelope(sealed))
    }

    fn claimed(&self, verdict: ClaimVerdict) -> Result<ClaimVerdict, StoreError> {
        match verdict {
            ClaimVerdict::Completed(record) => self.opened(record).map(ClaimVerdict::Completed),
            other => Ok(other),
        }
    }

    /// The same completion, as the store is to keep it.
    fn completion(&self, request: &CompleteRequest) -> Result<CompleteRequest, StoreError> {
        let result = self.closed(&request.claim.key, &request.result)?;
        Ok(CompleteRequest { result, ..request.clone() })
    }

    fn completed(&self, verdict: CompleteVerdict) -> Result<CompleteVerdict, StoreError> {
        match verdict {
            CompleteVerdict::Completed { record, restored } => {
                Ok(CompleteVerdict::Completed { record: self.opened(record)?, restored })
            }
            lost => Ok(lost),
        }
    }
}

impl Store for EncryptedStore {
    fn claim<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, ClaimVerdict> {
        Box::pin(async { self.keys.claimed(self.inner.claim(request).await?) })
    }

    fn admit<'a>(&'a self, request: &'a AdmitRequest) -> StoreFuture<'a, AdmitVerdict> {
        Box::pin(async {
            match self.inner.admit(request).await? {
                AdmitVerdict::Completed(record) => self.keys.opened(record).map(AdmitVerdict::Completed),
                other => Ok(other),
            }
        })
    }

    fn renew<'a>(&'a self, requests: &'a [RenewRequest]) -> StoreFuture<'a, Vec<Result<RenewVerdict, StoreError>>> {
        self.inner.renew(requests)
    }

    fn complete<'a>(&'a self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(async { self.keys.completed(self.inner.complete(&self.keys.completion(request)?).await?) })
    }

    fn fail<'a>(&'a self, request: &'a FailRequest) -> StoreFuture<'a, FailVerdict> {
        self.inner.fail(request)
    }

    fn cancel<'a>(&'a self, request: &'a CancelRequest) -> StoreFuture<'a, CancelVerdict> {
        self.inner.cancel(request)
    }

    fn clear<'a>(&'a self, key: &'a Key, force: bool) -> StoreFuture<'a, ClearVerdict> {
        self.inner.clear(key, force)
    }

    fn resolve<'a>(&'a self, key: &'a Key, request: &'a ResolveRequest) -> StoreFuture<'a, ResolveVerdict> {
        Box::pin(async move {
            let ResolveRequest::Completed(result, retention) = request else {
                return self.inner.resolve(key, request).await;
            };
            let closed = ResolveRequest::Completed(self.keys.closed(key, result)?, *retention);
            self.inner.resolve(key, &closed).await
        })
    }

    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        Box::pin(async { self.inner.get(key).await?.map(|record| self.keys.opened(record)).transpose() })
    }

    /// Results that do not open are shown as the store keeps them, so that one does not hide the others.
    fn list<'a>(&'a self, query: &'a ListQuery) -> StoreFuture<'a, Vec<Arc<Record>>> {
        Box::pin(async {
            let open = |record: Arc<Record>| self.keys.opened(Arc::clone(&record)).unwrap_or(record);
            Ok(self.inner.list(query).await?.into_iter().map(open).collect())
        })
    }

    fn sweep(&self, limit: usize) -> StoreFuture<'_, SweepReport> {
        self.inner.sweep(limit)
    }

    fn now<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Timestamp> {
        self.inner.now(key)
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        Box::pin(async {
            let mut described = self.inner.describe().await?;
            let plain = if self.keys.accept_plain { "; plain ones are taken, too" } else { "" };
            let value = format!("with the key `{}`{plain}", self.keys.current.id());
            described.settings.insert(0, Setting { name: "results encrypted".into(), value, harm: None });
            Ok(described)
        })
    }

    fn within<'a>(&'a self, connection: TxConnection<'a>) -> Result<Box<dyn Within + 'a>, TxConnection<'a>> {
        let inner = self.inner.within(connection)?;
        Ok(Box::new(EncryptedWithin { inner, keys: Arc::clone(&self.keys) }))
    }

    fn transactions(&self) -> Option<&'static str> {
        self.inner.transactions()
    }

    fn keeper(&self) -> StoreFuture<'_, Arc<dyn Store>> {
        Box::pin(async {
            let keeper: Arc<dyn Store> =
                Arc::new(Self { inner: self.inner.keeper().await?, keys: Arc::clone(&self.keys) });
            Ok(keeper)
        })
    }
}
