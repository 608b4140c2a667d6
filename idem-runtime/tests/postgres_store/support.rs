//! A store in a schema of its own, whose records a test can make older.

#[path = "../postgres_support/mod.rs"]
mod database;
#[path = "../store_support/mod.rs"]
mod requests;
#[path = "../store_support/scenes.rs"]
mod scenes;

use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, Claimed};
use idem_runtime::{PostgresStore, PostgresStoreBuilder, Store};

pub use self::database::*;
pub use self::requests::*;
pub use self::scenes::*;

/// A store and its schema.
pub struct Bench {
    pub store: PostgresStore,
    pub schema: Schema,
}

impl Bench {
    pub async fn new() -> Self {
        let schema = Schema::new().await;
        Self { store: builder(&schema).open().await.unwrap(), schema }
    }

    /// Another store on the same tables.
    pub async fn neighbour(&self) -> PostgresStore {
        builder(&self.schema).open().await.unwrap()
    }

    pub async fn sql(&self, sql: &str) {
        self.schema.sql(sql).await;
    }

    pub async fn count(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM idem_records").fetch_one(&mut self.schema.raw().await).await.unwrap()
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

pub fn builder(schema: &Schema) -> PostgresStoreBuilder {
    PostgresStore::builder(&schema.url).schema(&schema.name).max_connections(4)
}
