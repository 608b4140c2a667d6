//! The worker's own connections to the database whose transactions hold claim, effect and result.

use std::time::Duration;

use idem::sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use idem::sqlx::postgres::{PgPool, PgPoolOptions};
use idem::sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use super::handlers::{Failure, transfer_mysql, transfer_postgres, transfer_sqlite};
use crate::wire::{Answer, Message, StoreAt};

/// How long a transaction waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
const CONNECTIONS: u32 = 4;

pub enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
    MySql(MySqlPool),
}

impl Database {
    /// Of a store that has transactions. Nothing is connected yet.
    pub fn of(store: &StoreAt) -> anyhow::Result<Option<Self>> {
        let postgres = |url: &str| {
            let options = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
            options.connect_lazy(url).map(Self::Postgres)
        };
        Ok(Some(match store {
            StoreAt::Sqlite(path) => {
                let options = SqlitePoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
                let file = SqliteConnectOptions::new().filename(path).busy_timeout(PATIENCE);
                Self::Sqlite(options.connect_lazy_with(file))
            }
            StoreAt::Postgres(url) | StoreAt::Tiered { durable: url, .. } => postgres(url)?,
            StoreAt::MySql(url) => {
                let options = MySqlPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
                Self::MySql(options.connect_lazy(url)?)
            }
            StoreAt::Redis(_) | StoreAt::Replicated(_) => return Ok(None),
        }))
    }

    /// Claim, row and result in one transaction; the answer is one once it is committed.
    pub async fn transact(&self, message: Message) -> Result<Answer, Failure> {
        let key = message.key;
        let outcome = match self {
            Self::Sqlite(pool) => {
                // A transaction that begins by reading cannot wait for another writer.
                let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
                let outcome = transfer_sqlite::call(&mut tx, key, message).await?;
                tx.commit().await?;
                outcome
            }
            Self::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                let outcome = transfer_postgres::call(&mut tx, key, message).await?;
                tx.commit().await?;
                outcome
            }
            Self::MySql(pool) => {
                let mut tx = pool.begin().await?;
                let outcome = transfer_mysql::call(&mut tx, key, message).await?;
                tx.commit().await?;
                outcome
            }
        };
        Ok(super::handlers::answer_of(&outcome))
    }
}
