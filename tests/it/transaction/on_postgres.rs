//! A schema of PostgreSQL with records and effects.

use std::str::FromStr as _;
use std::sync::Arc;

use idem::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use idem::sqlx::{self, AssertSqlSafe, ConnectOptions, PgConnection, PgPool, Postgres, Transaction};
use idem::{PostgresStore, Runtime, Store};

use crate::support::until;

pub type Connection = PgConnection;
pub const BEGIN: &str = "BEGIN";
pub const INSERT: &str = "INSERT INTO effects (id) VALUES ($1)";

pub struct Rows {
    pub runtime: Runtime,
    pub store: Arc<dyn Store>,
    pub schema: String,
    pub options: PgConnectOptions,
    pool: PgPool,
}

impl Rows {
    pub async fn new() -> Self {
        let url = idem_test_servers::postgres_url();
        let schema = format!("idem_it_{}", uuid::Uuid::new_v4().simple());
        // The name of the connections tells who waits for whom.
        let options = PgConnectOptions::from_str(&url).unwrap().application_name(&schema);
        let options = options.options([("search_path", schema.as_str())]);
        let pool = PgPoolOptions::new().max_connections(8).connect_with(options.clone()).await.unwrap();
        let made = format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.effects (id BIGINT NOT NULL)");
        sqlx::raw_sql(AssertSqlSafe(made)).execute(&pool).await.unwrap();
        let store: Arc<dyn Store> =
            Arc::new(PostgresStore::builder(&url).schema(schema.as_str()).max_connections(2).open().await.unwrap());
        let runtime = Runtime::builder().store(Arc::clone(&store)).namespace("it").build().unwrap();
        Self { runtime, store, schema, options, pool }
    }

    pub async fn begin(&self) -> Transaction<'static, Postgres> {
        self.pool.begin().await.unwrap()
    }

    pub async fn connect(&self) -> PgConnection {
        self.options.connect().await.unwrap()
    }

    /// The effects that are committed.
    pub async fn visible(&self) -> Vec<i64> {
        sqlx::query_scalar("SELECT id FROM effects ORDER BY id").fetch_all(&self.pool).await.unwrap()
    }

    pub async fn somebody_waits(&self) {
        let waiting =
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
        until("a duplicate waits for a lock", async || {
            sqlx::query_scalar(waiting).bind(&self.schema).fetch_one(&self.pool).await.unwrap()
        })
        .await;
    }

    pub async fn done(self) {
        let dropped = format!("DROP SCHEMA {} CASCADE", self.schema);
        sqlx::raw_sql(AssertSqlSafe(dropped)).execute(&self.pool).await.unwrap();
        self.pool.close().await;
    }
}
