//! Where the server is. The password is taken out of everything that is shown.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use crate::store::StoreError;

/// One server, a cluster, or whatever server the sentinels say.
#[derive(Clone)]
pub(crate) enum Address {
    Server(ConnectionInfo),
    #[cfg(feature = "redis-cluster")]
    Cluster(Vec<ConnectionInfo>),
    #[cfg(feature = "redis-sentinel")]
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        primary: String,
        server: ConnectionInfo,
    },
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`StoreError::Url`], which shows the scheme alone.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        if scheme != "unix" && rest.contains(['?', '#']) {
            return Err(StoreError::url(
                scheme,
                "has options after `?`, and takes none",
                "set them by `RedisStore::builder`",
            ));
        }
        match scheme {
            "redis" | "unix" => server(scheme, url).map(Self::Server),
            "rediss" if cfg!(not(feature = "tls-rustls")) => Err(no_tls(scheme)),
            "rediss" => server(scheme, url).map(Self::Server),
            "redis-cluster" | "rediss-cluster" => cluster(scheme, rest),
            "redis-sentinel" | "rediss-sentinel" => sentinel(scheme, rest),
            _ => Err(StoreError::url(
                scheme,
                "is not a scheme of a Redis store",
                "write `redis://HOST`, `rediss://HOST` or `unix:///PATH`",
            )),
        }
    }

    /// As people may see it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Server(server) => format!("{}/{}", place(server), server.redis_settings().db()),
            #[cfg(feature = "redis-cluster")]
            Self::Cluster(nodes) => format!("cluster {}", places(nodes)),
            #[cfg(feature = "redis-sentinel")]
            Self::Sentinel { sentinels, primary, .. } => format!("{primary} by sentinels {}", places(sentinels)),
        }
    }
}

fn place(server: &ConnectionInfo) -> String {
    match server.addr() {
        ConnectionAddr::TcpTls { host, port, .. } => format!("{host}:{port} (TLS)"),
        other => other.to_string(),
    }
}

#[cfg(any(feature = "redis-cluster", feature = "redis-sentinel"))]
fn places(servers: &[ConnectionInfo]) -> String {
    servers.iter().map(place).collect::<Vec<_>>().join(",")
}

fn server(scheme: &str, url: &str) -> Result<ConnectionInfo, StoreError> {
    #[cfg(feature = "tls-rustls")]
    if scheme.starts_with("rediss") {
        choose_ring();
    }
    url.into_connection_info().map_err(|_| {
        let mend = "write `redis://USER:PASSWORD@HOST:PORT/DATABASE`, with `%` and two hex digits for odd characters";
        StoreError::url(scheme, "does not read as the address of a server", mend)
    })
}

/// Without a provider of ciphers rustls panics at the first connection. One that is installed already stays.
#[cfg(feature = "tls-rustls")]
fn choose_ring() {
    _ = rustls::crypto::ring::default_provider().install_default();
}

fn no_tls(scheme: &str) -> StoreError {
    StoreError::url(scheme, "needs TLS, which is not compiled in", "build with the feature `tls-rustls`")
}

#[cfg(not(feature = "redis-cluster"))]
fn cluster(scheme: &str, _rest: &str) -> Result<Address, StoreError> {
    Err(StoreError::url(scheme, "is not compiled in", "build with the feature `redis-cluster`"))
}

#[cfg(feature = "redis-cluster")]
fn cluster(scheme: &str, rest: &str) -> Result<Address, StoreError> {
    let (servers, database) = several(scheme, rest)?;
    match database {
        "" => Ok(Address::Cluster(servers)),
        _ => Err(StoreError::url(
            scheme,
            "names a database, and a cluster has one",
            "write `redis-cluster://HOST:PORT,HOST:PORT`",
        )),
    }
}

#[cfg(not(feature = "redis-sentinel"))]
fn sentinel(scheme: &str, _rest: &str) -> Result<Address, StoreError> {
    Err(StoreError::url(scheme, "is not compiled in", "build with the feature `redis-sentinel`"))
}

/// `//USER:PASSWORD@HOST:PORT,HOST:PORT/NAME/DATABASE`: user and password are the server's.
#[cfg(feature = "redis-sentinel")]
fn sentinel(scheme: &str, rest: &str) -> Result<Address, StoreError> {
    let (servers, path) = several(scheme, rest)?;
    let (primary, database) = path.split_once('/').unwrap_or((path, ""));
    let mend = "write `redis-sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME/DATABASE`";
    if primary.is_empty() {
        return Err(StoreError::url(scheme, "does not name the primary that the sentinels watch", mend));
    }
    // A password with a slash ends here, and the primary's name is shown. The names that sentinels take have neither.
    if primary.contains(['@', ':']) {
        return Err(StoreError::url(scheme, "is followed by a primary with `@` or `:` in its name", mend));
    }
    let db = if database.is_empty() { Ok(0) } else { database.parse() };
    let db: i64 = db.map_err(|_| StoreError::url(scheme, "has a database that is no number", mend))?;
    let mut servers = servers.into_iter();
    let first = servers.next().ok_or_else(|| StoreError::url(scheme, "names no sentinel", mend))?;
    let login = first.redis_settings().clone().set_db(db);
    let sentinels = std::iter::once(first.clone()).chain(servers);
    let sentinels = sentinels.map(|sentinel| sentinel.set_redis_settings(redis::RedisConnectionInfo::default()));
    Ok(Address::Sentinel {
        sentinels: sentinels.collect(),
        primary: primary.to_owned(),
        server: first.set_redis_settings(login),
    })
}

/// Servers that share user and password, and what follows them.
#[cfg(any(feature = "redis-cluster", feature = "redis-sentinel"))]
fn several<'u>(scheme: &str, rest: &'u str) -> Result<(Vec<ConnectionInfo>, &'u str), StoreError> {
    let secure = scheme.starts_with("rediss");
    if secure && cfg!(not(feature = "tls-rustls")) {
        return Err(no_tls(scheme));
    }
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (servers, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, hosts) = servers.rsplit_once('@').map_or(("", servers), |(login, hosts)| (login, hosts));
    let at = if login.is_empty() { "" } else { "@" };
    let one = if secure { "rediss" } else { "redis" };
    let servers = hosts.split(',').map(|host| server(scheme, &format!("{one}://{login}{at}{host}")));
    Ok((servers.collect::<Result<_, _>>()?, path))
}
