//! A store by its URL.

use std::sync::Arc;

use super::memory::MemoryStore;
use super::{Store, StoreError};

/// Opens the store that a URL names: `memory:`, `sqlite:PATH` (feature `sqlite`; `sqlite://PATH` is the same), or
/// `redis://…`, `rediss://…`, `unix://…` (feature `redis`; [`RedisStore`](crate::RedisStore) says what may follow).
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
/// store says when it is opened.
///
/// # Cancel safety
/// Safe: a store that was not handed out is closed.
pub async fn connect(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(refuse(url, "is no scheme", "a file is `sqlite:PATH`, memory is `memory:`"));
    };
    match scheme {
        "memory" if matches!(rest, "" | "//") => Ok(Arc::new(MemoryStore::new())),
        "memory" => Err(refuse(scheme, "has a path, and memory has none", "write `memory:`")),
        "sqlite" if rest.contains('?') => {
            Err(refuse(scheme, "has options after `?`, and takes none", "write the path alone; a missing file is made"))
        }
        "sqlite" => sqlite(rest.strip_prefix("//").unwrap_or(rest)).await,
        "redis" | "rediss" | "unix" | "redis-cluster" | "rediss-cluster" | "redis-sentinel" | "rediss-sentinel" => {
            redis(scheme, url).await
        }
        "postgres" | "postgresql" | "mysql" | "mariadb" => {
            Err(refuse(scheme, "is not available yet", "write `memory:` or `sqlite:PATH`"))
        }
        _ => Err(refuse(scheme, "is not a scheme of a store", "write `memory:` or `sqlite:PATH`")),
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(path: &str) -> Result<Arc<dyn Store>, StoreError> {
    if path.is_empty() {
        return Err(refuse("sqlite", "has no path", "write `sqlite:PATH`, such as `sqlite:idem.db`"));
    }
    Ok(Arc::new(super::sqlite::SqliteStore::open(path).await?))
}

#[cfg(not(feature = "sqlite"))]
async fn sqlite(_path: &str) -> Result<Arc<dyn Store>, StoreError> {
    Err(refuse("sqlite", "is not compiled in", "build with the feature `sqlite`"))
}

#[cfg(feature = "redis")]
async fn redis(_scheme: &str, url: &str) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(super::redis::RedisStore::connect(url).await?))
}

#[cfg(not(feature = "redis"))]
async fn redis(scheme: &str, _url: &str) -> Result<Arc<dyn Store>, StoreError> {
    Err(refuse(scheme, "is not compiled in", "build with the feature `redis`"))
}

/// Only the scheme is shown: the rest may hold a password.
fn refuse(scheme: &str, found: &'static str, mend: &'static str) -> StoreError {
    StoreError::Url { scheme: scheme.chars().take(32).collect(), found, mend }
}
