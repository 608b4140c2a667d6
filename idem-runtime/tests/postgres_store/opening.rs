//! Opening: many at once, by whoever may, and what stands in the way.

use idem_runtime::{PostgresStore, Store, StoreError};
use sqlx::PgPool;

use crate::support::{Bench, Schema, builder, done, key, with_user};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_that_open_at_once_one_makes_the_tables() {
    for _ in 0..5 {
        let schema = std::sync::Arc::new(Schema::new().await);
        let openers: Vec<_> = (0..10)
            .map(|n| {
                let schema = std::sync::Arc::clone(&schema);
                tokio::spawn(async move { done(&builder(&schema).open().await.unwrap(), key("t", n), b"x").await })
            })
            .collect();
        for opener in openers {
            opener.await.unwrap();
        }
        let steps: i64 = sqlx::query_scalar("SELECT count(*) FROM idem_migrations")
            .fetch_one(&mut schema.raw().await)
            .await
            .unwrap();
        assert_eq!(steps, 1);
    }
}

#[tokio::test]
async fn a_role_that_may_make_no_table_opens_those_that_are_there() {
    let schema = Schema::new().await;
    let (role, name) = (format!("{}_worker", schema.name), schema.name.clone());
    let url = with_user(&schema.url, &role);
    schema.sql(&format!("CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {name} TO {role}")).await;
    let open = || PostgresStore::builder(&url).schema(&name).open();
    let error = open().await.unwrap_err();
    assert!(matches!(&error, StoreError::ReadOnly { reason, .. } if reason.contains("CREATE")), "{error}");
    let owner = builder(&schema).open().await.unwrap();
    schema.sql(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {role}")).await;
    let error = open().await.unwrap_err();
    assert!(
        matches!(&error, StoreError::ReadOnly { reason, .. } if reason.contains("lacks INSERT, UPDATE, DELETE")),
        "{error}"
    );
    schema.sql(&format!("GRANT INSERT, UPDATE, DELETE ON {name}.idem_records TO {role}")).await;
    done(&open().await.unwrap(), key("t", 1), b"x").await;
    drop(owner);
    schema.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

#[tokio::test]
async fn tables_of_a_newer_version_are_refused() {
    let bench = Bench::new().await;
    bench.sql("INSERT INTO idem_migrations VALUES (2, 'of the future', 0)").await;
    let error = builder(&bench.schema).open().await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Schema { reason, .. } if reason.contains("version 2, this library knows up to 1")),
        "{error}"
    );
    done(&bench.store, key("t", 1), b"a store that is open goes on").await;
}

#[tokio::test]
async fn tables_that_are_gone_or_another_s_are_refused() {
    let bench = Bench::new().await;
    bench.sql("ALTER TABLE idem_records RENAME COLUMN label TO title").await;
    let error = bench.store.get(&key("t", 1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Schema { .. }), "{error}");
    bench.sql("DROP TABLE idem_records").await;
    for error in [bench.store.get(&key("t", 1)).await.unwrap_err(), builder(&bench.schema).open().await.unwrap_err()] {
        assert!(matches!(error, StoreError::Schema { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_written_does_not_open() {
    let bench = Bench::new().await;
    let url = format!("{}?options=-c%20default_transaction_read_only%3Don", bench.schema.url);
    let error = PostgresStore::builder(&url).schema(&bench.schema.name).open().await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");

    let pool = PgPool::connect(&url).await.unwrap();
    let error = PostgresStore::pool_builder(pool).schema(&bench.schema.name).open().await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
}

#[tokio::test]
async fn tables_apart_are_stores_apart() {
    let bench = Bench::new().await;
    let other = builder(&bench.schema).table_prefix("billing_").open().await.unwrap();
    done(&other, key("t", 1), b"x").await;
    assert_eq!(bench.store.get(&key("t", 1)).await.unwrap(), None);
    let tables = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = $1";
    let tables: String =
        sqlx::query_scalar(tables).bind(&bench.schema.name).fetch_one(&mut bench.schema.raw().await).await.unwrap();
    assert_eq!(tables, "billing_migrations billing_records idem_migrations idem_records");
}

#[tokio::test]
async fn what_is_wrong_with_an_address_is_said_and_no_password() {
    let url = idem_test_servers::postgres_url();
    let secret = with_user(&url, "nobody:hunter2");
    let cases = [
        (secret.clone(), "unavailable", "look at user and password"),
        (secret.replace("nobody", "postgres") + "_that_is_none", "unavailable", "create the database"),
        ("postgres://postgres:hunter2@127.0.0.1:1/x".into(), "unavailable", "127.0.0.1:1/x"),
        ("postgres://postgres:hunter2@[nonsense".into(), "url", "takes for no address"),
        ("mysql://root:hunter2@127.0.0.1/x".into(), "url", "is none of this database's"),
    ];
    for (url, kind, said) in cases {
        let builder = PostgresStore::builder(&url);
        let shown = format!("{builder:?}");
        let error = builder.open().await.unwrap_err();
        let found = match &error {
            StoreError::Unavailable { .. } => "unavailable",
            StoreError::Url { .. } => "url",
            _ => "other",
        };
        assert_eq!(found, kind, "{error}");
        assert!(error.to_string().contains(said), "{error}");
        assert!(!format!("{error} {error:?} {shown}").contains("hunter2"), "{error:?} {shown}");
    }
    for (schema, prefix) in [("no_such_schema", "idem_"), ("a\"b", "idem_"), ("public", "Idem-")] {
        let error = PostgresStore::builder(&url).schema(schema).table_prefix(prefix).open().await.unwrap_err();
        assert!(matches!(error, StoreError::Schema { .. }), "{error}");
    }
    let with_password = with_user(&url, "postgres:hunter2");
    let schema = Schema::on(with_password).await;
    let store = builder(&schema).open().await.unwrap();
    let shown = format!("{store:?} {:?}", store.describe().await.unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    let by_url = idem_runtime::connect(&format!("{}?options=-c%20search_path%3D{}", url, schema.name)).await.unwrap();
    done(&*by_url, key("t", 1), b"x").await;
    assert!(store.get(&key("t", 1)).await.unwrap().is_some(), "the schema of the search_path");
}
