//! Protocols that are wrong in one way: each breaks the property that is there for it.
#![allow(missing_docs)]

use std::collections::BTreeSet;

use idem_model::{Model, Mutant, Sizes};
use stateright::{Checker, HasDiscoveries, Model as _};

const SMALL: Sizes =
    Sizes { workers: 2, deliveries: 2, crashes: 1, faults: 1, beats: 1, ticks: 1, lease: 1, parks: false };

/// The checker finds a run of the mutant that breaks this property.
fn caught(mutant: Mutant, sizes: Sizes, property: &'static str) {
    let expected = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let broken = Model::with(sizes, mutant);
    assert!(broken.property(property).expectation.discovery_is_failure());
    let checker = broken.checker().finish_when(expected).spawn_bfs().join();
    let found = checker.discoveries();
    assert!(found.contains_key(property), "{mutant:?} breaks {:?}, expected {property}", found.keys());
}

macro_rules! mutants {
    ($($name:ident: $mutant:ident, $sizes:expr, $property:literal;)*) => {
        $(#[test]
        fn $name() {
            caught(Mutant::$mutant, $sizes, $property);
        })*
    };
}

mutants! {
    complete_without_owner: CompleteWithoutOwner, SMALL, "PROTO-8: a lost claim completes nothing";
    complete_without_fence: CompleteWithoutFence, Sizes { ticks: 2, beats: 0, ..SMALL },
        "PROTO-8: a lost claim completes nothing";
    complete_over_completed: CompleteOverCompleted, SMALL,
        "PROTO-2, PROTO-14: a completed key has one value and never runs again";
    completion_not_kept: CompletionNotKept, SMALL,
        "PROTO-2, PROTO-14: a completed key has one value and never runs again";
    release_by_key_only: ReleaseByKeyOnly, SMALL, "PROTO-9: nobody ends another's claim";
    release_by_key_only_makes_two_owners: ReleaseByKeyOnly, SMALL, "LEASE-2: one live owner at most";
    release_deletes: ReleaseDeletes, SMALL, "PROTO-5: a claim after its own end claims nothing";
    release_not_kept: ReleaseNotKept, SMALL, "PROTO-9: a released key can be claimed at once";
    release_counts_twice: ReleaseCountsTwice, Sizes { workers: 1, deliveries: 1, crashes: 0, faults: 2, beats: 0, ..SMALL }, "PROTO-9: attempts are counted once";
    renew_by_key_only: RenewByKeyOnly, SMALL, "LEASE-2: one live owner at most";
    lease_by_client_clock: LeaseByClientClock, SMALL, "LEASE-2: one live owner at most";
    claim_not_replayable: ClaimNotReplayable, SMALL, "PROTO-4: a claim sent again has the first answer";
    late_claim_granted: LateClaimGranted, SMALL, "PROTO-5: a claim after its own end claims nothing";
    cache_answers_for_store: CacheAnswersForStore, SMALL, "LEASE-2: one live owner at most";
    cache_answers_for_store_after_completion: CacheAnswersForStore, SMALL,
        "PROTO-2, PROTO-14: a completed key has one value and never runs again";
    takeover_keeps_fence: TakeoverKeepsFence, SMALL, "PROTO-3: the fence grows with every claim";
    fence_from_clock_alone: FenceFromClockAlone, SMALL, "PROTO-3: the fence grows with every claim";
    takeover_ignores_park: TakeoverIgnoresPark, Sizes { parks: true, ..SMALL }, "PROTO-6: park never reruns";
    dropped_body_releases: DroppedBodyReleases, Sizes { parks: true, ..SMALL }, "PROTO-6: park never reruns";
    lease_without_end: LeaseWithoutEnd, SMALL, "PROTO-6: no claim keeps others out for longer than a lease";
    lease_without_end_ends_no_delivery: LeaseWithoutEnd, SMALL, "every delivery ends";
    new_owner_on_retry: NewOwnerOnRetry, SMALL, "PROTO-4: a claim sent again has the first answer";
    deadline_from_answer: DeadlineFromAnswer, SMALL, "LEASE-2: one live owner at most";
    late_answer_believed: LateAnswerBelieved, SMALL, "LEASE-3: a body is entered under a claim that the store holds";
    renewal_believed: RenewalBelieved, Sizes { ticks: 2, beats: 0, ..SMALL },
        "LEASE-3: a body is entered under a claim that the store holds";
    running_taken_as_done: RunningTakenAsDone, SMALL, "a delivery ends with the value, or parked";
    waits_for_ever: WaitsForEver, SMALL, "every delivery ends";
}
