//! A completed call is replayed.

use std::sync::atomic::{AtomicU32, Ordering};

use idem::idempotent;

use crate::support::{AppError, runtime};

static RUNS: AtomicU32 = AtomicU32::new(0);

#[idempotent(name = "it.replay", ttl = "24h", scope = "user", date_based)]
async fn digest(user: u64, topic: String) -> Result<String, AppError> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    if topic.is_empty() {
        return Err(AppError::Body("no topic".into()));
    }
    Ok(format!("{user}:{topic}"))
}

#[tokio::test]
async fn a_duplicate_gets_the_first_value_and_does_not_enter_the_body() {
    let runtime = runtime();
    runtime
        .enter(async {
            assert_eq!(digest(7, "planted-topic".into()).await.unwrap(), "7:planted-topic");
            let again = digest::call(7, "planted-topic".into()).await.unwrap();
            assert!(again.is_replayed());
            assert_eq!(again.value(), "7:planted-topic");
            assert!(digest::call(8, "planted-topic".into()).await.unwrap().is_fresh());
            let report = runtime.audit(idem::tasks![digest]).await.unwrap();
            println!("{report}\n{}", report.to_json());
            assert!(digest::status(&7, &"planted-topic".into()).await.unwrap().is_some());
            assert!(digest::clear(&7, &"planted-topic".into()).await.unwrap());
            assert!(digest::call(7, "planted-topic".into()).await.unwrap().is_fresh());
        })
        .await;
    assert_eq!(RUNS.load(Ordering::SeqCst), 3);
}
