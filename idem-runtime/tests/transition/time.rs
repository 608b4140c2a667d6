//! What is kept, and for how long.

use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, Failure};
use idem_runtime::clock::Timestamp;
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{State, Status};
use idem_runtime::transition::{self, MIN_GRACE};

use crate::support::{LEASE, MS, TTL, World, claim_by};

/// How long the record is there from `start`, or forever.
fn kept(world: &World, start: Timestamp) -> Option<Duration> {
    world.there().expires_at.map(|end| end.since(start))
}

#[test]
fn proto_14_evidence_is_kept_for_a_day_at_least_from_the_end_of_what_held_the_record() {
    let long = MIN_GRACE * 3;
    for (grace, expected) in [
        (Retention::For(Duration::ZERO), Some(MIN_GRACE)),
        (Retention::For(MS), Some(MIN_GRACE)),
        (Retention::For(long), Some(long)),
        (Retention::Forever, None),
    ] {
        let claim = ClaimRequest { grace, ..claim_by(1) };
        let plus = |time| expected.map(|expected| expected + time);
        let mut world = World::new();
        world.granted(&claim);
        assert_eq!(kept(&world, world.now), plus(LEASE), "abandoned, {grace}");
        world.pass(LEASE * 5);
        world.renew(&claim);
        assert_eq!(kept(&world, world.now), plus(LEASE), "renewed, {grace}");
        let mut failed = world.clone();
        failed.fail(&claim, Failure::Store(TTL));
        assert_eq!(kept(&failed, failed.now), plus(TTL), "failed, {grace}");
        world.fail(&claim, Failure::Release);
        assert_eq!(kept(&world, world.now), expected, "released, {grace}");
        let mut stub = World::new();
        stub.fail(&claim, Failure::NotStarted);
        assert_eq!(kept(&stub, stub.now), expected, "given up, {grace}");
    }
}

#[test]
fn proto_14_what_must_not_be_rerun_is_kept_until_somebody_says_so() {
    for on_stale in [OnStale::Park, OnStale::Reconcile] {
        let claim = ClaimRequest { on_stale, ..claim_by(1) };
        let mut world = World::new();
        world.granted(&claim);
        assert_eq!(kept(&world, world.now), None);
        world.renew(&claim);
        assert_eq!(kept(&world, world.now), None);
        world.pass(MIN_GRACE * 9_999);
        world.claim(&claim_by(2));
        assert_eq!((world.there().state, kept(&world, world.now)), (State::Parked, None));
    }
}

#[test]
fn proto_14_a_result_is_kept_from_completion_and_a_second_completion_prolongs_nothing() {
    let mut world = World::new();
    let fence = world.granted(&claim_by(1)).fence;
    world.pass(TTL * 3);
    world.complete(&claim_by(1), fence, false);
    let done = world.now;
    assert_eq!(kept(&world, done), Some(TTL));
    world.pass(TTL / 2);
    world.complete(&claim_by(1), fence, false);
    assert_eq!(kept(&world, done), Some(TTL));
}

#[test]
fn proto_11_a_tombstone_stays_for_the_longest_lease_granted_over_all_claims_of_the_record() {
    let mut world = World::new();
    world.granted(&ClaimRequest { lease: LEASE * 4, ..claim_by(1) });
    world.fail(&claim_by(1), Failure::Release);
    world.granted(&claim_by(2));
    world.renew(&ClaimRequest { lease: LEASE / 2, ..claim_by(2) });
    world.clear(true);
    assert_eq!(kept(&world, world.now), Some(LEASE * 4));
    // A claim of the cleared key remembers it too: the first claim may still be under way.
    world.granted(&claim_by(3));
    world.clear(true);
    assert_eq!(kept(&world, world.now), Some(LEASE * 4));
}

#[test]
fn proto_15_times_are_over_at_their_end_and_not_before() {
    let mut world = World::new();
    let fence = world.granted(&claim_by(1)).fence;
    let status = |world: &World| world.there().status(world.now);
    let instant = Duration::from_micros(1);
    world.pass(LEASE - instant);
    assert_eq!(status(&world), Status::Is(State::Running));
    world.pass(instant);
    assert_eq!(status(&world), Status::Stale);
    world.complete(&claim_by(1), fence, false);
    world.pass(TTL - instant);
    assert_eq!(status(&world), Status::Is(State::Completed));
    assert!(transition::live(world.record.as_ref(), world.now).is_some());
    world.pass(instant);
    assert_eq!(status(&world), Status::Absent);
    assert!(transition::live(world.record.as_ref(), world.now).is_none());
}

#[test]
fn proto_6_a_running_record_without_a_deadline_is_never_stale() {
    let mut world = World::new();
    world.granted(&claim_by(1));
    let record = world.record.as_mut().unwrap();
    (record.lease_until, record.expires_at) = (None, None);
    world.pass(MIN_GRACE * 9_999);
    assert_eq!(world.there().status(world.now), Status::Is(State::Running));
    assert_eq!(world.there().lease_left(world.now), None);
}

#[test]
fn the_end_of_time_is_no_wrap_around() {
    let mut world = World::new();
    world.granted(&ClaimRequest { lease: Duration::MAX, ..claim_by(1) });
    assert_eq!(world.there().lease_until, Some(Timestamp::from_micros(i64::MAX)));
    assert_eq!(world.there().status(world.now), Status::Is(State::Running));
}
