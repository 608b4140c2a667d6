//! A place of a test's own on each kind of store, by its URL; what was put there is gone with the value.
#![allow(dead_code, reason = "not every test uses all of it")]

#[cfg(any(feature = "postgres", feature = "mysql"))]
use idem::sqlx::{self, AssertSqlSafe, ConnectOptions, Connection as _};

/// What holds the records of a test.
pub struct Place {
    /// For `idem::connect`.
    pub url: String,
    kept: Kept,
}

enum Kept {
    Folder(tempfile::TempDir),
    #[cfg(feature = "postgres")]
    Schema {
        server: String,
        name: String,
    },
    #[cfg(feature = "mysql")]
    Database {
        server: String,
        name: String,
    },
    #[cfg(feature = "redis")]
    Server(idem_test_servers::Redis),
}

fn name() -> String {
    format!("idem_t_{}", uuid::Uuid::new_v4().simple())
}

impl Place {
    #[cfg(feature = "sqlite")]
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { url: format!("sqlite:{}", folder.path().join("idem.db").display()), kept: Kept::Folder(folder) }
    }

    #[cfg(feature = "postgres")]
    pub fn postgres() -> Self {
        let (server, name) = (idem_test_servers::postgres_url(), name());
        wait(postgres(&server, format!("CREATE SCHEMA {name}")));
        let and = if server.contains('?') { '&' } else { '?' };
        Self { url: format!("{server}{and}options[search_path]={name}"), kept: Kept::Schema { server, name } }
    }

    #[cfg(feature = "mysql")]
    pub fn mysql() -> Self {
        Self::mysql_on(&idem_test_servers::mysql_url())
    }

    #[cfg(feature = "mysql")]
    pub fn mysql_on(server: &str) -> Self {
        let (server, name) = (server.to_owned(), name());
        wait(mysql(&server, format!("CREATE DATABASE {name}")));
        let (address, options) = server.split_once('?').map_or((&*server, None), |(a, o)| (a, Some(o)));
        let (scheme, rest) = address.split_once("://").unwrap();
        let host = rest.split('/').next().unwrap();
        let options = options.map_or(String::new(), |options| format!("?{options}"));
        Self { url: format!("{scheme}://{host}/{name}{options}"), kept: Kept::Database { server, name } }
    }

    /// A server of its own: it starts in no time.
    #[cfg(feature = "redis")]
    pub fn redis() -> Self {
        let server = idem_test_servers::Redis::start(&[]);
        Self { url: server.url().to_owned(), kept: Kept::Server(server) }
    }

    /// The file, of the SQLite store.
    pub fn folder(&self) -> Option<&std::path::Path> {
        match &self.kept {
            Kept::Folder(folder) => Some(folder.path()),
            #[allow(unreachable_patterns, reason = "without servers")]
            _ => None,
        }
    }
}

#[cfg(feature = "postgres")]
async fn postgres(server: &str, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = server.parse::<sqlx::postgres::PgConnectOptions>()?.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}

#[cfg(feature = "mysql")]
async fn mysql(server: &str, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = server.parse::<sqlx::mysql::MySqlConnectOptions>()?.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}

/// On a thread of its own: the caller may be in a runtime, and a drop cannot await.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn wait(done: impl Future<Output = Result<(), sqlx::Error>> + Send) {
    std::thread::scope(|scope| {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        scope.spawn(move || runtime().block_on(done).unwrap()).join().unwrap();
    });
}

impl Drop for Place {
    fn drop(&mut self) {
        match &self.kept {
            Kept::Folder(_) => {}
            #[cfg(feature = "postgres")]
            Kept::Schema { server, name } => {
                let drop = format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {name} CASCADE");
                wait(postgres(server, drop));
            }
            #[cfg(feature = "mysql")]
            // A test that failed may have left a transaction open.
            Kept::Database { server, name } => {
                wait(mysql(server, format!("SET SESSION lock_wait_timeout = 5; DROP DATABASE IF EXISTS {name}")));
            }
            #[cfg(feature = "redis")]
            Kept::Server(_) => {}
        }
    }
}
