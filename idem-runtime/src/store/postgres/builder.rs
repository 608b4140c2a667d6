//! Settings of a store, and its opening.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgPool};

use super::dialect::{self, Server};
use super::schema::{Opening, Place};
use super::statements::Statements;
use super::{PostgresStore, fault};
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

/// Settings of a [`PostgresStore`].
#[derive(Debug)]
#[must_use]
pub struct PostgresStoreBuilder {
    source: Source,
    schema: Option<String>,
    prefix: String,
    max_connections: usize,
    timeout: Duration,
}

enum Source {
    Url(String),
    Pool(PgPool),
}

impl PostgresStoreBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self::from(Source::Url(url.to_owned()))
    }

    pub(super) fn over(pool: PgPool) -> Self {
        Self::from(Source::Pool(pool))
    }

    fn from(source: Source) -> Self {
        let (max_connections, timeout) = (MAX_CONNECTIONS, TIMEOUT);
        Self { source, schema: None, prefix: "idem_".into(), max_connections, timeout }
    }

    /// The schema of the tables, which must exist; default the first of the role's `search_path`.
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
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
    /// As [`PostgresStore::connect`]; also [`StoreError::Schema`] for a name that cannot be one.
    ///
    /// # Cancel safety
    /// As [`PostgresStore::connect`].
    pub async fn open(self) -> Result<PostgresStore, StoreError> {
        let options = match &self.source {
            Source::Url(url) => parse(url)?,
            Source::Pool(pool) => (*pool.connect_options()).clone(),
        };
        let store = describe(&options);
        let names = [self.schema.as_deref().map(|schema| ("schema", schema)), Some(("table prefix", &*self.prefix))];
        for (what, given) in names.into_iter().flatten() {
            name::check(what, given).map_err(|reason| fault::schema(&store, reason))?;
        }
        let opened = tokio::time::timeout(OPENING, self.prepare(&options, &store)).await;
        let late = |_| fault::unavailable(&store, "it did not open in time: look at the server and the network".into());
        let place = opened.map_err(late)??;
        let table = place.table("records");
        let server = Server {
            options,
            timeout: self.timeout,
            name: store.into(),
            statements: Arc::new(Statements::of(&table)),
            table: table.into(),
        };
        let lender = match self.source {
            Source::Url(_) => Lender::own(self.max_connections),
            Source::Pool(pool) => Lender::Pool(pool),
        };
        Ok(PostgresStore { core: Arc::new(Core { dialect: server, lender }) })
    }

    async fn prepare(&self, options: &PgConnectOptions, store: &str) -> Result<Place, StoreError> {
        let fault = |error: sqlx::Error| fault::of(store, &error).error;
        let schema = self.schema.as_deref();
        match &self.source {
            Source::Url(_) => {
                let mut connection = dialect::connect(options, self.timeout).await.map_err(fault)?;
                let place = Opening { connection: &mut connection, store }.prepare(schema, &self.prefix).await?;
                connection.close().await.map_err(fault)?;
                Ok(place)
            }
            Source::Pool(pool) => {
                let mut connection = pool.acquire().await.map_err(fault)?;
                Opening { connection: &mut connection, store }.prepare(schema, &self.prefix).await
            }
        }
    }
}

/// What may stand in a URL: https://docs.rs/sqlx/0.9/sqlx/postgres/struct.PgConnectOptions.html
const FORM: Form = Form {
    schemes: &["postgres", "postgresql"],
    options: &[
        "sslmode",
        "ssl-mode",
        "sslrootcert",
        "ssl-root-cert",
        "ssl-ca",
        "sslcert",
        "ssl-cert",
        "sslkey",
        "ssl-key",
        "statement-cache-capacity",
        "host",
        "hostaddr",
        "port",
        "dbname",
        "user",
        "password",
        "application_name",
        "options",
    ],
    write: "write `postgres://user:password@host:port/database`, with special characters of user and password as %XX",
};

pub(crate) fn parse(url: &str) -> Result<PgConnectOptions, StoreError> {
    FORM.check(url)?;
    let refuse = |_| {
        FORM.refuse(
            "postgres",
            "is followed by what the driver takes for no address, or an option with a value that is none",
        )
    };
    let options = PgConnectOptions::from_str(url).map_err(refuse)?;
    let named = options.get_application_name().is_some();
    let options = if named { options } else { options.application_name("idem") };
    Ok(options.disable_statement_logging())
}

/// Where a server is, for messages: no user and no password.
pub(crate) fn describe(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let database = options.get_database().unwrap_or("(the user's own)");
    format!("the PostgreSQL store at {host}/{database}")
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Url(_) => "a URL",
            Self::Pool(_) => "a pool",
        })
    }
}
