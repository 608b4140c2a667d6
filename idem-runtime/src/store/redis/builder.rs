//! Settings of a store, and its opening.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::RedisStore;
use super::address::Address;
use super::link::Link;
use super::names::Names;
use super::shared::{Limits, Lives, Replicas, Shared};
use super::time::ServerTime;
use crate::clock::{Clock, SystemClock};
use crate::store::StoreError;

/// Far more than a command takes, and short beside a lease: a server that is away is said to be so while there is time.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Enough for a handshake with TLS across an ocean.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Settings of a [`RedisStore`].
#[must_use]
pub struct RedisStoreBuilder {
    url: String,
    prefix: String,
    limits: Limits,
    #[cfg(feature = "tls-rustls")]
    roots: Option<Vec<u8>>,
    replicas: Option<Replicas>,
    clock: Arc<dyn Clock>,
}

impl RedisStoreBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            prefix: "idem".into(),
            limits: Limits { response: RESPONSE_TIMEOUT, connect: CONNECT_TIMEOUT },
            #[cfg(feature = "tls-rustls")]
            roots: None,
            replicas: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// What the names of all keys begin with; default `idem`. Up to 64 letters, digits and `_-.:/`. Stores with different
    /// prefixes share a server and no record.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The most that an operation takes, reconnecting and asking again included; default 2 seconds. Listing and sweeping are
    /// many operations. Keep it well below the lease, so that there is time left to ask again.
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.limits.response = timeout;
        self
    }

    /// The most that making a connection takes; default 1 second.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.limits.connect = timeout;
        self
    }

    /// A claim and a completion are answered only when so many replicas have acknowledged them, else the answer is
    /// [`StoreError::Unavailable`]; default none. A failover to one of these replicas then takes back no answered claim. It may
    /// take back heartbeats, which are not waited for, and what a duplicate was told.
    ///
    /// The price: a second round trip for each claim that is granted and for each completion, and in it the wait for the
    /// replicas, during which the connection answers nothing else. With fewer replicas than `replicas` at work, nothing is
    /// granted. `timeout` must be shorter than the time that an operation has ([`RedisStoreBuilder::response_timeout`]).
    pub fn wait_replicas(mut self, replicas: u32, timeout: Duration) -> Self {
        self.replicas = (replicas > 0).then_some(Replicas { count: replicas, timeout });
        self
    }

    /// The certificate of the authority that signed the server's, as PEM, in place of the public authorities. For `rediss://`
    /// with an authority of your own; the server's certificate is always verified.
    #[cfg(feature = "tls-rustls")]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// The clock whose uptime is measured against the server's time; default the machine's. Its wall clock is not read.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Connects, and sees that the server can be used.
    ///
    /// # Errors
    /// As [`RedisStore::connect`].
    ///
    /// # Cancel safety
    /// As [`RedisStore::connect`].
    pub async fn connect(self) -> Result<RedisStore, StoreError> {
        let address = Address::parse(&self.url)?;
        let name = format!("the Redis store at {}", address.shown());
        let names = Names::new(&self.prefix, &name)?;
        if let Some(replicas) = self.replicas.filter(|replicas| replicas.timeout >= self.limits.response) {
            let [wait, whole] = [replicas.timeout, self.limits.response].map(humantime::format_duration);
            let reason =
                format!("`wait_replicas` waits {wait}, an operation has {whole}: raise `response_timeout` above it");
            return Err(super::fault::schema(&name, reason));
        }
        let shared = Shared {
            name,
            address,
            names,
            limits: self.limits,
            #[cfg(feature = "tls-rustls")]
            roots: self.roots,
            replicas: self.replicas,
            time: ServerTime::new(self.clock),
            ifeq: AtomicBool::new(false),
            lives: Lives::default(),
        };
        RedisStore::over(Arc::new(Link::new(Arc::new(shared)))).await
    }
}

/// Without the URL, which may hold a password.
impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("prefix", &self.prefix)
            .field("limits", &self.limits)
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}
