//! A server that is away for a while.

use std::time::{Duration, Instant};

use idem_runtime::claim::{ClaimVerdict, FailVerdict, Failure};
use idem_runtime::record::State;
use idem_runtime::testing::proxy::WireFault;
use idem_runtime::{StoreError, connect};
use tokio::time::timeout;

use crate::bench::{Bench, answer, back};
use crate::op::Op;
use crate::scene::Scene;
use crate::store_support::failure;

/// What a call may take while the server is away, so that the caller can decide what to do.
const TOLD: Duration = Duration::from_secs(15);

pub async fn a_claim_that_arrives_after_its_release_claims_nothing(bench: &Bench) {
    let scene = Scene::new(bench, Op::Claim).await;
    // Connected before: it is the claim that is held, and no greeting.
    bench.store.get(&scene.key).await.unwrap();
    bench.proxy.next(WireFault::HoldRequest);
    let answers = bench.proxy.answers();
    let claiming = scene.ask(&*bench.store, Op::Claim);
    // Held, then dropped: the caller has given up.
    tokio::select! {
        answer = claiming => panic!("the claim is held back, and was answered {answer:?}"),
        () = bench.proxy.held() => {}
    }
    let settled = bench.other.fail(&failure(&scene.claim, Failure::NotStarted)).await.unwrap();
    assert_eq!(settled, FailVerdict::Settled(State::Retryable));
    bench.proxy.release();
    timeout(TOLD, bench.proxy.answered(answers + 1)).await.unwrap();
    let record = bench.other.get(&scene.key).await.unwrap().unwrap();
    assert_eq!(record.state, State::Retryable, "the late claim took the key");
    assert!(matches!(bench.other.claim(&scene.claim).await.unwrap(), ClaimVerdict::Stale));
    assert_eq!(scene.next_claim(&*bench.other).await.unwrap().words, "claimed, attempt 1", "the key is blocked");
}

pub async fn a_refused_connection_is_told_and_survived(bench: &Bench) {
    for _ in 0..3 {
        let scene = Scene::new(bench, Op::Duplicate).await;
        bench.proxy.refuse().await;
        bench.proxy.cut_all().await;
        told(bench, &scene).await;
        bench.proxy.accept().await;
        survived(bench, &scene).await;
    }
}

pub async fn a_server_that_is_killed_is_told_and_survived(bench: &Bench) {
    for _ in 0..2 {
        let scene = Scene::new(bench, Op::Duplicate).await;
        bench.server.kill();
        told(bench, &scene).await;
        bench.server.start_again();
        survived(bench, &scene).await;
    }
}

pub async fn a_server_that_hangs_is_told_and_survived(bench: &Bench) {
    let scene = Scene::new(bench, Op::Duplicate).await;
    bench.server.pause();
    told(bench, &scene).await;
    bench.server.resume();
    survived(bench, &scene).await;
}

pub async fn a_store_opens_only_where_its_server_answers(bench: &Bench) {
    bench.proxy.refuse().await;
    let url = bench.proxy.url(bench.server.url()).unwrap();
    let began = Instant::now();
    let refused = answer(connect(&url)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable { .. }), "{refused:?}");
    assert!(began.elapsed() < TOLD);
    bench.proxy.accept().await;
    let scene = Scene::new(bench, Op::Duplicate).await;
    let store = answer(connect(&url)).await.unwrap();
    assert_eq!(answer(scene.ask(&*store, Op::Duplicate)).await.unwrap().words, "completed done");
}

/// Every call says within bounds that the store is away.
async fn told(bench: &Bench, scene: &Scene) {
    let asked = async |op| {
        let began = Instant::now();
        let error = answer(scene.ask(&*bench.store, op)).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{op:?}: {error:?}");
        let took = began.elapsed();
        assert!(took < TOLD, "{op:?} took {took:?} to say: {error}");
    };
    tokio::join!(asked(Op::Duplicate), asked(Op::Get), asked(Op::Renew));
}

/// The same request is answered once the server is back, through the same store.
async fn survived(bench: &Bench, scene: &Scene) {
    for store in [&*bench.store, &*bench.other] {
        back(store).await;
        assert_eq!(answer(scene.ask(store, Op::Duplicate)).await.unwrap().words, "completed done");
    }
    let scene = Scene::new(bench, Op::Claim).await;
    assert_eq!(answer(scene.ask(&*bench.store, Op::Claim)).await.unwrap().words, "claimed, attempt 1");
}
