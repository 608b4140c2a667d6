//! A lease, as its keeper and its call see it together.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod drops;
mod keeper;

use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use shuttle::future::spawn;

use super::{Guarded, Lease, Ran, micros};
use crate::sync::atomic::Ordering::SeqCst;
use crate::sync::controlled::time;
use crate::tests::{all_schedules, claim, clock};

const LEASE: Duration = Duration::from_secs(12);

fn lease() -> Arc<Lease> {
    Arc::new(Lease::new(claim(1, LEASE), Duration::ZERO))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn deadline_and_beat(lease: &Lease) -> (u64, u64) {
    (lease.deadline.load(SeqCst), lease.next_beat.load(SeqCst))
}

/// Whether a body that never ends by itself was dropped for its lease.
async fn is_dropped(lease: &Lease) -> bool {
    let clock = clock();
    let body = Box::pin(pending::<()>());
    matches!(Guarded::new(body, Some((lease, &*clock)), None).await, Ran::LeaseOver(None))
}

#[test]
fn in_every_schedule_a_body_that_waits_is_dropped_when_its_claim_is_lost() {
    all_schedules(300_000, || async {
        let lease = lease();
        let keeper = Arc::clone(&lease);
        let loses = spawn(async move { keeper.lose() });
        assert!(is_dropped(&lease).await);
        loses.await.unwrap();
        assert!(!lease.is_cancelled());
    });
}

#[test]
fn in_every_schedule_a_body_that_is_dropped_for_a_cancellation_knows_it() {
    all_schedules(300_000, || async {
        let lease = lease();
        let keeper = Arc::clone(&lease);
        let cancels = spawn(async move { keeper.cancel() });
        assert!(is_dropped(&lease).await);
        assert!(lease.is_cancelled());
        cancels.await.unwrap();
    });
}

#[test]
fn in_every_schedule_a_body_that_moved_to_another_task_is_dropped_there() {
    all_schedules(300_000, || async {
        let lease = lease();
        let held = Arc::clone(&lease);
        let mut body: Pin<Box<dyn Future<Output = bool> + Send>> = Box::pin(async move { is_dropped(&held).await });
        poll_fn(|cx| {
            assert!(body.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        let moved = spawn(body);
        let keeper = Arc::clone(&lease);
        let loses = spawn(async move { keeper.lose() });
        assert!(moved.await.unwrap());
        loses.await.unwrap();
    });
}

#[test]
fn in_every_schedule_an_older_answer_takes_nothing_back() {
    all_schedules(300_000, || async {
        let lease = lease();
        let keeper = Arc::clone(&lease);
        let older = spawn(async move { keeper.renewed(seconds(1)) });
        lease.renewed(seconds(2));
        older.await.unwrap();
        assert_eq!(deadline_and_beat(&lease), (micros(seconds(2 + 12)), micros(seconds(2 + 4))));
    });
}

#[test]
fn in_every_schedule_a_missed_beat_takes_no_renewal_back() {
    all_schedules(300_000, || async {
        let lease = lease();
        let call = Arc::clone(&lease);
        let renewed = spawn(async move { call.renewed(seconds(5)) });
        let asked = lease.asked(seconds(4));
        lease.missed(asked, seconds(6));
        renewed.await.unwrap();
        assert_eq!(deadline_and_beat(&lease), (micros(seconds(5 + 12)), micros(seconds(5 + 4))));
    });
}

#[test]
fn in_every_schedule_of_two_beats_that_fail_the_later_says_when_the_next_is_due() {
    all_schedules(300_000, || async {
        let lease = lease();
        let first = lease.asked(seconds(4));
        let late = Arc::clone(&lease);
        let second = spawn(async move {
            let second = late.asked(seconds(8));
            late.missed(second, seconds(10));
        });
        lease.missed(first, seconds(9));
        second.await.unwrap();
        // Twelve seconds are a lease, and a twelfth of it is waited after a beat that failed.
        assert_eq!(deadline_and_beat(&lease), (micros(LEASE), micros(seconds(10 + 1))));
        time::advance(LEASE);
        assert!(lease.is_over(&*clock()));
    });
}
