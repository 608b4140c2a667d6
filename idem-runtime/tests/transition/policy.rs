//! Whose policy decides, and what counts as an attempt.

use idem_runtime::claim::{ClaimRequest, ClaimVerdict, FailVerdict, Failure, Previous, ResolveRequest};
use idem_runtime::policy::OnStale;
use idem_runtime::record::State;
use idem_runtime::transition;

use crate::support::{LEASE, World, claim_by, key_of};

#[test]
fn proto_6_the_abandoned_claims_own_policy_decides() {
    for (abandoned, newcomer, parks) in [
        (OnStale::Rerun, OnStale::Rerun, false),
        (OnStale::Rerun, OnStale::Park, false),
        (OnStale::Park, OnStale::Rerun, true),
        (OnStale::Park, OnStale::Park, true),
        (OnStale::Rerun, OnStale::Reconcile, false),
        (OnStale::Park, OnStale::Reconcile, true),
        (OnStale::Reconcile, OnStale::Reconcile, false),
        // Nobody to ask: an operator decides.
        (OnStale::Reconcile, OnStale::Rerun, true),
        (OnStale::Reconcile, OnStale::Park, true),
    ] {
        let mut world = World::new();
        world.granted(&ClaimRequest { on_stale: abandoned, ..claim_by(1) });
        world.pass(LEASE);
        let verdict = world.claim(&ClaimRequest { on_stale: newcomer, max_attempts: Some(1), ..claim_by(2) });
        assert_eq!(matches!(verdict, ClaimVerdict::Parked(_)), parks, "{abandoned:?}, {newcomer:?}: {verdict:?}");
    }
}

#[test]
fn proto_6_a_takeover_says_from_whom() {
    let mut world = World::new();
    let first = world.granted(&claim_by(1));
    world.pass(LEASE * 2);
    let second = world.granted(&claim_by(2));
    let (created_at, lease_until) = (first.at, first.at + LEASE);
    assert_eq!(second.previous, Some(Previous { attempt: 1, fence: first.fence, created_at, lease_until }));
    world.fail(&claim_by(2), Failure::Release);
    assert_eq!(world.granted(&claim_by(3)).previous, None);
}

#[test]
fn proto_6_an_operators_retry_grants_one_more_attempt_than_there_were() {
    let mut world = World::new();
    let last = |owner| ClaimRequest { max_attempts: Some(1), ..claim_by(owner) };
    world.granted(&last(1));
    assert_eq!(world.fail(&last(1), Failure::Release), FailVerdict::Settled(State::Parked));
    world.apply(|record, now| transition::resolve(record, &ResolveRequest::Retry, now));
    assert_eq!(world.granted(&last(2)).attempt, 2);
    assert_eq!(world.fail(&last(2), Failure::Release), FailVerdict::Settled(State::Parked));
}

#[test]
fn proto_9_an_attempt_that_did_not_start_does_not_count_however_often_it_is_said() {
    let mut world = World::new();
    for _ in 0..3 {
        assert_eq!(world.granted(&claim_by(1)).attempt, 1);
        for _ in 0..3 {
            world.fail(&claim_by(1), Failure::NotStarted);
            assert_eq!(world.there().attempt, 0);
        }
        assert_eq!(world.granted(&claim_by(2)).attempt, 1);
        world.fail(&claim_by(2), Failure::NotStarted);
    }
}

#[test]
fn proto_5_the_last_owner_is_remembered_and_no_other() {
    let mut world = World::new();
    world.fail(&claim_by(1), Failure::NotStarted);
    world.fail(&claim_by(2), Failure::NotStarted);
    assert!(matches!(world.claim(&claim_by(2)), ClaimVerdict::Stale));
    // The limit that the rule states: of two that gave up, the earlier one's late claim is granted.
    assert!(matches!(world.claim(&claim_by(1)), ClaimVerdict::Claimed(_)));
}

#[test]
fn proto_13_what_has_no_fingerprint_matches_everything() {
    let other = Some(key_of("20 EUR").1);
    for (theirs, ours) in [(None, other.clone()), (other, None), (None, None)] {
        let mut world = World::new();
        world.granted(&ClaimRequest { fingerprint: theirs, ..claim_by(1) });
        let verdict = world.claim(&ClaimRequest { fingerprint: ours, ..claim_by(2) });
        assert!(matches!(verdict, ClaimVerdict::Running { .. }), "{verdict:?}");
    }
}

#[test]
fn proto_9_a_failure_keeps_its_message_until_the_work_is_done() {
    let mut world = World::new();
    world.granted(&claim_by(1));
    world.fail(&claim_by(1), Failure::Release);
    let fence = world.granted(&claim_by(2)).fence;
    assert_eq!(world.there().error.as_deref(), Some("it failed"));
    world.complete(&claim_by(2), fence, false);
    assert_eq!(world.there().error, None);
}
