//! Leases.

use std::time::Duration;

use idem_runtime::claim::ClaimRequest;

use crate::support::{LEASE, MS, World, claim_by};

fn without_lease(owner: u8) -> ClaimRequest {
    ClaimRequest { lease: Duration::ZERO, ..claim_by(owner) }
}

#[test]
fn proto_7_a_lease_of_nothing_is_a_lease_for_the_same_claim_again() {
    let mut world = World::new();
    let claim = without_lease(1);
    assert_eq!(world.granted(&claim).lease_left, MS);
    assert_eq!(world.granted(&claim).lease_left, MS);
    world.pass(MS);
    assert_eq!(world.granted(&claim).lease_left, MS);
    assert_eq!(world.there().lease_left(world.now), Some(MS));
}

#[test]
fn proto_11_a_lease_of_nothing_leaves_a_tombstone_all_the_same() {
    let mut world = World::new();
    let claim = without_lease(1);
    let fence = world.granted(&claim).fence;
    world.clear(true);
    assert!(world.there().expires_at.is_some_and(|end| end > world.now));
    let late = world.complete(&claim, fence, true);
    assert!(format!("{late:?}").starts_with("LeaseLost"), "{late:?}");
}

#[test]
fn proto_15_a_record_whose_time_is_over_leaves_its_fence_and_nothing_else() {
    let mut world = World::new();
    let long = ClaimRequest { lease: LEASE * 9, ..claim_by(1) };
    let fence = world.granted(&long).fence;
    world.complete(&long, fence, false);
    world.pass(Duration::from_secs(3_600));
    let mut swept = World { record: None, ..world.clone() };
    let after = world.granted(&claim_by(2)).fence;
    swept.granted(&claim_by(2));
    assert!(after > fence);
    assert_eq!(world.record, swept.record);
}
