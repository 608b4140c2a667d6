//! A store in a database of its own, whose records a test can make older.

#[path = "../mysql_support/mod.rs"]
mod database;
#[path = "../store_support/mod.rs"]
mod requests;
#[path = "../store_support/scenes.rs"]
mod scenes;

use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, Claimed};
use idem_runtime::{Key, MySqlStore, MySqlStoreBuilder, Store};
use sqlx::{AssertSqlSafe, MySqlConnection};

pub use self::database::*;
pub use self::requests::*;
pub use self::scenes::*;

/// A store and its database.
pub struct Bench {
    pub store: MySqlStore,
    pub database: Database,
}

impl Bench {
    pub async fn new() -> Self {
        let database = Database::new().await;
        Self { store: builder(&database).open().await.unwrap(), database }
    }

    /// Another store on the same tables.
    pub async fn neighbour(&self) -> MySqlStore {
        builder(&self.database).open().await.unwrap()
    }

    pub async fn sql(&self, sql: &str) -> u64 {
        self.database.sql(sql).await
    }

    /// Sets columns of one record.
    pub async fn set(&self, key: &Key, columns: &str) {
        let digest = literal(key.digest());
        assert_eq!(self.sql(&format!("UPDATE idem_records SET {columns} WHERE `key` = {digest}")).await, 1);
    }

    pub async fn count(&self) -> i64 {
        number(&mut self.database.raw().await, "SELECT COUNT(*) FROM idem_records").await
    }

    /// Makes every record so much older: the server's clock cannot be set.
    pub async fn age(&self, by: Duration) {
        let by = by.as_micros();
        let columns = ["lease_until", "retry_at", "created_at", "updated_at", "completed_at", "expires_at"];
        let set: Vec<_> = columns.iter().map(|column| format!("{column} = {column} - {by}")).collect();
        self.sql(&format!("UPDATE idem_records SET {}", set.join(", "))).await;
    }

    pub async fn claim(&self, request: &ClaimRequest) -> Claimed {
        claimed(self.store.claim(request).await.unwrap())
    }
}

pub fn builder(database: &Database) -> MySqlStoreBuilder {
    MySqlStore::builder(&database.url).max_connections(4)
}

/// The answer of a query for one number.
pub async fn number(raw: &mut MySqlConnection, query: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(raw).await.unwrap()
}
