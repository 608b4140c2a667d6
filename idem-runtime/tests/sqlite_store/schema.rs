//! The tables: frozen, made once, refused when newer.

use std::path::PathBuf;

use idem_runtime::{SqliteStore, Store, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};

use crate::support::{Bench, key};

const GOLDEN: &str = include_str!("../golden/sqlite_schema.sql");

#[tokio::test]
async fn the_tables_are_those_of_the_golden_file() {
    let bench = Bench::new().await;
    let master = "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name";
    let found: Vec<String> = sqlx::query_scalar(master).fetch_all(&mut bench.raw().await).await.unwrap();
    assert_eq!(found.join("\n\n") + "\n", GOLDEN);
    let steps: Vec<(i64, String)> =
        sqlx::query_as("SELECT version, name FROM idem_migrations").fetch_all(&mut bench.raw().await).await.unwrap();
    assert_eq!(steps, [(1, "records".to_owned())]);
}

#[tokio::test]
async fn operators_queries_and_the_sweep_use_the_indices() {
    let bench = Bench::new().await;
    let plans = [
        (
            "SELECT key FROM idem_records WHERE state = 'running' AND lease_until <= 5 ORDER BY lease_until",
            "idem_records_held (lease_until<?)",
        ),
        (
            "SELECT key FROM idem_records WHERE expires_at <= 5 AND (expires_at, key) > (1, x'00') ORDER BY expires_at, key LIMIT 5",
            "idem_records_expiring",
        ),
        ("SELECT key FROM idem_records WHERE key > x'00' ORDER BY key LIMIT 5", "PRIMARY KEY (key>?)"),
    ];
    for (query, index) in plans {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(explain).fetch_all(&mut bench.raw().await).await.unwrap();
        let plan: Vec<_> = plan.into_iter().map(|step| step.3).collect();
        assert!(plan.len() == 1 && plan[0].contains(index), "{query}: {plan:?}");
    }
}

#[tokio::test]
async fn tables_of_a_newer_version_are_refused() {
    let bench = Bench::new().await;
    bench.sql("INSERT INTO idem_migrations VALUES (7, 'the future', 0)").await;
    let refused = SqliteStore::open(bench.path()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Schema { .. }), "{refused:?}");
    let expected = format!(
        "the schema of the SQLite store at {} is not usable: its tables have version 7, this library knows up to 1: upgrade this process",
        bench.path().display()
    );
    assert_eq!(refused.to_string(), expected);
    assert!(bench.store.get(&key("t", 1)).await.unwrap().is_none(), "a process that is running goes on");
}

#[tokio::test]
async fn the_users_own_tables_and_settings_stay() {
    let (folder, path) = file();
    let mut user = raw(&path).await;
    let theirs = "PRAGMA user_version = 42; PRAGMA application_id = 7; CREATE TABLE _sqlx_migrations (a); INSERT INTO _sqlx_migrations VALUES (1)";
    sqlx::raw_sql(theirs).execute(&mut user).await.unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    crate::support::done(&store, key("t", 1), b"x").await;
    for (sql, expected) in
        [("PRAGMA user_version", 42), ("PRAGMA application_id", 7), ("SELECT count(*) FROM _sqlx_migrations", 1)]
    {
        let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut user).await.unwrap();
        assert_eq!(found, expected, "{sql}");
    }
    drop(folder);
}

#[tokio::test]
async fn somebody_elses_table_of_our_name_is_refused_and_left_alone() {
    let (_folder, path) = file();
    let mut user = raw(&path).await;
    sqlx::raw_sql("CREATE TABLE idem_records (a)").execute(&mut user).await.unwrap();
    let refused = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(refused, StoreError::Schema { .. }), "{refused:?}");
    assert!(refused.to_string().contains("table idem_records already exists"), "{refused}");
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master").fetch_all(&mut user).await.unwrap();
    assert_eq!(tables, ["idem_records"]);
}

#[tokio::test]
async fn a_table_that_is_gone_is_an_error_not_an_empty_store() {
    let bench = Bench::new().await;
    bench.sql("DROP TABLE idem_records").await;
    let refused = bench.store.get(&key("t", 1)).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Schema { reason, .. } if reason.contains("no such table")), "{refused:?}");
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("idem.db");
    (folder, path)
}

async fn raw(path: &PathBuf) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}
