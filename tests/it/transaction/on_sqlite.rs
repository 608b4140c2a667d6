//! An SQLite file with records and effects.

use std::sync::Arc;
use std::time::Duration;

use idem::sqlx::sqlite::SqliteConnectOptions;
use idem::sqlx::{self, ConnectOptions, Connection as _, Sqlite, SqliteConnection, Transaction};
use idem::{Runtime, SqliteStore, Store};

pub type Connection = SqliteConnection;
pub const BEGIN: &str = "BEGIN IMMEDIATE";
pub const INSERT: &str = "INSERT INTO effects (id) VALUES (?1)";

/// A file with records and effects.
pub struct Rows {
    pub runtime: Runtime,
    pub store: Arc<dyn Store>,
    folder: tempfile::TempDir,
    pool: sqlx::SqlitePool,
}

impl Rows {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("idem.db");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path).await.unwrap());
        let runtime = Runtime::builder().store(Arc::clone(&store)).namespace("it").build().unwrap();
        let options = SqliteConnectOptions::new().filename(&path).busy_timeout(Duration::from_secs(20));
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::raw_sql("CREATE TABLE effects (id INTEGER NOT NULL)").execute(&pool).await.unwrap();
        Self { runtime, store, folder, pool }
    }

    pub async fn begin(&self) -> Transaction<'static, Sqlite> {
        self.pool.begin_with(BEGIN).await.unwrap()
    }

    pub async fn connect(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.folder.path().join("idem.db")).connect().await.unwrap()
    }

    /// The effects that are committed.
    pub async fn visible(&self) -> Vec<i64> {
        sqlx::query_scalar("SELECT id FROM effects ORDER BY id").fetch_all(&self.pool).await.unwrap()
    }

    /// A rival waits at its `BEGIN IMMEDIATE`, which nobody can see: whatever comes first, the outcome is the same.
    pub async fn somebody_waits(&self) {
        tokio::task::yield_now().await;
    }

    pub async fn done(self) {
        self.pool.close().await;
        drop(self.connect().await.close().await);
    }
}
