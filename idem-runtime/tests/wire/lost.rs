//! Every operation, and every exchange of it lost in every way.

use std::time::Duration;

use idem_runtime::StoreError;
use idem_runtime::record::State;
use idem_runtime::testing::proxy::WireFault;

use crate::bench::{Bench, answer};
use crate::op::{Expected, Op};
use crate::scene::Scene;

const FAULTS: [WireFault; 4] = [
    WireFault::LoseRequest,
    WireFault::LoseReply,
    WireFault::HalfReply,
    WireFault::LateReply(Duration::from_millis(300)),
];

/// More exchanges than this no operation has.
const MOST: u64 = 20;

/// Which exchanges of the operation fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Number(u64),
    /// All, those of a retry and of a new connection too: the store has to give up.
    All,
}

async fn check(bench: &Bench, op: Op) {
    // Connections and statements are there, so that the exchanges are those of the operation.
    let scene = Scene::new(bench, op).await;
    answer(scene.ask(&*bench.store, op)).await.unwrap();
    for fault in FAULTS {
        for number in 1..=MOST {
            if !fails(bench, op, fault, Which::Number(number)).await {
                assert!(number > 1, "{op:?} has no exchange");
                break;
            }
        }
        fails(bench, op, fault, Which::All).await;
    }
}

/// Asks while these exchanges fail, and again if there was no answer; whether any failed.
async fn fails(bench: &Bench, op: Op, fault: WireFault, which: Which) -> bool {
    let Expected { says, says_again, state, attempt, next_claim } = op.expected();
    let scene = Scene::new(bench, op).await;
    let (proxy, store) = (&bench.proxy, &*bench.store);
    let before = proxy.faults();
    let case = format!("{op:?}, {fault:?} of exchange {which:?}");
    match which {
        Which::Number(number) => proxy.at(proxy.exchanges() + number, fault),
        Which::All => proxy.always(fault),
    }
    let first = answer(scene.ask(store, op)).await;
    proxy.heal();
    let failed = proxy.faults() > before;
    let said = match first {
        Ok(said) => {
            let must_fail = which == Which::All && !matches!(fault, WireFault::LateReply(_));
            assert!(!must_fail, "{case}: the answer {said:?} cannot have arrived");
            said
        }
        Err(StoreError::Unavailable { reason, .. }) => {
            assert!(failed, "{case}: unavailable without a reason: {reason}");
            let again = answer(scene.ask(store, op)).await;
            again.unwrap_or_else(|error| panic!("{case}: the same request again: {error}"))
        }
        Err(error) => panic!("{case}: {error}"),
    };
    assert!(said.words == says || failed && said.words == says_again, "{case}: found {said:?}");
    // As another process finds it.
    let record = bench.other.get(&scene.key).await.unwrap().expect("a record");
    assert_eq!((record.state, record.attempt), (state, attempt), "{case}");
    if let Some(claimed) = said.claimed {
        assert_eq!((record.owner, record.fence), (scene.claim.owner, claimed.fence), "{case}");
    }
    // And the store works on.
    let next = answer(scene.next_claim(store)).await.unwrap_or_else(|error| panic!("{case}: the next claim: {error}"));
    assert_eq!(next.words, next_claim, "{case}");
    if state == State::Running {
        let holder = Scene { claimed: said.claimed.or(scene.claimed), ..scene };
        let done = answer(holder.ask(store, Op::Complete)).await;
        assert_eq!(done.map(|said| said.words).as_deref(), Ok("completed done"), "{case}: the holder completes");
    }
    failed
}

pub async fn claim(bench: &Bench) {
    check(bench, Op::Claim).await;
}

pub async fn duplicate(bench: &Bench) {
    check(bench, Op::Duplicate).await;
}

pub async fn takeover(bench: &Bench) {
    check(bench, Op::Takeover).await;
}

pub async fn renewal(bench: &Bench) {
    check(bench, Op::Renew).await;
}

pub async fn completion(bench: &Bench) {
    check(bench, Op::Complete).await;
}

pub async fn failure(bench: &Bench) {
    check(bench, Op::Fail).await;
}

pub async fn cancellation(bench: &Bench) {
    check(bench, Op::Cancel).await;
}

pub async fn clearing(bench: &Bench) {
    check(bench, Op::Clear).await;
}

pub async fn resolution(bench: &Bench) {
    check(bench, Op::Resolve).await;
}

pub async fn look(bench: &Bench) {
    check(bench, Op::Get).await;
}

pub async fn list(bench: &Bench) {
    check(bench, Op::List).await;
}

pub async fn sweep(bench: &Bench) {
    check(bench, Op::Sweep).await;
}
