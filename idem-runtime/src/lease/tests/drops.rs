//! What dropped calls leave to the keeper.

use std::sync::Arc;
use std::time::Duration;

use shuttle::future::{spawn, yield_now};

use super::super::{Keeper, Settlement};
use super::keeper::keeper;
use crate::claim::{FailRequest, Failure};
use crate::record::State;
use crate::sync::controlled::time;
use crate::tests::{Remote, after, claim, granted, key, some_schedules, together};

const LEASE: Duration = Duration::from_secs(60);

/// Longer than a keeper may be quiet.
const STUCK: Duration = Duration::from_secs(11);

/// Claims a key, and leaves it to the keeper.
async fn leaves(store: Remote, keeper: Arc<Keeper>, number: u64) {
    let claim = claim(number, LEASE);
    granted(&store, &claim).await;
    keeper.settle(Settlement::Fail(FailRequest { claim, how: Failure::Release, error: None }));
}

async fn all_are_released(store: &Remote) {
    for number in 0..3 {
        assert!(store.settled(&key(number)));
        assert_eq!(store.state(&key(number)).await, Some(State::Retryable));
    }
}

#[test]
fn whatever_is_left_is_settled_and_who_waits_for_it_wakes() {
    some_schedules(|| async {
        let store = Remote::new();
        let keeper = keeper(&store);
        let calls = (0..3).map(|number| {
            let (store, keeper) = (store.clone(), Arc::clone(&keeper));
            async move {
                leaves(store, Arc::clone(&keeper), number).await;
                keeper.settled().await;
            }
        });
        together(calls).await;
        assert!(keeper.unsettled().is_empty());
        all_are_released(&store).await;
        assert!(time::passed() < LEASE);
    });
}

#[test]
fn what_is_left_is_sent_until_it_is_answered() {
    some_schedules(|| async {
        let store = Remote::new();
        let keeper = keeper(&store);
        together((0..3).map(|number| leaves(store.clone(), Arc::clone(&keeper), number))).await;
        let store = store.loses(4);
        keeper.settled().await;
        let store = store.loses(0);
        assert!(keeper.unsettled().is_empty());
        all_are_released(&store).await;
    });
}

#[test]
fn what_is_left_before_the_keeper_is_dropped_is_settled_all_the_same() {
    some_schedules(|| async {
        let store = Remote::new();
        let keeper = keeper(&store);
        keeper.ensure().unwrap();
        let calls = (0..3).map(|number| leaves(store.clone(), Arc::clone(&keeper), number));
        let calls: Vec<_> = calls.map(spawn).collect();
        drop(keeper);
        for call in calls {
            call.await.unwrap();
        }
        after(LEASE / 2).await;
        all_are_released(&store).await;
    });
}

#[test]
fn what_is_left_is_sent_once_however_late() {
    some_schedules(|| async {
        let store = Remote::new().near();
        let keeper = keeper(&store);
        keeper.ensure().unwrap();
        after(Duration::from_secs(1)).await;
        let calls = (0..3).map(|number| leaves(store.clone(), Arc::clone(&keeper), number));
        let calls: Vec<_> = calls.map(spawn).collect();
        yield_now().await;
        time::advance(LEASE * 2);
        for call in calls {
            call.await.unwrap();
        }
        keeper.settled().await;
        // What the keeper was sending when it was replaced is on its way.
        after(Duration::from_secs(1)).await;
        all_are_released(&store).await;
    });
}

#[test]
fn a_keeper_that_is_replaced_loses_nothing_that_is_left_to_it() {
    some_schedules(|| async {
        let store = Remote::new();
        let keeper = keeper(&store);
        keeper.ensure().unwrap();
        let replaces = Arc::clone(&keeper);
        let pause = spawn(async move {
            for _ in 0..2 {
                time::advance(STUCK);
                replaces.ensure().unwrap();
                yield_now().await;
            }
        });
        together((0..3).map(|number| leaves(store.clone(), Arc::clone(&keeper), number))).await;
        pause.await.unwrap();
        keeper.settled().await;
        all_are_released(&store).await;
    });
}

#[test]
fn what_a_replaced_keeper_was_sending_is_sent_by_its_successor() {
    some_schedules(|| async {
        let store = Remote::new().hangs_first();
        let keeper = keeper(&store);
        keeper.ensure().unwrap();
        together((0..3).map(|number| leaves(store.clone(), Arc::clone(&keeper), number))).await;
        after(Duration::from_secs(1)).await;
        time::advance(STUCK);
        keeper.ensure().unwrap();
        after(Duration::from_secs(30)).await;
        // Unless the first had looked again before it was asked for.
        if store.connections() > 1 {
            all_are_released(&store).await;
        }
    });
}
