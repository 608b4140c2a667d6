//! A row that does not read, and the calls around it.

use std::time::Duration;

use idem_runtime::{Error, Runtime, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::support::Bench;

/// R35, through the pipeline
#[tokio::test]
async fn r35_a_poisoned_row_is_named_by_the_sweep_and_the_others_go_on() {
    let bench = Bench::new().await;
    let builder = Runtime::builder().store(bench.store.clone()).clock(bench.clock.clone());
    let runtime = builder.build().unwrap();
    let run = |id: u32| runtime.call("it.r35").ttl("1m").arg("id", &id).run(async || Ok::<_, Error>(7));
    for id in 0..3 {
        run(id).await.unwrap();
    }
    let poisoned = runtime.key("it.r35").arg("id", &1).make().unwrap();
    let options = SqliteConnectOptions::new().filename(bench.path());
    let mut connection = options.connect().await.unwrap();
    let spoil =
        sqlx::query("UPDATE idem_records SET state = 'nonsense' WHERE key = ?").bind(poisoned.digest().as_slice());
    assert_eq!(spoil.execute(&mut connection).await.unwrap().rows_affected(), 1);
    connection.close().await.unwrap();

    let error = run(1).await.unwrap_err();
    assert!(matches!(error, Error::Store { source: StoreError::Corrupt { .. }, .. }), "{error}");
    assert!(run(0).await.unwrap().is_replayed());
    bench.clock.advance(Duration::from_secs(61));
    let (_, report) = runtime.sweep().await.unwrap().remove(0);
    assert_eq!((report.removed, report.bad.len()), (2, 1));
    assert!(report.bad[0].0.starts_with(&format!("{:02x}", poisoned.digest()[0])), "{report:?}");
    assert!(runtime.clear_forced(&poisoned).await.unwrap(), "an operator clears it");
    assert!(run(1).await.unwrap().is_fresh());
}
