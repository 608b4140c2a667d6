//! What a task says of time beside its lease: windows, deliveries that are too old, bodies that run too long.

use std::time::{Duration, SystemTime};

use idem::clock::Clock;
use idem::testing::Op;
use idem::{Delivery, Error, Runtime, idempotent};

use crate::support::{AppError, Gate, away, on_each_store};

#[idempotent(name = "it.time.window", window = "100ms")]
async fn once_in_a_window(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent(name = "it.time.window.long", window = "2h")]
async fn once_in_two_hours(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent(name = "it.time.expires", expires_after = "2h")]
async fn fresh_enough(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent(name = "it.time.bounded", max_runtime = "15m", on_store_error = "run", skip(gate))]
async fn bounded(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await)
}

#[idempotent(name = "it.time.parked", max_runtime = "15m", on_stale = "park", skip(gate))]
async fn set_aside(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await)
}

/// 2026-11-21T00:00:00Z, the beginning of a window of any length that divides a second.
const MIDNIGHT: Duration = Duration::from_secs(1_795_219_200);

fn at(ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + MIDNIGHT + Duration::from_millis(ms)
}

on_each_store! {
    async fn equal_calls_inside_one_window_are_one(bench: Bench) {
        bench.runtime.enter(async {
            let sent_at = async |ms| Delivery::new().scheduled_for(at(ms)).run(once_in_a_window::call(1)).await.unwrap();
            assert!(sent_at(0).await.is_fresh());
            assert!(sent_at(99).await.is_replayed());
            assert!(sent_at(100).await.is_fresh(), "the next window");
            assert!(sent_at(99).await.is_replayed(), "late, and by its own time still in the first");
            let key = Delivery::new().scheduled_for(at(0)).run(async { once_in_a_window::key(&1) }).await.unwrap();
            assert!(key.to_string().ends_with(":w100.17952192000"), "{key}");
        }).await;
    }

    async fn without_a_delivery_the_window_is_that_of_the_runtime_s_clock(bench: Bench) {
        bench.runtime.enter(async {
            let first = once_in_a_window::call(2).await.unwrap();
            assert!(once_in_a_window::call(2).await.unwrap().is_replayed());
            bench.clock.advance(Duration::from_millis(100));
            let second = once_in_a_window::call(2).await.unwrap();
            assert!(second.is_fresh());
            assert_ne!(first.call().key, second.call().key);
        }).await;
    }

    /// The category keeps records for an hour, the key stays the same for two.
    async fn a_record_outlives_its_window(bench: Bench) {
        bench.runtime.enter(async {
            let sent = async || Delivery::new().scheduled_for(at(0)).run(once_in_two_hours::call(1)).await.unwrap();
            assert!(sent().await.is_fresh());
            bench.clock.advance(Duration::from_secs(2 * 3_600));
            assert!(sent().await.is_replayed());
        }).await;
    }

    async fn a_call_by_hand_has_a_window_too(bench: Bench) {
        let call = |window: &str| bench.runtime.call("it.time.by_hand").window(window).arg("id", &1);
        let run = async |call: idem::CallBuilder| call.run(async || Ok::<_, Error>(1)).await;
        assert!(run(call("1h")).await.unwrap().is_fresh());
        assert!(run(call("1h")).await.unwrap().is_replayed());
        let both = run(call("1h").bucket(idem::key::Unit::Date, "UTC")).await.unwrap_err().to_string();
        assert!(both.contains("`bucket` and `window`"), "{both}");
        let refused = run(bench.runtime.call("it.time.window").window("1s").arg("id", &1)).await.unwrap_err().to_string();
        assert!(refused.contains("another `window` in force"), "{refused}");
    }

    async fn a_delivery_that_is_too_old_is_refused(bench: Bench) {
        bench.runtime.enter(async {
            let now: SystemTime = bench.clock.now().into();
            let sent = async |age: Duration| Delivery::new().enqueued_at(now - age).run(fresh_enough::call(1)).await;
            let hours = |n: u64| Duration::from_secs(n * 3_600);
            let error = sent(hours(2) + Duration::from_millis(1)).await.unwrap_err();
            assert!(matches!(error, AppError::Idem(Error::Expired { .. })), "{error}");
            assert!(error.to_string().contains("it.time.expires"), "{error}");
            assert_eq!(bench.count(Op::Claim), 0, "no store was asked");
            assert!(sent(hours(2)).await.unwrap().is_fresh(), "just in time");
            assert!(sent(hours(3)).await.is_err(), "also of what completed: nothing waits for it any more");
            assert!(fresh_enough::call(1).await.unwrap().is_replayed(), "no time, never too old");
            let ahead = Delivery::new().enqueued_at(now + hours(9)).run(fresh_enough::call(2)).await;
            assert!(ahead.unwrap().is_fresh(), "a sender whose clock is ahead");
        }).await;
    }

    async fn r14_a_body_that_hangs_is_stopped_and_its_key_is_free(bench: Bench) {
        bench.runtime.enter(async {
            let gate = Gate::new(1);
            let error = stopped(bounded(1, &gate), &gate).await;
            assert!(error.to_string().contains("ran longer than 15m"), "{error}");
            assert!(matches!(&error, Error::MaxRuntime { .. }) && error.is_retryable(), "{error}");
            gate.open();
            let next = bounded::call(1, &gate).await.unwrap();
            assert_eq!((next.is_fresh(), next.call().attempt), (true, 2));
        }).await;
    }

    async fn a_body_that_can_end_when_its_limit_is_noticed_ends(bench: Bench) {
        bench.runtime.enter(async {
            let gate = Gate::new(1);
            let mut call = Box::pin(bounded::call(3, &gate));
            tokio::select! {
                ended = &mut call => panic!("{ended:?}"),
                () = gate.entered() => {}
            }
            gate.open();
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(16 * 60)).await;
            let ended = call.await;
            tokio::time::resume();
            assert!(ended.unwrap().is_fresh(), "its effect took place, and another attempt would have it again");
        }).await;
    }

    async fn a_body_that_hangs_and_must_not_run_again_is_set_aside(bench: Bench) {
        bench.runtime.enter(async {
            let gate = Gate::new(1);
            let error = stopped(set_aside(1, &gate), &gate).await;
            assert!(matches!(error, Error::MaxRuntime { .. }), "{error}");
            gate.open();
            let next = set_aside(1, &gate).await.unwrap_err();
            assert!(matches!(next, AppError::Idem(Error::OutcomeUnknown { .. })), "{next}");
            assert!(next.to_string().contains("`max_runtime`"), "{next}");
            assert_eq!(gate.entries(), 1);
        }).await;
    }

    async fn a_body_that_hangs_without_a_store_is_stopped_too(bench: Bench) {
        bench.runtime.enter(async {
            bench.store.faults().always(Op::Claim, away());
            let gate = Gate::new(1);
            let error = stopped(bounded(2, &gate), &gate).await;
            assert!(matches!(error, Error::MaxRuntime { .. }), "{error}");
        }).await;
    }
}

/// Runs a call until its body is in, then lets as much time pass as it has.
async fn stopped(call: impl Future<Output = Result<u32, AppError>>, gate: &Gate) -> Error {
    tokio::pin!(call);
    tokio::select! {
        ended = &mut call => panic!("{ended:?}"),
        () = gate.entered() => {}
    }
    tokio::time::pause();
    let ended = call.await;
    tokio::time::resume();
    match ended {
        Err(AppError::Idem(error)) => error,
        ended => panic!("{ended:?}"),
    }
}

/// What the attribute leaves open, the deployment sets.
#[tokio::test]
async fn configuration_bounds_a_task() {
    let runtime = Runtime::builder().store(idem::MemoryStore::new());
    let runtime = runtime.task("it.time.window", |t| t.max_runtime("1m").expires_after("1d").window("1h"));
    let runtime = runtime.build().unwrap();
    let sent = SystemTime::now() - Duration::from_secs(25 * 3_600);
    let late = runtime.enter(Delivery::new().enqueued_at(sent).run(once_in_a_window(1))).await.unwrap_err();
    assert!(matches!(late, AppError::Idem(Error::Expired { .. })), "{late}");
    let report = runtime.audit(Vec::<idem::Expected>::new()).await.unwrap();
    let task = report.tasks.iter().find(|task| task.task == "it.time.window").unwrap();
    assert!(task.key.contains("window of 1h"), "{}", task.key);
    assert!(
        report.findings.iter().any(|finding| finding.code == "IDEM012"),
        "expires_after needs deliveries with a time"
    );
}

/// The audit says where two words of a task's policy take something from each other, configured or written.
#[tokio::test]
async fn policies_that_weaken_each_other_are_told() {
    let told = async |ttl: &str, open: bool| {
        let runtime = Runtime::builder().store(idem::MemoryStore::new()).task("it.time.expires", |t| t.ttl(ttl));
        let how = if open { idem::policy::OnStoreError::Run } else { idem::policy::OnStoreError::Fail };
        let runtime = runtime.task("it.time.parked", |t| t.on_store_error(how)).build().unwrap();
        let report = runtime.audit(Vec::<idem::Expected>::new()).await.unwrap();
        let of = |code: &str, task: &str| report.findings.iter().any(|found| found.code == code && found.about == task);
        assert!(!of("IDEM013", "it.time.bounded") && !of("IDEM014", "it.time.parked"), "{report}");
        (of("IDEM013", "it.time.parked"), of("IDEM014", "it.time.expires"))
    };
    assert_eq!(told("2h", false).await, (false, false));
    assert_eq!(told("119m", true).await, (true, true));
    assert_eq!(told("forever", true).await, (true, false));
}
