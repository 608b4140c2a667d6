//! Opening: many at once, by whoever may, and what stands in the way.

use std::sync::Arc;

use idem_runtime::{MySqlStore, Store, StoreError};
use idem_test_servers::mysql_url;

use crate::support::{Bench, Database, builder, done, key, number, with_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_that_open_at_once_one_makes_the_tables() {
    for _ in 0..3 {
        let database = Arc::new(Database::new().await);
        let opener = |n| {
            let database = Arc::clone(&database);
            tokio::spawn(async move { done(&builder(&database).open().await.unwrap(), key("t", n), b"x").await })
        };
        for opener in (0..10).map(opener).collect::<Vec<_>>() {
            opener.await.unwrap();
        }
        assert_eq!(number(&mut database.raw().await, "SELECT COUNT(*) FROM idem_migrations").await, 1);
    }
}

/// Tables are committed one by one: an opening that dies between them is finished by the next.
#[tokio::test]
async fn tables_that_were_made_and_not_entered_are_entered() {
    let bench = Bench::new().await;
    done(&bench.store, key("t", 1), b"x").await;
    bench.sql("DELETE FROM idem_migrations").await;
    assert!(bench.neighbour().await.get(&key("t", 1)).await.unwrap().is_some());
    assert_eq!(number(&mut bench.database.raw().await, "SELECT MAX(version) FROM idem_migrations").await, 1);
}

#[tokio::test]
async fn a_user_who_may_make_no_table_opens_those_that_are_there() {
    let database = Database::new().await;
    let (name, user) = (&database.name, format!("w{:08x}", rand::random::<u32>()));
    let url = database.url.replace("root@", &format!("{user}@"));
    database.sql(&format!("CREATE USER {user}; GRANT SELECT ON {name}.* TO {user}")).await;
    let refused = async |said: &str| {
        let error = MySqlStore::connect(&url).await.unwrap_err();
        assert!(matches!(&error, StoreError::ReadOnly { reason, .. } if reason.contains(said)), "{error}");
    };
    refused("CREATE command denied").await;
    let owner = builder(&database).open().await.unwrap();
    for (missing, right) in [("INSERT", "INSERT"), ("UPDATE", "UPDATE"), ("DELETE", "DELETE")] {
        refused(&format!("{missing} command denied")).await;
        database.sql(&format!("GRANT {right} ON {name}.idem_records TO {user}")).await;
    }
    done(&MySqlStore::connect(&url).await.unwrap(), key("t", 1), b"x").await;
    assert!(owner.get(&key("t", 1)).await.unwrap().is_some());
    database.sql(&format!("DROP USER {user}")).await;
}

#[tokio::test]
async fn tables_of_a_newer_version_are_refused() {
    let bench = Bench::new().await;
    bench.sql("INSERT INTO idem_migrations VALUES (2, 'of the future', 0)").await;
    let error = builder(&bench.database).open().await.unwrap_err();
    let said = "version 2, this library knows up to 1";
    assert!(matches!(&error, StoreError::Schema { reason, .. } if reason.contains(said)), "{error}");
    done(&bench.store, key("t", 1), b"a store that is open goes on").await;
}

#[tokio::test]
async fn tables_that_are_gone_or_another_s_are_refused() {
    let bench = Bench::new().await;
    let is_refused = |error: StoreError| assert!(matches!(error, StoreError::Schema { .. }), "{error}");
    bench.sql("ALTER TABLE idem_records CHANGE label title LONGTEXT").await;
    is_refused(bench.store.get(&key("t", 1)).await.unwrap_err());
    bench.sql("DROP TABLE idem_records").await;
    is_refused(bench.store.get(&key("t", 1)).await.unwrap_err());
    is_refused(builder(&bench.database).open().await.unwrap_err());
}

#[tokio::test]
async fn a_table_that_another_engine_keeps_is_refused() {
    let bench = Bench::new().await;
    bench.sql("ALTER TABLE idem_records ENGINE = MyISAM").await;
    let error = builder(&bench.database).open().await.unwrap_err();
    assert!(matches!(&error, StoreError::Schema { reason, .. } if reason.contains("ENGINE = InnoDB")), "{error}");
    let settings = bench.store.describe().await.unwrap().settings;
    let engine = settings.iter().find(|setting| setting.name == "engine").unwrap();
    assert!(engine.value == "MyISAM" && engine.harm.is_some(), "{engine:?}");
}

#[tokio::test]
async fn tables_apart_are_stores_apart() {
    let bench = Bench::new().await;
    let other = builder(&bench.database).table_prefix("billing_").open().await.unwrap();
    done(&other, key("t", 1), b"x").await;
    assert_eq!(bench.store.get(&key("t", 1)).await.unwrap(), None);
    let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut bench.database.raw().await).await.unwrap();
    assert_eq!(tables, ["billing_migrations", "billing_records", "idem_migrations", "idem_records"]);
}

#[tokio::test]
async fn what_is_wrong_with_an_address_is_said_and_no_password() {
    let secret = mysql_url().replace("root@", "nobody:hunter2@");
    let cases = [
        (secret.clone(), "unavailable", "look at user and password"),
        (with_database(&mysql_url(), "no_such_database"), "unavailable", "create the database"),
        (with_database(&mysql_url(), ""), "schema", "names no database"),
        ("mysql://root:hunter2@127.0.0.1:1/x".into(), "unavailable", "127.0.0.1:1/x"),
        ("mysql://root:hunter2@[nonsense".into(), "url", "takes for no address"),
        ("postgres://root:hunter2@127.0.0.1/x".into(), "url", "is none of this database's"),
    ];
    for (url, kind, said) in cases {
        let builder = MySqlStore::builder(&url);
        let shown = format!("{builder:?}");
        let error = builder.open().await.unwrap_err();
        let found = match &error {
            StoreError::Unavailable { .. } => "unavailable",
            StoreError::Schema { .. } => "schema",
            StoreError::Url { .. } => "url",
            _ => "other",
        };
        assert_eq!(found, kind, "{error}");
        assert!(error.to_string().contains(said), "{error}");
        assert!(!format!("{error} {error:?} {shown}").contains("hunter2"), "{error:?} {shown}");
    }
    let error = MySqlStore::builder(&mysql_url()).table_prefix("Idem-").open().await.unwrap_err();
    assert!(matches!(error, StoreError::Schema { .. }), "{error}");
}

#[tokio::test]
async fn a_user_with_a_password_is_let_in_and_not_shown_with_it() {
    let database = Database::new().await;
    let (name, user) = (&database.name, format!("w{:08x}", rand::random::<u32>()));
    database.sql(&format!("CREATE USER {user} IDENTIFIED BY 'hunter2'; GRANT ALL ON {name}.* TO {user}")).await;
    let url = database.url.replace("root@", &format!("{user}:hunter2@")).replace("mysql://", "mariadb://");
    let store = MySqlStore::connect(&url).await.unwrap();
    let shown = format!("{store:?} {:?}", store.describe().await.unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
    done(&*idem_runtime::connect(&url).await.unwrap(), key("t", 1), b"x").await;
    assert!(store.get(&key("t", 1)).await.unwrap().is_some());
    database.sql(&format!("DROP USER {user}")).await;
}
