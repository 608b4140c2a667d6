//! Claiming.

use crate::claim::ClaimVerdict;
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold, want};

pub(super) async fn claim_of_absent_is_granted(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    let claimed = a.granted().await?;
    hold!(claimed.attempt == 1, "found attempt {}, expected 1", claimed.attempt);
    hold!(claimed.fence > 0, "found fence 0, expected a fence above it");
    hold!(claimed.previous.is_none(), "found {:?}, expected no previous claim", claimed.previous);
    hold!(claimed.lease_left <= bench.lease(), "found {:?} of a lease of {:?}", claimed.lease_left, bench.lease());
    Ok(())
}

pub(super) async fn claim_of_a_held_key_is_running(bench: &Bench) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    for mut rival in [bench.worker(&key), bench.worker(&key).elsewhere()] {
        want!(rival.claim().await?, ClaimVerdict::Running { lease_left: Some(left), ref record }
            if left <= bench.lease() && record.owner == a.claim.owner && record.holder == a.claim.holder);
    }
    Ok(())
}
