//! Calls of one key that meet in a process.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use shuttle::future::{spawn, yield_now};
use tokio::sync::Barrier;

use super::{Flights, IsRunning, Joined, Landing, Leader, Waits};
use crate::record::Record;
use crate::store::StoreError;
use crate::tests::{all_schedules, claim, clock, key, some_schedules, together};

fn record() -> Arc<Record> {
    let claim = claim(1, Duration::from_secs(30));
    Arc::new(Record::new(claim.key.clone(), claim.owner, clock().now()))
}

fn away() -> StoreError {
    StoreError::Unavailable { store: "the store".into(), reason: "it is away".into() }
}

/// Nobody follows any more, and the next to ask leads.
fn is_free(flights: &Flights, number: u64) -> bool {
    flights.followers.load(SeqCst) == 0 && matches!(flights.join(&key(number), None), Joined::Leads(_))
}

/// Joins until it leads or is answered.
async fn answer(flights: &Flights, lead: impl Fn(Leader<'_>)) -> Option<Landing> {
    loop {
        match flights.join(&key(1), None) {
            Joined::Leads(leader) => {
                yield_now().await;
                lead(leader);
                return None;
            }
            Joined::Follows(follower) => match follower.landed().await {
                Landing::Free => {}
                landing => return Some(landing),
            },
        }
    }
}

#[test]
fn every_follower_gets_what_the_leader_lands_and_none_is_counted_after() {
    some_schedules(|| async {
        let flights = Arc::new(Flights::default());
        let calls = (0..4).map(|_| {
            let flights = Arc::clone(&flights);
            async move { answer(&flights, |leader| leader.land(record())).await }
        });
        let answers = together(calls).await;
        let leaders = answers.iter().filter(|answer| answer.is_none()).count();
        assert!(leaders >= 1);
        assert!(answers.iter().flatten().all(|landing| matches!(landing, Landing::Completed(_))));
        assert!(is_free(&flights, 1));
    });
}

#[test]
fn every_follower_is_told_that_the_store_is_away() {
    some_schedules(|| async {
        let flights = Arc::new(Flights::default());
        let Joined::Leads(leader) = flights.join(&key(1), None) else { panic!("the first leads") };
        let joined = Arc::new(Barrier::new(4));
        let followers = (0..3).map(|_| {
            let (flights, joined) = (Arc::clone(&flights), Arc::clone(&joined));
            spawn(async move {
                let Joined::Follows(follower) = flights.join(&key(1), None) else { panic!("the others follow") };
                joined.wait().await;
                follower.landed().await
            })
        });
        let followers: Vec<_> = followers.collect();
        joined.wait().await;
        leader.away(&away());
        for follower in followers {
            assert!(matches!(follower.await.unwrap(), Landing::Away(_)));
        }
        assert!(is_free(&flights, 1));
    });
}

#[test]
fn in_every_schedule_a_follower_wakes_when_its_leader_lands() {
    all_schedules(300_000, || async {
        let flights = Arc::new(Flights::default());
        let Joined::Leads(leader) = flights.join(&key(1), None) else { panic!("the first leads") };
        let follows = Arc::clone(&flights);
        let follower = spawn(async move {
            match follows.join(&key(1), None) {
                Joined::Leads(_) => None,
                Joined::Follows(follower) => Some(follower.landed().await),
            }
        });
        leader.land(record());
        let landing = follower.await.unwrap();
        assert!(matches!(landing, None | Some(Landing::Completed(_))));
        assert!(is_free(&flights, 1));
    });
}

#[test]
fn of_the_followers_of_a_dropped_leader_exactly_one_leads_next() {
    some_schedules(|| async {
        let flights = Arc::new(Flights::default());
        let leading = Arc::new(AtomicUsize::new(0));
        let calls = (0..4).map(|_| {
            let (flights, leading) = (Arc::clone(&flights), Arc::clone(&leading));
            async move {
                loop {
                    match flights.join(&key(1), None) {
                        Joined::Leads(leader) => {
                            assert_eq!(leading.fetch_add(1, SeqCst), 0, "two lead at once");
                            leader.runs();
                            yield_now().await;
                            leading.fetch_sub(1, SeqCst);
                            return;
                        }
                        Joined::Follows(follower) => assert!(matches!(follower.landed().await, Landing::Free)),
                    }
                }
            }
        });
        // Each leads once, so that none was left behind.
        assert_eq!(together(calls).await.len(), 4);
        assert!(is_free(&flights, 1));
    });
}

#[test]
fn a_follower_that_does_not_wait_goes_as_soon_as_the_key_runs() {
    all_schedules(300_000, || async {
        let flights = Arc::new(Flights::default());
        let Joined::Leads(leader) = flights.join(&key(1), None) else { panic!("the first leads") };
        let follows = Arc::clone(&flights);
        let follower = spawn(async move {
            let Joined::Follows(follower) = follows.join(&key(1), None) else { panic!("the second follows") };
            follower.landed_unless_running().await
        });
        leader.runs();
        // The leader goes on for as long as the follower is not answered.
        let answer = follower.await.unwrap();
        assert!(matches!(answer, Err(IsRunning)));
        drop(leader);
        assert!(is_free(&flights, 1));
    });
}

#[test]
fn a_follower_that_does_not_wait_is_answered_whatever_becomes_of_the_leader() {
    some_schedules(|| async {
        let flights = Arc::new(Flights::default());
        let calls = (0..4).map(|number| {
            let flights = Arc::clone(&flights);
            async move {
                match flights.join(&key(1), None) {
                    Joined::Leads(leader) => {
                        yield_now().await;
                        match number {
                            0 => leader.land(record()),
                            1 => leader.away(&away()),
                            2 => drop(leader),
                            _ => leader.runs(),
                        }
                    }
                    Joined::Follows(follower) => _ = follower.landed_unless_running().await,
                }
            }
        });
        together(calls).await;
        assert!(is_free(&flights, 1));
    });
}

#[test]
fn followers_that_are_dropped_leave_the_others_to_be_answered() {
    some_schedules(|| async {
        let flights = Arc::new(Flights::default());
        let calls: Vec<_> = (0..4)
            .map(|_| {
                let flights = Arc::clone(&flights);
                spawn(async move { answer(&flights, |leader| leader.land(record())).await })
            })
            .collect();
        calls[1].abort();
        calls[2].abort();
        for call in calls {
            _ = call.await;
        }
        assert!(is_free(&flights, 1));
    });
}

/// Bodies that hold a key each and begin, at once, to wait for the next one's: how many were refused.
async fn refused_of(bodies: u64) -> usize {
    let flights = Arc::new(Flights::default());
    let begin = Arc::new(Barrier::new(usize::try_from(bodies).unwrap()));
    let refused = together((0..bodies).map(|number| {
        let (flights, begin) = (Arc::clone(&flights), Arc::clone(&begin));
        async move {
            let Joined::Leads(leader) = flights.join(&key(number), None) else { panic!("the first of its key leads") };
            let body = Waits::new(None);
            leader.enters(&body);
            begin.wait().await;
            let Joined::Follows(follower) = flights.join(&key((number + 1) % bodies), None) else {
                return false;
            };
            let Some(_waiting) = follower.waits_for(&body) else { return true };
            assert!(matches!(follower.landed().await, Landing::Free));
            false
        }
    }))
    .await;
    assert!((0..bodies).all(|number| is_free(&flights, number)));
    refused.into_iter().filter(|refused| *refused).count()
}

#[test]
fn of_two_bodies_that_begin_to_wait_for_each_other_at_once_exactly_one_is_refused() {
    some_schedules(|| async { assert_eq!(refused_of(2).await, 1) });
}

#[test]
fn of_three_bodies_that_begin_to_wait_in_a_ring_exactly_one_is_refused() {
    some_schedules(|| async { assert_eq!(refused_of(3).await, 1) });
}
