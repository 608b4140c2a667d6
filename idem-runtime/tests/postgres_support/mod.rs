//! A schema of a test's own on the server of the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, reason = "helpers of tests, not all of them in each")]

use std::sync::atomic::{AtomicU32, Ordering};

use idem_test_servers::postgres_url;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

/// A connection of the test's own.
pub async fn connect(url: &str) -> PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    options.disable_statement_logging().connect().await.unwrap_or_else(|error| {
        panic!(
            "no PostgreSQL server for the tests ({error}): start one on 127.0.0.1:5432, or set IDEM_TEST_POSTGRES_URL"
        )
    })
}

/// A server's URL for another user, such as `name` or `name:password`.
pub fn with_user(url: &str, user: &str) -> String {
    let address = url.rsplit_once('@').map_or(url, |(_, address)| address);
    format!("postgres://{user}@{address}")
}

/// A schema, dropped with what is in it when its test ends.
pub struct Schema {
    pub name: String,
    pub url: String,
}

impl Schema {
    pub async fn new() -> Self {
        Self::on(postgres_url()).await
    }

    pub async fn on(url: String) -> Self {
        idem_test_log::listen();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("idem_test_{}_{number}_{:08x}", std::process::id(), rand::random::<u32>());
        let schema = Self { name, url };
        schema.sql(&format!("CREATE SCHEMA {}", schema.name)).await;
        schema
    }

    /// A connection that finds the tables of the schema.
    pub async fn raw(&self) -> PgConnection {
        let mut raw = connect(&self.url).await;
        let path = format!("SET search_path = {}", self.name);
        sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut raw).await.unwrap();
        raw
    }

    pub async fn sql(&self, sql: &str) {
        let mut raw = connect(&self.url).await;
        let sql = format!("SET search_path = {}; {sql}", self.name);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let (url, name) = (self.url.clone(), self.name.clone());
        let drop = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let Ok(mut raw) = url.parse::<PgConnectOptions>().unwrap().connect().await else { return };
                let drop = format!("SET client_min_messages = warning; DROP SCHEMA IF EXISTS {name} CASCADE");
                _ = sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut raw).await;
            });
        });
        _ = drop.join();
    }
}
