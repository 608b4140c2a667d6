//! A database of a test's own on the server of the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, reason = "helpers of tests, not all of them in each")]

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, MySqlConnection, mysql::MySqlConnectOptions};

/// A connection of the test's own.
pub async fn connect(url: &str) -> MySqlConnection {
    let options: MySqlConnectOptions = url.parse().unwrap();
    options.disable_statement_logging().connect().await.unwrap_or_else(|error| {
        panic!("no MySQL server for the tests ({error}): start one on 127.0.0.1:3306, or set IDEM_TEST_MYSQL_URL")
    })
}

/// Bytes as they stand in a statement.
pub fn literal(bytes: &[u8]) -> String {
    format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// A server's URL with another database.
pub fn with_database(url: &str, database: &str) -> String {
    let (server, options) = url.split_once('?').map_or((url, None), |(server, options)| (server, Some(options)));
    let host = server.find("://").map_or(0, |at| at + 3);
    let end = server[host..].find('/').map_or(server.len(), |at| host + at);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{}/{database}{options}", &server[..end])
}

/// A database, dropped with what is in it when its test ends.
pub struct Database {
    pub name: String,
    pub url: String,
}

impl Database {
    pub async fn new() -> Self {
        Self::on(&idem_test_servers::mysql_url()).await
    }

    pub async fn on(server: &str) -> Self {
        idem_test_log::listen();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("idem_test_{}_{number}_{:08x}", std::process::id(), rand::random::<u32>());
        let mut raw = connect(server).await;
        // Whatever its character set, the tables have their own.
        let create = format!("CREATE DATABASE {name} CHARACTER SET latin1");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
        Self { url: with_database(server, &name), name }
    }

    /// A connection that finds the tables of the database.
    pub async fn raw(&self) -> MySqlConnection {
        connect(&self.url).await
    }

    /// Runs statements; how many rows they concerned.
    pub async fn sql(&self, sql: &str) -> u64 {
        let mut raw = self.raw().await;
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
        done.rows_affected()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (url, name) = (self.url.clone(), self.name.clone());
        let drop = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let Ok(mut raw) = url.parse::<MySqlConnectOptions>().unwrap().connect().await else { return };
                _ = sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).execute(&mut raw).await;
            });
        });
        _ = drop.join();
    }
}
