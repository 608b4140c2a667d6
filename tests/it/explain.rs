//! Why a key is blocked, told to an operator.

use std::time::Duration;

use idem::{Error, Explanation, Runtime, idempotent};

use crate::support::{AppError, Gate, on_each_store};

#[idempotent(name = "it.explain.runs", ttl = "1h", lease = "30s", key(id))]
async fn runs(id: u32, gate: &Gate, fails: bool) -> Result<u32, AppError> {
    let value = gate.pass().await;
    if fails { Err(AppError::Body("no paper".into())) } else { Ok(value) }
}

#[idempotent(name = "it.explain.parks", on_stale = "park", key(id))]
async fn parks(id: u32, gate: &Gate) -> Result<u32, AppError> {
    Ok(gate.pass().await)
}

#[idempotent(name = "it.explain.remembers", on_error = "store", error_ttl = "10m")]
async fn remembers(id: u32) -> Result<u32, AppError> {
    Err(AppError::Body("no such account".into()))
}

async fn explained(runtime: &Runtime, key: Result<idem::Key, Error>) -> Explanation {
    runtime.explain(&key.unwrap()).await.unwrap()
}

fn says(explanation: &Explanation, blocked: bool, parts: &[&str]) {
    let text = explanation.to_string();
    assert_eq!(explanation.blocked, blocked, "{text}");
    assert!(text.contains(if blocked { "is blocked" } else { "is free" }), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
}

on_each_store! {
    async fn a_call_from_its_claim_to_its_end(bench: Bench) {
        bench.runtime.enter(async {
            let explain = async || explained(&bench.runtime, runs::key(&1)).await;
            says(&explain().await, false, &["there is no record of it", "runs"]);
            let gate = Gate::new(7);
            {
                let running = runs(1, &gate, true);
                tokio::pin!(running);
                tokio::select! {
                    ended = &mut running => panic!("{ended:?}"),
                    () = gate.entered() => {}
                }
                bench.clock.advance(Duration::from_secs(10));
                let process = format!("in process {}", std::process::id());
                let told = explain().await;
                says(&told, true, &["attempt 1 has been running for 10s", &process, "has 20s left", "until:", "freed by:"]);
                assert_eq!(told.until, told.record.unwrap().lease_until);
                gate.open();
                running.await.unwrap_err();
            }
            says(&explain().await, false, &["attempt 1 ended without a result", "the next delivery runs"]);
            gate.open();
            runs(1, &gate, false).await.unwrap();
            says(&explain().await, true, &["attempt 2 completed at", "until:", "`runtime.clear(&key)`"]);
            runs::clear(&1).await.unwrap();
            says(&explain().await, false, &["there is no record"]);
            runs::cancel(&1).await.unwrap();
            says(&explain().await, true, &["it was cancelled at", "`runtime.clear(&key)`"]);
        }).await;
    }

    async fn what_was_set_aside_and_what_failed(bench: Bench) {
        bench.runtime.enter(async {
            let gate = Gate::new(7);
            let dropped = parks(1, &gate);
            tokio::pin!(dropped);
            tokio::select! {
                ended = &mut dropped => panic!("{ended:?}"),
                () = gate.entered() => {}
            }
            bench.clock.advance(Duration::from_secs(31));
            let told = explained(&bench.runtime, parks::key(&1)).await;
            says(&told, true, &["is gone: its lease ended 1s ago", "the next delivery sets it aside", "`runtime.resolve(&key, …)`"]);
            remembers(2).await.unwrap_err();
            let told = explained(&bench.runtime, remembers::key(&2)).await;
            says(&told, true, &["attempt 1 failed, and the failure is remembered", "no such account", "until:"]);
            bench.clock.advance(Duration::from_secs(600));
            says(&explained(&bench.runtime, remembers::key(&2)).await, false, &["the next delivery runs"]);
        }).await;
    }
}

mod skewed {
    use std::sync::Arc;
    use std::time::Duration;

    use idem::claim::ClaimRequest;
    use idem::policy::{OnStale, Retention};
    use idem::record::Owner;
    use idem::store::Store;

    use super::{explained, runs, says};
    use crate::support::{Gate, on_every_store, until};

    on_every_store! {
        /// No client's clock decides, an operator's neither: leases are judged by the store's, and so is what is told of them.
        async fn a_clock_that_is_wrong_tells_nothing_else(bench: Bench) {
            // The clock of these stands at the start of 2026, and by years beside it.
            const YEARS: i64 = 20 * 365 * 24 * 3_600;
            let lookers = [bench.other_real_process(), bench.skewed_process(YEARS), bench.skewed_process(-YEARS)];
            bench.runtime.enter(async {
                let gate = Gate::new(7);
                let running = runs(1, &gate, true);
                tokio::pin!(running);
                tokio::select! {
                    ended = &mut running => panic!("{ended:?}"),
                    () = gate.entered() => {}
                }
                for looker in &lookers {
                    let told = explained(looker, runs::key(&1)).await;
                    says(&told, true, &["attempt 1 has been running", "its lease has"]);
                }
                gate.open();
                running.await.unwrap_err();
                let key = bench.runtime.key("it.explain.gone").arg("id", &1).make().unwrap();
                let lease = Duration::from_millis(50);
                let claim = ClaimRequest {
                    key: key.clone(),
                    owner: Owner::random(),
                    lease,
                    fingerprint: None,
                    holder: Arc::default(),
                    on_stale: OnStale::Rerun,
                    max_attempts: None,
                    grace: Retention::For(Duration::ZERO),
                };
                bench.store.claim(&claim).await.unwrap();
                let end = bench.runtime.status(&key).await.unwrap().unwrap().lease_until.unwrap();
                until("the lease is over", async || bench.store.now(&key).await.unwrap() > end).await;
                for looker in &lookers {
                    says(&explained(looker, Ok(key.clone())).await, false, &["is gone: its lease ended"]);
                }
            }).await;
        }
    }
}
