//! What an operator does: clear, cancel, strict duplicates, audit, overrides, sweeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use idem::key::Unit;
use idem::policy::{OnInProgress, OnStoreError};
use idem::record::State;
use idem::testing::ManualClock;
use idem::{CallBuilder, Error, MemoryStore, Resolution, Runtime, Store, idempotent, idempotent_once, not_idempotent};

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

#[idempotent(name = "it.monthly", date_based)]
async fn monthly(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent(name = "it.discarded", result = "discard")]
async fn discarded(id: u32) -> Result<u32, AppError> {
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

    async fn a_key_by_hand_is_found_in_the_store_it_was_given(bench: Bench) {
        let stores = || Runtime::builder().store(bench.store.clone()).clock(Arc::new(bench.clock.clone()));
        let billing = MemoryStore::builder().clock(Arc::new(bench.clock.clone())).build();
        let runtime = stores().named_store("billing", billing).build().unwrap();
        let key = |id: u32| runtime.key("it.hand").arg("id", &id).make().unwrap();
        let run = |store: &str, id: u32| {
            runtime.call("it.hand").store(store).ttl("48h").arg("id", &id).run(async || Err::<u32, _>(AppError::Body("no".into())))
        };
        // Nobody knows the key yet.
        assert!(runtime.status(&key(1)).await.unwrap().is_none());
        assert!(!runtime.clear(&key(1)).await.unwrap());
        let unknown = runtime.cancel(&key(1)).await.unwrap_err();
        assert!(matches!(unknown, Error::Config(_)), "{unknown}");
        assert!(unknown.to_string().contains("billing, default") && unknown.to_string().contains("register"), "{unknown}");
        let absent = runtime.resolve(&key(1), Resolution::<()>::Retry).await.unwrap_err();
        assert!(absent.to_string().contains("absent"), "{absent}");
        for (store, id) in [("default", 1), ("billing", 2)] {
            run(store, id).await.unwrap_err();
            assert_eq!(runtime.status(&key(id)).await.unwrap().unwrap().state, State::Retryable, "{store}");
            assert!(runtime.cancel(&key(id)).await.unwrap());
            assert!(matches!(run(store, id).await, Err(AppError::Idem(Error::Cancelled { .. }))), "{store}");
            bench.clock.advance(Duration::from_secs(47 * 3600));
            assert!(matches!(run(store, id).await, Err(AppError::Idem(Error::Cancelled { .. }))), "{store}: kept as the call said");
            assert!(runtime.clear(&key(id)).await.unwrap());
            assert!(runtime.status(&key(id)).await.unwrap().is_none());
            assert!(matches!(run(store, id).await, Err(AppError::Body(_))), "{store}");
        }
        run("default", 2).await.unwrap_err();
        let several = runtime.status(&key(2)).await.unwrap_err();
        assert!(several.to_string().contains("several stores (billing, default)"), "{several}");
        let only = stores().build().unwrap();
        assert!(only.cancel(&only.key("it.hand").arg("id", &9).make().unwrap()).await.unwrap(), "one store is the one meant");
    }

    async fn the_audit_names_what_is_missing_twice_or_weak(bench: Bench) {
        let report = bench.runtime.audit(idem::tasks![strict, strict, unprotected, unnamed, "it.mailer.send", "it.nobody"]).await.unwrap();
        let codes = |about: &str| {
            let about: Vec<_> = report.findings.iter().filter(|finding| finding.about == about).map(|finding| finding.code).collect();
            about
        };
        assert_eq!(codes("it.nobody"), ["IDEM001"]);
        assert_eq!(codes("it.once"), ["IDEM002"]);
        assert_eq!(codes("it.strict"), ["IDEM003", "IDEM010"]);
        assert_eq!(codes("it::operate::unnamed".replace("::", ".").as_str()), ["IDEM004"]);
        assert_eq!(codes("it.mailer.send"), ["IDEM010"]);
        let kept = report.findings.iter().find(|finding| finding.code == "IDEM010").unwrap();
        assert!(kept.message.contains("default 1h") && kept.message.contains("ttl = \"24h\""), "{kept}");
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

    async fn the_audit_shows_what_is_in_force(bench: Bench) {
        let builder = Runtime::builder().store(bench.store.clone());
        let builder = builder.task("it.monthly", |task| task.bucket(Unit::Month, "Europe/Oslo"));
        let runtime = builder.task("it.mailer.send", |task| task.ttl("3d")).build().unwrap();
        let report = runtime.audit(idem::tasks![strict, monthly, discarded, once]).await.unwrap();
        let row = |name: &str| report.tasks.iter().find(|task| task.task == name).unwrap();
        assert_eq!((&*row("it.monthly").key, &*row("it.monthly").retention), ("id, month (Europe/Oslo)", "62d"));
        let duplicates = |name| &*row(name).duplicates;
        let shown = ["it.strict", "it.discarded", "it.once"].map(duplicates);
        assert_eq!(shown, ["error", "default value", "replay"]);
        let failures = |name| &*row(name).failures;
        let shown = ["it.once", "it.errors.store", "it.errors.judged_parked", "it.attempts"].map(failures);
        assert_eq!(shown, ["run again", "kept 10m", "by a function, parked if abandoned", "run again, parked after 3"]);
        let by_default: Vec<_> = report.findings.iter().filter(|finding| finding.code == "IDEM010").map(|finding| &*finding.about).collect();
        assert!(by_default.contains(&"it.discarded") && by_default.contains(&"it.strict"), "{by_default:?}");
        for said in ["it.monthly", "it.mailer.send", "it.once"] {
            assert!(!by_default.contains(&said), "{said} says how long");
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

    async fn a_call_by_hand_is_held_against_the_settings_in_force(bench: Bench) {
        let store: Arc<dyn idem::Store> = Arc::new(bench.store.clone());
        let builder = Runtime::builder().store(store).clock(Arc::new(bench.clock.clone()));
        let overridden = builder.task("it.strict", |task| task.strict(false).ttl("2h")).build().unwrap();
        type Set = fn(CallBuilder) -> CallBuilder;
        let agree: [(&Runtime, Set); 4] = [
            (&bench.runtime, |call| call.lease("30s").max_result(1024 * 1024).store("default").category("default")),
            (&bench.runtime, |call| call.ttl("1h").strict(true).on_in_progress(OnInProgress::Wait)),
            (&overridden, |call| call.ttl("2h").strict(false)),
            (&overridden, |call| call.on_store_error(OnStoreError::Fail)),
        ];
        let run = async |runtime: &Runtime, set: Set, id: usize| {
            set(runtime.call("it.strict").arg("id", &id)).run(async || Ok::<_, AppError>(1)).await
        };
        for (id, (runtime, set)) in agree.into_iter().enumerate() {
            let fresh = run(runtime, set, id).await.unwrap_or_else(|error| panic!("row {id}: {error}"));
            assert!(fresh.is_fresh());
        }
        let differ: [(&Runtime, Set, &str); 6] = [
            (&bench.runtime, |call| call.strict(false), "another `strict`"),
            (&overridden, |call| call.strict(true), "another `strict`"),
            (&overridden, |call| call.ttl("1h"), "another `ttl`"),
            (&bench.runtime, |call| call.category("email"), "another `category`"),
            (&bench.runtime, |call| call.bucket(Unit::Date, "UTC"), "another `bucket`"),
            (&bench.runtime, |call| call.ttl("24x"), "`24x` is not a usable duration"),
        ];
        for (runtime, set, words) in differ {
            let error = run(runtime, set, 99).await.unwrap_err().to_string();
            assert!(error.contains(words), "`{words}` is not in: {error}");
        }
    }
}

/// As many records as the default limit of a runtime's sweep takes in ten batches.
const MANY: u32 = 10_000;

async fn full_of_expired() -> (MemoryStore, Runtime, ManualClock) {
    let clock = ManualClock::new();
    let store = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
    let runtime = Runtime::builder().store(store.clone()).clock(Arc::new(clock.clone())).build().unwrap();
    for id in 0..MANY {
        runtime.call("it.sweep").ttl("1h").arg("id", &id).run(async || Ok::<_, AppError>(1)).await.unwrap();
    }
    (store, runtime, clock)
}

#[tokio::test]
async fn a_sweep_of_the_memory_store_stops_where_its_limit_is_used_up() {
    let (store, _, clock) = full_of_expired().await;
    let begun = Instant::now();
    assert_eq!(store.sweep(usize::MAX).await.unwrap().removed, 0);
    let whole = begun.elapsed();
    clock.advance(Duration::from_secs(7_200));
    let begun = Instant::now();
    for _ in 0..300 {
        assert_eq!(store.sweep(1).await.unwrap().removed, 1);
    }
    let ones = begun.elapsed();
    assert!(ones < 60 * whole, "300 sweeps of one record took {ones:?}, one look at all records {whole:?}");
    assert_eq!(store.sweep(usize::MAX).await.unwrap().removed, u64::from(MANY) - 300, "nothing is passed over");
    assert!(store.is_empty());
}

#[tokio::test]
async fn a_sweep_lets_others_of_its_thread_have_their_turn() {
    let (_, runtime, clock) = full_of_expired().await;
    clock.advance(Duration::from_secs(7_200));
    let turns = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&turns);
    let other = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(runtime.sweep().await.unwrap()[0].1.removed, u64::from(MANY));
    other.abort();
    assert!(turns.load(Ordering::Relaxed) >= 9, "{turns:?} turns in ten batches");
}
