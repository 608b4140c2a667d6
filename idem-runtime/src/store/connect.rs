//! A store by its URL.

use std::sync::Arc;

use super::memory::MemoryStore;
use super::{Store, StoreError};

const SCHEMES: &str = "write `memory:`, `sqlite:PATH`, `postgres://…`, `mysql://…` or `redis://…`";

/// Opens the store that a URL names:
///
/// | URL | feature | store |
/// |---|---|---|
/// | `memory:` | | `MemoryStore` |
/// | `sqlite:PATH`, `sqlite://PATH` | `sqlite` | `SqliteStore` |
/// | `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, `postgresql://…` | `postgres` | `PostgresStore` |
/// | `mysql://USER:PASSWORD@HOST:PORT/DATABASE`, `mariadb://…` | `mysql` | `MySqlStore` |
/// | `redis://:PASSWORD@HOST:PORT/DB`, `rediss://…`, `unix://…` | `redis` | `RedisStore` |
/// | `redis-cluster://HOST:PORT,HOST:PORT` | `redis-cluster` | `RedisStore` |
/// | `redis-sentinel://HOST:PORT/SERVICE` | `redis-sentinel` | `RedisStore` |
///
/// What may follow is said at the store. A tiered store is built of two:
/// [`TieredStore::new`](crate::TieredStore::new).
///
/// ```
/// # use idem_runtime as idem;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), idem::StoreError> {
/// let store = idem::connect("memory:").await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`StoreError::Url`] for an unknown scheme, a missing path, and a scheme whose feature is not compiled in; else what the
/// store says when it is opened. No error holds a password.
///
/// # Cancel safety
/// Safe: a store that was not handed out is closed.
pub async fn connect(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(StoreError::url(url, "is no scheme", SCHEMES));
    };
    match scheme {
        "memory" if matches!(rest, "" | "//") => Ok(Arc::new(MemoryStore::new())),
        "memory" => Err(StoreError::url(scheme, "has a path, and memory has none", "write `memory:`")),
        "sqlite" if rest.contains('?') => Err(StoreError::url(
            scheme,
            "has options after `?`, and takes none",
            "write the path alone; a missing file is made",
        )),
        "sqlite" => match rest.strip_prefix("//").unwrap_or(rest) {
            "" => Err(StoreError::url(scheme, "has no path", "write `sqlite:PATH`, such as `sqlite:idem.db`")),
            _ if rest.strip_prefix("//").is_some_and(has_password) => Err(StoreError::url(
                scheme,
                "has a user and a password, and a file has none",
                "write `sqlite:PATH`, such as `sqlite:idem.db`",
            )),
            path => sqlite(scheme, path).await,
        },
        "postgres" | "postgresql" => postgres(scheme, url).await,
        "mysql" | "mariadb" => mysql(scheme, url).await,
        "redis" | "rediss" | "unix" | "redis-cluster" | "rediss-cluster" | "redis-sentinel" | "rediss-sentinel" => {
            redis(scheme, url).await
        }
        _ => Err(StoreError::url(scheme, "is not a scheme of a store", SCHEMES)),
    }
}

/// Whether what stands for a server in other URLs begins with `USER:PASSWORD@`.
fn has_password(authority_and_path: &str) -> bool {
    let authority = authority_and_path.split('/').next().unwrap_or_default();
    authority.split_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// A function that opens a store where its feature is compiled in, and says which one it is where not.
macro_rules! driver {
    ($name:ident, $feature:literal, $open:expr) => {
        #[cfg(feature = $feature)]
        async fn $name(_scheme: &str, url: &str) -> Result<Arc<dyn Store>, StoreError> {
            Ok(Arc::new($open(url).await?))
        }

        #[cfg(not(feature = $feature))]
        async fn $name(scheme: &str, _url: &str) -> Result<Arc<dyn Store>, StoreError> {
            Err(StoreError::url(scheme, "is not compiled in", concat!("build with the feature `", $feature, "`")))
        }
    };
}

driver!(sqlite, "sqlite", super::sqlite::SqliteStore::open);
driver!(postgres, "postgres", super::postgres::PostgresStore::connect);
driver!(mysql, "mysql", super::mysql::MySqlStore::connect);
driver!(redis, "redis", super::redis::RedisStore::connect);
