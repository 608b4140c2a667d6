//! Settings of a store, and its opening.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::MySqlConnectOptions;
use sqlx::{ConnectOptions, Connection, MySqlPool};

use super::dialect::{self, Server};
use super::log::Log;
use super::schema::{Opening, Place, check_session};
use super::statements::Statements;
use super::{MySqlStore, fault};
use crate::store::StoreError;
use crate::store::sql::lend::Lender;
use crate::store::sql::name;
use crate::store::sql::run::Core;
use crate::store::sql::url::Form;

/// What a server of a few cores can work on at once; more connections wait for each other there.
const MAX_CONNECTIONS: usize = 10;

/// Far more than a statement takes, and less than a queue's usual patience with a worker.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The longest opening: tables may have to be made, behind other processes that start.
const OPENING: Duration = Duration::from_secs(30);

/// Settings of a [`MySqlStore`].
#[derive(Debug)]
#[must_use]
pub struct MySqlStoreBuilder {
    source: Source,
    prefix: String,
    max_connections: usize,
    timeout: Duration,
}

enum Source {
    Url(String),
    Pool(MySqlPool),
}

impl MySqlStoreBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self::from(Source::Url(url.to_owned()))
    }

    pub(super) fn over(pool: MySqlPool) -> Self {
        Self::from(Source::Pool(pool))
    }

    fn from(source: Source) -> Self {
        Self { source, prefix: "idem_".into(), max_connections: MAX_CONNECTIONS, timeout: TIMEOUT }
    }

    /// What the names of the tables begin with; default `idem_`.
    pub fn table_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How many connections the store opens at most, beside one or two for the heartbeats; default 10. A pool that was
    /// given has a limit of its own.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// How long an operation may take, with the waits for a connection and for locks; default 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Connects, and makes the tables where they are missing.
    ///
    /// # Errors
    /// As [`MySqlStore::connect`]; also [`StoreError::Schema`] for a prefix that cannot be one.
    ///
    /// # Cancel safety
    /// As [`MySqlStore::connect`].
    pub async fn open(self) -> Result<MySqlStore, StoreError> {
        let options = match &self.source {
            Source::Url(url) => parse(url)?,
            Source::Pool(pool) => bare((*pool.connect_options()).clone()),
        };
        let store = describe(&options);
        name::check("table prefix", &self.prefix).map_err(|reason| fault::schema(&store, reason))?;
        let opened = tokio::time::timeout(OPENING, self.prepare(&options, &store)).await;
        let late = |_| fault::unavailable(&store, "it did not open in time: look at the server and the network".into());
        let (place, shows_too_early) = opened.map_err(late)??;
        let table = place.table("records");
        let mut server = Server {
            options,
            timeout: self.timeout,
            name: store.into(),
            statements: Arc::new(Statements::of(&table)),
            table: table.into(),
            log: None,
        };
        if shows_too_early {
            server.log = Some(Arc::new(Log::of(server.clone())));
        }
        let lender = match self.source {
            Source::Url(_) => Lender::own(self.max_connections),
            Source::Pool(pool) => Lender::Pool(pool),
        };
        Ok(MySqlStore { core: Arc::new(Core { dialect: server, lender }) })
    }

    /// On a connection of our own also beside a pool: the lock under which tables are made goes with its connection. Where
    /// the tables are, and whether the server shows commits before it keeps them.
    async fn prepare(&self, options: &MySqlConnectOptions, store: &str) -> Result<(Place, bool), StoreError> {
        let fault = |error: sqlx::Error| fault::of(store, &error).error;
        if let Source::Pool(pool) = &self.source {
            check_session(&mut *pool.acquire().await.map_err(fault)?, store).await?;
        }
        let mut connection = dialect::connect(options, OPENING).await.map_err(fault)?;
        let mut opening = Opening { connection: &mut connection, store };
        let place = opening.prepare(&self.prefix).await?;
        let shows_too_early = opening.shows_too_early().await?;
        connection.close().await.map_err(fault)?;
        Ok((place, shows_too_early))
    }
}

/// What may stand in a URL: https://docs.rs/sqlx/0.9/sqlx/mysql/struct.MySqlConnectOptions.html
const FORM: Form = Form {
    schemes: &["mysql", "mariadb"],
    options: &[
        "sslmode",
        "ssl-mode",
        "sslca",
        "ssl-ca",
        "sslcert",
        "ssl-cert",
        "sslkey",
        "ssl-key",
        "charset",
        "collation",
        "statement-cache-capacity",
        "socket",
    ],
    write: "write `mysql://user:password@host:port/database`, with special characters of user and password as %XX",
};

pub(crate) fn parse(url: &str) -> Result<MySqlConnectOptions, StoreError> {
    FORM.check(url)?;
    let refuse = |_| {
        FORM.refuse(
            "mysql",
            "is followed by what the driver takes for no address, or an option with a value that is none",
        )
    };
    MySqlConnectOptions::from_str(url).map(bare).map_err(refuse)
}

/// The session's settings are ours, all in one statement.
fn bare(options: MySqlConnectOptions) -> MySqlConnectOptions {
    let bare = options.pipes_as_concat(false).no_engine_substitution(false).set_names(false).timezone(None);
    bare.disable_statement_logging()
}

/// Where a server is, for messages: no user and no password.
pub(crate) fn describe(options: &MySqlConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    format!("the MySQL store at {host}/{}", options.get_database().unwrap_or_default())
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Url(_) => "a URL",
            Self::Pool(_) => "a pool",
        })
    }
}
