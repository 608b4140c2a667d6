//! Making a connection, and getting to know the server on it.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, Pipeline, Value};

use super::address::Address;
use super::fault;
use super::link::{Reply, pipeline};
use super::shared::Shared;
use crate::clock::Timestamp;
use crate::store::StoreError;

/// The version of the names and of what is kept under them, and the beginning of the incarnation's value.
const LAYOUT: &str = "idem:1:";

/// The oldest server: the first that has `PEXPIRETIME` and scripts that may run where it is full.
const OLDEST: &str = "Redis 7.0 or Valkey is needed";

/// Which server of a cluster is asked; elsewhere there is one.
#[derive(Debug, Clone)]
pub(super) enum Node {
    OfTheKey,
    #[cfg(feature = "redis-cluster")]
    At {
        host: String,
        port: u16,
    },
}

/// Where commands go.
#[derive(Clone)]
pub(super) enum Wire {
    Server(MultiplexedConnection),
    #[cfg(feature = "redis-cluster")]
    Cluster(redis::cluster_async::ClusterConnection),
}

impl Wire {
    /// # Errors
    /// [`StoreError::Unavailable`] where there is no connection in time or the server refuses the password,
    /// [`StoreError::Schema`] where it cannot be used.
    pub(super) async fn connect(shared: &Shared) -> Result<Self, StoreError> {
        let wire = Self::open(shared).await.map_err(|error| fault::of(&shared.name, &error))?;
        wire.greet(shared).await?;
        Ok(wire)
    }

    /// Sends commands together; each has its reply.
    pub(super) async fn send(&self, node: &Node, commands: &Pipeline) -> redis::RedisResult<Vec<Reply>> {
        match (self, node) {
            (Self::Server(server), _) => commands.query_async(&mut server.clone()).await,
            #[cfg(feature = "redis-cluster")]
            (Self::Cluster(cluster), Node::OfTheKey) => commands.query_async(&mut cluster.clone()).await,
            #[cfg(feature = "redis-cluster")]
            (Self::Cluster(cluster), Node::At { host, port }) => {
                super::cluster::send(cluster, host, *port, commands).await
            }
        }
    }

    async fn open(shared: &Shared) -> redis::RedisResult<Self> {
        // A question's limit is that of its operation, which is not the connection's business.
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(shared.limits.connect)).set_response_timeout(None);
        match &shared.address {
            Address::Server(server) => {
                let client = client(server, shared)?;
                client.get_multiplexed_async_connection_with_config(&config).await.map(Self::Server)
            }
            #[cfg(feature = "redis-cluster")]
            Address::Cluster(nodes) => {
                super::cluster::client(nodes, shared)?.get_async_connection().await.map(Self::Cluster)
            }
            #[cfg(feature = "redis-sentinel")]
            Address::Sentinel { sentinels, primary, server } => {
                let client = super::sentinel::primary(sentinels, primary, server, shared)?.async_get_client().await?;
                client.get_multiplexed_async_connection_with_config(&config).await.map(Self::Server)
            }
        }
    }

    /// What time it is there, which life of it this is, and whether it compares and sets in one command.
    pub(super) async fn greet(&self, shared: &Shared) -> Result<(), StoreError> {
        let key = shared.names.incarnation();
        let life = format!("{LAYOUT}{}", fault::hex(&rand::random::<[u8; 16]>()));
        let mut commands = pipeline();
        commands.cmd("SET").arg(&key).arg(&life).arg("NX").arg("GET");
        commands.cmd("GET").arg(&key);
        commands.cmd("PEXPIRETIME").arg(&key);
        commands.cmd("TIME");
        // Never true: no value is of one byte. A server without the option says so, and none writes.
        commands.cmd("SET").arg(&key).arg(&life).arg("IFEQ").arg("?");
        let asked = shared.time.uptime();
        let replies = self.send(&Node::OfTheKey, &commands).await.map_err(|error| fault::of(&shared.name, &error))?;
        let Ok([set, get, ends, time, ifeq]) = <[Reply; 5]>::try_from(replies) else {
            return Err(fault::odd(&shared.name));
        };
        if let Err(error) = set.as_ref().or(ends.as_ref())
            && error.code() == Some("ERR")
        {
            return Err(fault::schema(&shared.name, format!("{OLDEST}; it says: {error}")));
        }
        match &set {
            Err(error) if fault::is_wrong_type(error) => return Err(taken(shared, &key)),
            // Full or a replica: what is there can be looked at all the same.
            Err(error) if !fault::is_full(error) => return Err(fault::of(&shared.name, error)),
            _ => {}
        }
        shared.time.learn(asked, server_time(time, shared)?);
        shared.ifeq.store(ifeq.is_ok(), std::sync::atomic::Ordering::Relaxed);
        match get.map_err(|error| fault::of(&shared.name, &error))? {
            Value::BulkString(found) if found.starts_with(LAYOUT.as_bytes()) => {
                shared.lives.found(&found);
                Ok(())
            }
            // Nothing could be written and nothing is there: the next connection looks again.
            Value::Nil => Ok(()),
            Value::BulkString(found) if found.starts_with(b"idem:") => {
                let found = String::from_utf8_lossy(&found).chars().take(16).collect::<String>();
                Err(fault::newer(&shared.name, &found))
            }
            _ => Err(taken(shared, &key)),
        }
    }
}

#[cfg(not(feature = "tls-rustls"))]
fn client(server: &ConnectionInfo, _shared: &Shared) -> redis::RedisResult<Client> {
    Client::open(server.clone())
}

#[cfg(feature = "tls-rustls")]
fn client(server: &ConnectionInfo, shared: &Shared) -> redis::RedisResult<Client> {
    match (server.addr(), certificates(shared)) {
        (redis::ConnectionAddr::TcpTls { .. }, Some(roots)) => Client::build_with_tls(server.clone(), roots),
        _ => Client::open(server.clone()),
    }
}

/// The authorities that the builder named.
#[cfg(feature = "tls-rustls")]
pub(super) fn certificates(shared: &Shared) -> Option<redis::TlsCertificates> {
    shared.roots.clone().map(|roots| redis::TlsCertificates { client_tls: None, root_cert: Some(roots) })
}

fn taken(shared: &Shared, key: &str) -> StoreError {
    fault::schema(&shared.name, format!("the key `{key}` holds something of somebody else: choose another prefix"))
}

/// Reads an answer to `TIME`.
///
/// # Errors
/// What the server said instead.
pub(super) fn server_time(reply: Reply, shared: &Shared) -> Result<Timestamp, StoreError> {
    let said = reply.map_err(|error| fault::of(&shared.name, &error))?;
    let (seconds, micros): (i64, i64) = redis::from_redis_value(said).map_err(|_| fault::odd(&shared.name))?;
    Ok(Timestamp::from_micros(seconds.saturating_mul(1_000_000).saturating_add(micros)))
}
