//! A cache in front of a durable store: the conformance suite whatever the cache does, and what its copies may answer.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod tiered_support;

use std::sync::Arc;
use std::time::Duration;

use idem_runtime::claim::{ClaimVerdict, ClearVerdict};
use idem_runtime::testing::conformance::{self, BoxError, Fixture};
use idem_runtime::testing::{FaultStore, ManualClock, Op};
use idem_runtime::{Cache, MemoryStore, Store, StoreError, TieredStore};
use tiered_support::{Mood, TestCache, claim, complete, completed, done};

const LIFE: Duration = Duration::from_secs(30);

async fn open(mood: Mood) -> Result<Fixture, BoxError> {
    idem_test_log::listen();
    let clock = ManualClock::new();
    let durable = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
    let cache = TestCache::new(&clock);
    cache.be(mood);
    let tiered = || {
        let patience = Duration::from_millis(1);
        let builder = TieredStore::builder(cache.clone(), durable.clone()).clock(Arc::new(clock.clone()));
        Arc::new(builder.cache_life(LIFE).cache_timeout(patience).build())
    };
    Ok(Fixture::new(tiered(), tiered()).clock(clock))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_tiered_store_conforms() {
    conformance::run(async || open(Mood::Well).await).await.assert_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_conforms_while_its_cache_forgets_everything_at_once() {
    conformance::run(async || open(Mood::Forgetful).await).await.assert_passed();
}

/// All but removals: that those failed is said, and is no conformance (`a_clearing_that_cannot_reach_the_cache_says_so`).
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_conforms_while_its_cache_fails_or_is_silent() {
    for mood in [Mood::FailsButRemoves, Mood::SilentButRemoves] {
        conformance::run(async || open(mood).await).await.assert_passed();
    }
}

/// A tiered store, what is in it, and the clock they share.
struct Tiers {
    clock: ManualClock,
    cache: TestCache,
    durable: FaultStore,
    store: TieredStore,
}

fn tiers() -> Tiers {
    let clock = ManualClock::new();
    let memory = MemoryStore::builder().clock(Arc::new(clock.clone())).build();
    let (cache, durable) = (TestCache::new(&clock), FaultStore::new(Arc::new(memory)));
    let builder = TieredStore::builder(cache.clone(), durable.clone()).clock(Arc::new(clock.clone()));
    let store = builder.cache_life(LIFE).cache_timeout(Duration::from_millis(20)).build();
    Tiers { clock, cache, durable, store }
}

impl Tiers {
    fn claims_of_the_durable_store(&self) -> u64 {
        self.durable.faults().count(Op::Claim)
    }
}

#[tokio::test]
async fn a_duplicate_of_a_completed_call_is_answered_by_the_cache_alone() {
    let tiers = tiers();
    let result = completed(&tiers.store, 1).await;
    let before = tiers.claims_of_the_durable_store();
    let ClaimVerdict::Completed(record) = tiers.store.claim(&claim(1)).await.unwrap() else { panic!("no replay") };
    assert_eq!(record, result);
    assert_eq!(tiers.claims_of_the_durable_store(), before);
}

#[tokio::test]
async fn a_copy_that_was_lost_is_made_again_by_the_next_duplicate() {
    let tiers = tiers();
    completed(&tiers.store, 1).await;
    tiers.cache.flush();
    let before = tiers.claims_of_the_durable_store();
    for _ in 0..3 {
        assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Completed(_))));
    }
    assert_eq!(tiers.claims_of_the_durable_store(), before + 1);
}

#[tokio::test]
async fn a_copy_never_outlives_its_record() {
    let tiers = tiers();
    // It is kept for ten seconds, and copied again nine seconds later for a life of thirty.
    let first = claim(1);
    complete(&tiers.store, &first, Duration::from_secs(10)).await;
    tiers.clock.advance(Duration::from_secs(9));
    tiers.cache.flush();
    assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Completed(_))));
    tiers.clock.advance(Duration::from_secs(1));
    assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Claimed(_))));
}

#[tokio::test]
async fn other_arguments_are_a_mismatch_from_the_cache_too() {
    let tiers = tiers();
    let [first, other] = tiered_support::same_key_other_arguments();
    complete(&tiers.store, &first, Duration::from_secs(60)).await;
    assert!(matches!(tiers.store.claim(&other).await, Ok(ClaimVerdict::Mismatch { .. })));
}

#[tokio::test]
async fn only_completed_calls_are_answered_by_the_cache() {
    let tiers = tiers();
    let held = claim(1);
    assert!(matches!(tiers.store.claim(&held).await, Ok(ClaimVerdict::Claimed(_))));
    assert_eq!(tiers.cache.len(), 0);
    // What lies there all the same, such as a record of another store, is no answer.
    let running = tiers.durable.get(&held.key).await.unwrap().unwrap();
    tiers.cache.put(&running, LIFE).await.unwrap();
    assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Running { .. })));
    // Nor is a copy under another key.
    let copy = completed(&tiers.store, 2).await;
    tiers.cache.put_under(&held.key, &copy);
    assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Running { .. })));
}

#[tokio::test]
async fn a_cleared_record_is_answered_no_more() {
    let tiers = tiers();
    completed(&tiers.store, 1).await;
    assert_eq!(tiers.store.clear(&claim(1).key, false).await, Ok(ClearVerdict::Cleared));
    assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Claimed(_))));
}

#[tokio::test]
async fn a_clearing_that_cannot_reach_the_cache_says_so() {
    let tiers = tiers();
    completed(&tiers.store, 1).await;
    tiers.cache.be(Mood::Away);
    let Err(StoreError::Unavailable { reason, .. }) = tiers.store.clear(&claim(1).key, false).await else {
        panic!("the clearing claims to be whole")
    };
    assert!(reason.contains("up to 30s") && reason.contains("do it again"), "{reason}");
    tiers.cache.be(Mood::Well);
    tiers.clock.advance(Duration::from_secs(2));
    assert_eq!(tiers.store.clear(&claim(1).key, false).await, Ok(ClearVerdict::Cleared));
    assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Claimed(_))));
}

/// What is not promised, and for how long: a snapshot that is put back, or a write that arrives late.
#[tokio::test]
async fn a_copy_that_comes_back_after_a_clearing_answers_for_the_caches_life_at_most() {
    let tiers = tiers();
    let old = completed(&tiers.store, 1).await;
    tiers.store.clear(&old.key, false).await.unwrap();
    tiers.cache.put(&old, LIFE).await.unwrap();
    assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Completed(_))), "the test's copy is read");
    tiers.clock.advance(LIFE);
    assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Claimed(_))));
}

#[tokio::test]
async fn a_cache_that_does_not_answer_is_waited_for_once_a_second() {
    let tiers = tiers();
    completed(&tiers.store, 1).await;
    tiers.cache.be(Mood::Silent);
    let asked = tiers.cache.asked();
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    for _ in 0..100 {
        assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Completed(_))));
    }
    assert_eq!(tiers.cache.asked(), asked + 1);
    assert!(began.elapsed() < Duration::from_millis(40), "one time-out of 20 ms");
    tiers.clock.advance(Duration::from_secs(1));
    tiers.cache.be(Mood::Well);
    let before = tiers.claims_of_the_durable_store();
    assert!(matches!(tiers.store.claim(&claim(1)).await, Ok(ClaimVerdict::Completed(_))));
    assert_eq!(tiers.claims_of_the_durable_store(), before, "the cache is used again");
}

/// R25: two workers, one of which sees the cache and one of which does not, meet at the durable store.
#[tokio::test]
async fn r25_the_cache_comes_and_goes_a_hundred_times_and_no_body_starts_twice() {
    let tiers = tiers();
    let blind = TestCache::new(&tiers.clock);
    blind.be(Mood::Away);
    let other = TieredStore::builder(blind, tiers.durable.clone()).clock(Arc::new(tiers.clock.clone())).build();
    for round in 0..100_u64 {
        tiers.cache.be(if round % 2 == 0 { Mood::Away } else { Mood::Well });
        if round % 7 == 0 {
            tiers.cache.flush();
        }
        let (one, two) = (claim(round), claim(round));
        let (first, second) = tokio::join!(tiers.store.claim(&one), other.claim(&two));
        let granted = [&first, &second].iter().filter(|v| matches!(v, Ok(ClaimVerdict::Claimed(_)))).count();
        assert_eq!(granted, 1, "round {round}: {first:?}, {second:?}");
        let winner = if matches!(first, Ok(ClaimVerdict::Claimed(_))) { &one } else { &two };
        done(&tiers.store, winner, Duration::from_secs(3_600)).await;
        tiers.cache.be(if round % 3 == 0 { Mood::Away } else { Mood::Well });
        for store in [&tiers.store, &other] {
            assert!(matches!(store.claim(&claim(round)).await, Ok(ClaimVerdict::Completed(_))), "round {round}");
        }
        tiers.clock.advance(Duration::from_millis(700));
    }
}

#[tokio::test]
async fn it_says_what_it_is_made_of() {
    let tiers = tiers();
    let described = tiers.store.describe().await.unwrap();
    assert_eq!(described.kind, "tiered, memory");
    let cache = described.settings.iter().find(|setting| setting.name == "cache").unwrap();
    assert_eq!(cache.value, "test at nowhere");
    tiers.cache.be(Mood::Away);
    let described = tiers.store.describe().await.unwrap();
    assert!(described.settings[0].value.contains("does not answer"), "{described:?}");
}
