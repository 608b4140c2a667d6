//! The tables: frozen, and their indices used.

use sqlx::PgConnection;

use crate::support::{Bench, builder, done, key};

#[tokio::test]
async fn the_tables_are_those_of_the_golden_file() {
    let bench = Bench::new().await;
    let mut raw = bench.schema.raw().await;
    let mut found = String::new();
    for table in ["idem_migrations", "idem_records"] {
        let columns = "SELECT '    ' || attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
            FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum";
        let constraints = "SELECT '    ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass AND contype <> 'n' ORDER BY conname";
        let mut lines = lines(&mut raw, columns, table).await;
        lines.extend(self::lines(&mut raw, constraints, table).await);
        let options = "SELECT coalesce(' WITH (' || array_to_string(reloptions, ', ') || ')', '') FROM pg_class WHERE oid = $1::regclass";
        let options = self::lines(&mut raw, options, table).await.concat();
        found += &format!("CREATE TABLE {table} (\n{}\n){options};\n\n", lines.join(",\n"));
    }
    let indices = "SELECT indexdef || ';' FROM pg_indexes WHERE schemaname = $1 AND indexname NOT LIKE '%_pkey' ORDER BY indexname";
    found += &lines(&mut raw, indices, &bench.schema.name)
        .await
        .join("\n\n")
        .replace(&format!("{}.", bench.schema.name), "");
    assert_eq!(found + "\n", include_str!("../golden/postgres_schema.sql"));
    let steps: Vec<(i64, String)> =
        sqlx::query_as("SELECT version, name FROM idem_migrations").fetch_all(&mut raw).await.unwrap();
    assert_eq!(steps, [(1, "records".to_owned())]);
}

async fn lines(raw: &mut PgConnection, query: &'static str, of: &str) -> Vec<String> {
    sqlx::query_scalar(query).bind(of).fetch_all(raw).await.unwrap()
}

#[tokio::test]
async fn operators_queries_and_the_sweep_use_the_indices() {
    let bench = Bench::new().await;
    let plans = [
        ("state = 'running' AND lease_until <= 5 ORDER BY lease_until LIMIT 5", "idem_records_held"),
        (
            "expires_at <= 5 AND (expires_at, key) > (1, '\\x00') ORDER BY expires_at, key LIMIT 5",
            "idem_records_expiring",
        ),
        ("key > '\\x00' ORDER BY key LIMIT 5", "idem_records_pkey"),
    ];
    let mut raw = bench.schema.raw().await;
    sqlx::raw_sql("SET enable_seqscan = off; SET enable_sort = on").execute(&mut raw).await.unwrap();
    for (query, index) in plans {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN SELECT key FROM idem_records WHERE {query}"));
        let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut raw).await.unwrap();
        assert!(plan.iter().any(|step| step.contains(index)), "{query}: {plan:#?}");
    }
}

#[tokio::test]
async fn the_application_s_own_tables_stay() {
    let bench = Bench::new().await;
    bench.sql("CREATE TABLE _sqlx_migrations (a int); INSERT INTO _sqlx_migrations VALUES (1)").await;
    done(&builder(&bench.schema).open().await.unwrap(), key("t", 1), b"x").await;
    let theirs: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(&mut bench.schema.raw().await)
        .await
        .unwrap();
    assert_eq!(theirs, 1);
}
