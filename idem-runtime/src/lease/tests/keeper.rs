//! The keeper's heartbeats, while claims come and go.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use super::super::{Guarded, Keeper, Lease, Ran, Workplace};
use crate::claim::CompleteRequest;
use crate::policy::Retention;
use crate::record::{State, StoredResult};
use crate::store::Store;
use crate::sync::controlled::time;
use crate::tests::{Remote, after, claim, clock, granted, key, some_schedules, together};

/// Shorter than the keeper's longest sleep: what it sleeps through is lost. Its beats are a hundred milliseconds apart.
const SHORT: Duration = Duration::from_millis(300);
const BEAT: Duration = Duration::from_millis(100);

/// Its first beat is far away: for it alone the keeper sleeps as long as it may.
const LONG: Duration = Duration::from_secs(30);

pub(super) fn keeper(store: &Remote) -> Arc<Keeper> {
    let keeper = Keeper::new(Arc::new(store.clone()), clock(), Workplace::BesideTheCalls);
    Arc::new(keeper)
}

/// Holds a claim for so many beats; whether it held all the time.
async fn holds(store: &Remote, keeper: &Keeper, number: u64, lease: Duration, beats: u32) -> bool {
    keeper.ensure().unwrap();
    let claim = claim(number, lease);
    let sent = time::passed();
    let claimed = granted(store, &claim).await;
    let lease = Arc::new(Lease::new(Arc::clone(&claim), sent));
    keeper.hold(&lease);
    for _ in 0..beats {
        after(BEAT).await;
        if lease.is_over(&*clock()) {
            return false;
        }
    }
    // At the very moment of a beat.
    let completion = CompleteRequest {
        fence: claimed.fence,
        attempt: claimed.attempt,
        claim: Arc::clone(&claim),
        result: StoredResult::Absent("none".into()),
        retention: Retention::Forever,
        may_restore: false,
    };
    store.complete(&completion).await.unwrap();
    keeper.let_go(&claim.owner);
    true
}

#[test]
fn a_claim_that_is_held_while_the_keeper_goes_to_sleep_is_never_slept_through() {
    some_schedules(|| async {
        let store = Remote::new();
        let keeper = keeper(&store);
        let calls = [(0, LONG, 0), (1, LONG, 8), (2, SHORT, 0), (3, SHORT, 1)].map(|(number, lease, later)| {
            let (store, keeper) = (store.clone(), Arc::clone(&keeper));
            async move {
                after(BEAT * later).await;
                holds(&store, &keeper, number, lease, 12).await
            }
        });
        assert_eq!(together(calls).await, [true; 4]);
        assert!(keeper.held().is_empty());
    });
}

#[test]
fn a_claim_that_is_held_while_the_keeper_says_when_it_looks_again_is_seen() {
    some_schedules(|| async {
        let store = Remote::new().near();
        let keeper = keeper(&store);
        keeper.ensure().unwrap();
        let mut leases = Vec::new();
        for (number, lease) in [(1, LONG), (2, SHORT)] {
            let claim = claim(number, lease);
            granted(&store, &claim).await;
            leases.push(Arc::new(Lease::new(claim, time::passed())));
        }
        // By now the keeper waits for news, and the first to be held is that.
        after(BEAT / 10).await;
        let held = leases.iter().cloned().map(|lease| {
            let keeper = Arc::clone(&keeper);
            async move { keeper.hold(&lease) }
        });
        together(held).await;
        after(SHORT * 2).await;
        assert!(leases.iter().all(|lease| !lease.is_over(&*clock())));
    });
}

#[test]
fn claims_that_come_and_go_are_renewed_in_time_and_not_after() {
    some_schedules(|| async {
        let store = Remote::new();
        let keeper = keeper(&store);
        let calls = [(0, 3), (1, 5), (2, 7)].map(|(number, beats)| {
            let (store, keeper) = (store.clone(), Arc::clone(&keeper));
            async move { holds(&store, &keeper, number, SHORT, beats).await }
        });
        assert_eq!(together(calls).await, [true; 3]);
        for number in 0..3 {
            assert_eq!(store.state(&key(number)).await, Some(State::Completed));
        }
        after(SHORT).await;
        let renewals = store.renewals();
        after(LONG).await;
        assert_eq!(store.renewals(), renewals);
    });
}

#[test]
fn a_body_is_dropped_at_its_deadline_while_no_beat_is_answered() {
    some_schedules(|| async {
        let store = Remote::new().hangs_first();
        let keeper = keeper(&store);
        keeper.ensure().unwrap();
        let bodies = [SHORT, SHORT * 2].map(|lease| {
            let (store, keeper) = (store.clone(), Arc::clone(&keeper));
            async move {
                let claim = claim(u64::try_from(lease.as_millis() / 300).unwrap(), lease);
                let sent = time::passed();
                granted(&store, &claim).await;
                let lease = Arc::new(Lease::new(Arc::clone(&claim), sent));
                keeper.hold(&lease);
                let body = Box::pin(pending::<()>());
                let ran = Guarded::new(body, Some((&lease, &*clock())), None).await;
                keeper.let_go(&claim.owner);
                matches!(ran, Ran::LeaseOver(None)) && time::passed() == claim.lease
            }
        });
        assert_eq!(together(bodies).await, [true; 2]);
        assert_eq!(store.renewals(), 0);
    });
}
