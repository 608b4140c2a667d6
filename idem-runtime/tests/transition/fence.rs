//! The fence grows, also where the store's clock was set back.

use std::time::Duration;

use idem_runtime::claim::Failure;
use idem_runtime::clock::Timestamp;

use crate::support::{LEASE, World, claim_by};

#[test]
fn proto_3_a_restored_completion_does_not_turn_the_fence_back() {
    let mut world = World::new();
    let old = world.granted(&claim_by(1)).fence;
    world.clear(true);
    world.pass(LEASE);
    let new = world.granted(&claim_by(2)).fence;
    world.complete(&claim_by(2), new, false);
    world.pass(Duration::from_secs(3_600));
    world.complete(&claim_by(1), old, true);
    world.now = Timestamp::from_micros(1);
    world.clear(true);
    let next = world.granted(&claim_by(3)).fence;
    assert!(next > new, "{next} after {new}");
}

#[test]
fn proto_3_the_fence_grows_while_the_clock_stands_or_goes_back() {
    let mut world = World::new();
    let mut last = 0;
    for owner in 1..10 {
        let fence = world.granted(&claim_by(owner)).fence;
        assert!(fence > last, "{fence} after {last}");
        last = fence;
        world.fail(&claim_by(owner), Failure::Release);
        world.now = Timestamp::from_micros(world.now.as_micros() - 1_000 * i64::from(owner % 2));
    }
}

#[test]
fn proto_3_the_fence_is_the_stores_time_where_that_is_higher() {
    let mut world = World::new();
    assert_eq!(world.granted(&claim_by(1)).fence, 1_000_000);
    world.now = Timestamp::from_micros(-5);
    let mut before_1970 = World { record: None, ..world };
    assert_eq!(before_1970.granted(&claim_by(1)).fence, 1);
}
