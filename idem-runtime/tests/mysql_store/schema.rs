//! The tables: frozen, and their indices used.

use sqlx::{AssertSqlSafe, Row};

use crate::support::{Bench, DAY, builder, done, key, number};

#[tokio::test]
async fn the_tables_are_those_of_the_golden_file() {
    let bench = Bench::new().await;
    let mut raw = bench.database.raw().await;
    // MariaDB shows how wide a number is, which means nothing.
    let columns = "SELECT CONCAT_WS(' ', table_name, column_name, REPLACE(column_type, '(20)', ''), IF(is_nullable = 'YES', NULL, 'NOT NULL'),
            collation_name) FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position";
    let indices = "SELECT CONCAT_WS(' ', table_name, IF(non_unique, 'index', 'unique index'), index_name, seq_in_index, column_name)
        FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index";
    let tables = "SELECT CONCAT_WS(' ', table_name, engine, row_format, table_collation)
        FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name";
    let mut found = Vec::new();
    for query in [tables, columns, indices] {
        found.extend(sqlx::query_scalar::<_, String>(query).fetch_all(&mut raw).await.unwrap());
    }
    assert_eq!(found.join("\n") + "\n", include_str!("../golden/mysql_schema.txt"));
    let steps: Vec<(i64, String)> =
        sqlx::query_as("SELECT version, name FROM idem_migrations").fetch_all(&mut raw).await.unwrap();
    assert_eq!(steps, [(1, "records".to_owned())]);
}

#[tokio::test]
async fn the_sweep_and_pages_use_the_indices() {
    let bench = Bench::new().await;
    done(&bench.store, key("t", 1), b"x").await;
    for _ in 0..10 {
        let more = "INSERT INTO idem_records SELECT UNHEX(SHA2(CONCAT(`key`, (SELECT COUNT(*) FROM idem_records)), 256)), label, task,
            version, scope_label, IF(RAND() < 0.1, 'running', state), owner, fence, attempt, IF(RAND() < 0.1, fence, NULL), longest_lease,
            fingerprint, host, process, trace, on_stale, max_attempts, grace, error, retry_at, created_at, updated_at, completed_at,
            expires_at + RAND() * 1000000, format, no_result, result, revision FROM idem_records";
        bench.sql(more).await;
    }
    bench.age(DAY / 2).await;
    let plans = [
        (
            "lease_until <= 5 AND state = 'running' AND (expires_at IS NULL OR expires_at > 5) ORDER BY lease_until LIMIT 50",
            "held",
        ),
        (
            "expires_at <= 5 AND expires_at >= 1 AND (expires_at > 1 OR `key` > x'00') ORDER BY expires_at, `key` LIMIT 50",
            "expiring",
        ),
        ("`key` > x'00' AND (expires_at IS NULL OR expires_at > 5) ORDER BY `key` LIMIT 50", "PRIMARY"),
    ];
    let mut raw = bench.database.raw().await;
    sqlx::raw_sql("ANALYZE TABLE idem_records").execute(&mut raw).await.unwrap();
    for (query, index) in plans {
        let clock = number(&mut raw, "SELECT UNIX_TIMESTAMP() * 1000000").await.to_string();
        let explain = format!(
            "EXPLAIN FORMAT = TRADITIONAL SELECT * FROM idem_records WHERE {}",
            query.replace(" 5 ", &format!(" {clock} "))
        );
        let plan = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_one(&mut raw).await.unwrap();
        let (used, extra): (Option<String>, String) = (plan.get("key"), plan.get("Extra"));
        assert_eq!(used.as_deref(), Some(index), "{query}");
        assert!(!extra.contains("filesort"), "{query}: {extra}");
    }
}

#[tokio::test]
async fn the_application_s_own_tables_stay() {
    let bench = Bench::new().await;
    bench.sql("CREATE TABLE _sqlx_migrations (a int); INSERT INTO _sqlx_migrations VALUES (1)").await;
    done(&builder(&bench.database).open().await.unwrap(), key("t", 1), b"x").await;
    assert_eq!(number(&mut bench.database.raw().await, "SELECT COUNT(*) FROM _sqlx_migrations").await, 1);
}
