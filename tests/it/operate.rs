//! What an operator does: clear, cancel, strict duplicates, audit, overrides, sweeping.

use std::sync::Arc;
use std::time::Duration;

use idem::{Error, Runtime, idempotent, idempotent_once, not_idempotent};

use crate::support::{AppError, on_each_store};

#[idempotent(name = "it.strict", strict)]
async fn strict(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent_once(name = "it.once")]
async fn once(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent(ttl = "1h")]
async fn unnamed(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

/// A method's task, reached by its name.
struct Mailer;

impl Mailer {
    #[idempotent(name = "it.mailer.send")]
    async fn send(&self, id: u32) -> Result<u32, AppError> {
        Ok(id)
    }
}

#[not_idempotent(reason = "reads only")]
#[expect(dead_code, reason = "registered for the audit")]
async fn unprotected(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

on_each_store! {
    async fn a_strict_duplicate_is_an_error_with_the_record(bench: Bench) {
        bench.runtime.enter(async {
            strict(1).await.unwrap();
            let error = strict(1).await.unwrap_err();
            let AppError::Idem(Error::Duplicate { record, .. }) = &error else { panic!("{error}") };
            assert_eq!((record.attempt, record.key.task()), (1, "it.strict"));
        }).await;
    }

    async fn a_cancelled_key_is_refused_and_a_completed_one_is_not_cancelled(bench: Bench) {
        bench.runtime.enter(async {
            assert!(once::cancel(&1).await.unwrap());
            assert!(matches!(once(1).await, Err(AppError::Idem(Error::Cancelled { .. }))));
            once(2).await.unwrap();
            assert!(!once::cancel(&2).await.unwrap());
            assert!(once::clear(&1).await.unwrap());
            assert!(once::call(1).await.unwrap().is_fresh());
            assert!(!once::clear(&3).await.unwrap());
            assert!(once::status(&3).await.unwrap().is_none());
        }).await;
    }

    async fn forever_means_what_it_says(bench: Bench) {
        bench.runtime.enter(async {
            once(1).await.unwrap();
            bench.clock.advance(Duration::from_secs(100 * 365 * 24 * 3600));
            bench.runtime.sweep().await.unwrap();
            assert!(once::call(1).await.unwrap().is_replayed());
        }).await;
    }

    async fn an_expired_record_is_swept_and_its_task_runs_again(bench: Bench) {
        let call = || bench.runtime.call("it.sweep").ttl("1m").arg("id", &1).run(async || Ok::<_, AppError>(1));
        assert!(call().await.unwrap().is_fresh());
        bench.clock.advance(Duration::from_secs(59));
        assert_eq!(bench.runtime.sweep().await.unwrap()[0].1.removed, 0);
        bench.clock.advance(Duration::from_secs(2));
        assert_eq!(bench.runtime.sweep().await.unwrap()[0].1.removed, 1);
        assert!(call().await.unwrap().is_fresh());
    }

    async fn a_method_is_reached_by_its_name(bench: Bench) {
        bench.runtime.enter(async {
            assert_eq!(Mailer.send(4).await.unwrap(), 4);
            let key = bench.runtime.key("it.mailer.send").arg("id", &4).make().unwrap();
            let task = idem::task("it.mailer.send").unwrap();
            assert!(task.status(&key).await.unwrap().is_some());
            assert!(task.clear(&key).await.unwrap());
            let error = idem::task("it.mailer.sent").unwrap_err();
            assert!(error.to_string().contains("did you mean `it.mailer.send`?"), "{error}");
            let other = bench.runtime.key("it.other").arg("id", &4).make().unwrap();
            assert!(matches!(task.status(&other).await, Err(Error::Config(_))));
        }).await;
    }

    async fn the_audit_names_what_is_missing_twice_or_weak(bench: Bench) {
        let report = bench.runtime.audit(idem::tasks![strict, strict, unprotected, unnamed, "it.mailer.send", "it.nobody"]).await.unwrap();
        let codes = |about: &str| {
            let about: Vec<_> = report.findings.iter().filter(|finding| finding.about == about).map(|finding| finding.code).collect();
            about
        };
        assert_eq!(codes("it.nobody"), ["IDEM001"]);
        assert_eq!(codes("it.once"), ["IDEM002"]);
        assert_eq!(codes("it.strict"), ["IDEM003"]);
        assert_eq!(codes("it::operate::unnamed".replace("::", ".").as_str()), ["IDEM004"]);
        assert!(codes("it.mailer.send").is_empty());
        let error = report.require_full().unwrap_err().to_string();
        assert!(error.contains("it.nobody") && error.contains("it.once"), "{error}");
        let finding = report.findings.iter().find(|finding| finding.about == "it.once").unwrap();
        assert!(finding.location.as_deref().is_some_and(|location| location.contains("operate.rs:")), "{finding}");
        let unprotected = report.tasks.iter().find(|task| task.task.ends_with("operate.unprotected")).unwrap();
        assert_eq!(unprotected.guarantee.to_string(), "none (reads only)");
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(json["tasks"].as_array().unwrap().len(), report.tasks.len());
        let table = report.to_string();
        for task in &report.tasks {
            assert!(table.contains(&task.task), "{table}");
        }
    }

    async fn configuration_overrides_the_attribute(bench: Bench) {
        let store: Arc<dyn idem::Store> = Arc::new(bench.store.clone());
        let builder = || Runtime::builder().store(Arc::clone(&store)).clock(Arc::new(bench.clock.clone()));
        let runtime = builder().task("it.strict", |task| task.strict(false).ttl("2h")).build().unwrap();
        runtime.enter(async {
            strict(1).await.unwrap();
            assert!(strict::call(1).await.unwrap().is_replayed());
        }).await;
        let unknown = builder().task("it.strikt", |task| task).build().unwrap_err();
        assert!(unknown.to_string().contains("did you mean `it.strict`?"), "{unknown}");
        let contradicted = bench.runtime.call("it.strict").ttl("9h").arg("id", &1).run(async || Ok::<_, AppError>(1)).await.unwrap_err();
        assert!(contradicted.to_string().contains("another `ttl`"), "{contradicted}");
    }
}
