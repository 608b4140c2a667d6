//! A database of MySQL or MariaDB with records and effects.

use std::str::FromStr as _;
use std::sync::Arc;

use idem::sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use idem::sqlx::{self, ConnectOptions, MySql, MySqlConnection, MySqlPool, Transaction};
use idem::{MySqlStore, Runtime, Store};

use crate::support::{Place, until};

pub type Connection = MySqlConnection;
pub const BEGIN: &str = "START TRANSACTION";
pub const INSERT: &str = "INSERT INTO effects (id) VALUES (?)";

pub struct Rows {
    pub runtime: Runtime,
    pub store: Arc<dyn Store>,
    options: MySqlConnectOptions,
    pool: MySqlPool,
    _place: Place,
}

impl Rows {
    pub async fn new() -> Self {
        Self::on(&idem_test_servers::mysql_url()).await
    }

    pub async fn on(server: &str) -> Self {
        let place = Place::mysql_on(server);
        let options = MySqlConnectOptions::from_str(&place.url).unwrap();
        let pool = MySqlPoolOptions::new().max_connections(8).connect_with(options.clone()).await.unwrap();
        sqlx::raw_sql("CREATE TABLE effects (id BIGINT NOT NULL) ENGINE = InnoDB").execute(&pool).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(MySqlStore::builder(&place.url).max_connections(2).open().await.unwrap());
        let runtime = Runtime::builder().store(Arc::clone(&store)).namespace("it").build().unwrap();
        Self { runtime, store, options, pool, _place: place }
    }

    pub async fn begin(&self) -> Transaction<'static, MySql> {
        self.pool.begin().await.unwrap()
    }

    pub async fn connect(&self) -> MySqlConnection {
        self.options.connect().await.unwrap()
    }

    /// The effects that are committed.
    pub async fn visible(&self) -> Vec<i64> {
        sqlx::query_scalar("SELECT id FROM effects ORDER BY id").fetch_all(&self.pool).await.unwrap()
    }

    /// A statement of somebody else in this database takes a second, which none does that does not wait. InnoDB's own
    /// list of transactions would say it at once, and crashed MariaDB 10.11 when it was read beside their ends.
    pub async fn somebody_waits(&self) {
        let waiting = "SELECT count(*) FROM information_schema.processlist
            WHERE db = DATABASE() AND command = 'Query' AND time >= 1 AND id <> CONNECTION_ID()";
        until("a duplicate waits for a lock", async || {
            // tidy: allow sleep: between looks, so that the server has time for others
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            sqlx::query_scalar::<_, i64>(waiting).fetch_one(&self.pool).await.unwrap() > 0
        })
        .await;
    }

    pub async fn done(self) {
        self.pool.close().await;
    }
}
