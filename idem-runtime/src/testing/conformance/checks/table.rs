//! The table of states and operations, cell by cell, beside the model.

use std::time::Duration;

use crate::claim::Failure;
use crate::clock::{Clock, SystemClock};
use crate::policy::{OnStale, Retention};
use crate::testing::conformance::bench::{Bench, Checked, Stop};
use crate::testing::conformance::fixture::LONGEST_WAIT;
use crate::testing::conformance::twin::{Act, Policy, Twin, Word};

/// The claim's owner, a rival, and a newcomer who sees what is left.
const OWNER: usize = 0;
const RIVAL: usize = 1;
const NEWCOMER: usize = 2;

const TTL: Retention = Retention::For(Duration::from_secs(3_600));

/// Every operation, by everybody it may come from.
fn operations(lease: Duration) -> Vec<Act> {
    let mut all =
        vec![Act::Sweep, Act::Cancel(0), Act::Clear { key: 0, force: false }, Act::Clear { key: 0, force: true }];
    all.extend([Word::Completed, Word::Retry, Word::Cancel].map(|word| Act::Resolve(0, word)));
    for player in [OWNER, RIVAL] {
        all.extend([Act::Claim(player), Act::Admit(player, lease * 8), Act::Renew(player), Act::complete(player)]);
        let completion = |may_restore, older| Act::Complete { player, result: 1, ttl: TTL, may_restore, older };
        all.extend([completion(true, false), completion(false, true)]);
        let ways = [Failure::Release, Failure::NotStarted, Failure::Store(lease * 8), Failure::Park];
        all.extend(ways.map(|how| Act::Fail(player, how)));
    }
    all
}

/// How long the lease of a row is where time really passes, in leases of the fixture, each time that it is played.
const LEASES: [u32; 3] = [5, 8, 8];

/// All cells of one state. Where time really passes they must be done within one lease, or nobody could say what each of them
/// should have found: a row that took longer is played again, and at last said to be none.
async fn state(bench: &Bench, setup: impl Fn(Duration) -> Vec<Act>, policy: impl Fn(Policy) -> Policy) -> Checked {
    if bench.fixture().clock.is_some() {
        return row(bench, &setup(bench.lease()), policy(Policy::plain(bench.lease()))).await;
    }
    let mut slow = String::new();
    // Rows wait for a lease and a quarter.
    let longest = LONGEST_WAIT * 4 / 5;
    for lease in LEASES.map(|leases| (bench.lease() * leases).min(longest)) {
        let setup = setup(lease);
        let waits = |act: &Act| if let Act::Pass(time) = act { *time } else { Duration::ZERO };
        let waits: Duration = setup.iter().map(waits).sum();
        let began = SystemClock.uptime();
        let played = row(bench, &setup, policy(Policy::plain(lease))).await;
        let took = SystemClock.uptime().saturating_sub(began).saturating_sub(waits);
        if took < lease {
            return played;
        }
        slow = format!("the row took {took:?} beside its waits, and its lease is {lease:?}");
    }
    Err(Stop::Unclear(format!("{slow}: this store or machine is too slow for the fixture's lease")))
}

/// The cells, each on a key of its own. They are set up together, so that time passes once for all.
async fn row(bench: &Bench, setup: &[Act], policy: Policy) -> Checked {
    let operations = operations(policy.lease);
    let mut cells: Vec<_> = operations.iter().map(|_| Twin::new(bench, policy)).collect();
    for act in setup.iter().copied() {
        match act {
            Act::Pass(time) => {
                bench.pass(time).await?;
                cells.iter_mut().for_each(|cell| cell.passed(time));
            }
            act => {
                for cell in &mut cells {
                    cell.act(act).await.map_err(|stop| named(stop, "set up", act))?;
                }
            }
        }
    }
    for (cell, act) in cells.iter_mut().zip(operations) {
        bench.forget_steps();
        cell.act(act).await.map_err(|stop| named(stop, "the cell", act))?;
        // What was done twice must answer as once, and the next delivery must find what the model says.
        cell.act(act).await.map_err(|stop| named(stop, "again", act))?;
        for (after, player) in [("then the owner's claim", OWNER), ("then a new claim", NEWCOMER)] {
            cell.act(Act::Claim(player)).await.map_err(|stop| named(stop, after, act))?;
        }
    }
    Ok(())
}

fn named(stop: Stop, when: &str, act: Act) -> Stop {
    match stop {
        Stop::Failed(found) => Stop::Failed(format!("{act}: {when}: {found}")),
        skipped => skipped,
    }
}

const CLAIM: Act = Act::Claim(OWNER);

fn over(lease: Duration) -> Act {
    Act::Pass(lease + lease / 4)
}

macro_rules! states {
    ($($name:ident: |$lease:ident| $setup:expr $(, $field:ident: $value:expr)*;)*) => {
        $(pub(super) async fn $name(bench: &Bench) -> Checked {
            state(bench, |$lease| $setup.to_vec(), |policy| Policy { $($field: $value,)* ..policy }).await
        })*
    };
}

states! {
    cells_of_absent: |_lease| [] as [Act; 0];
    cells_of_running: |_lease| [CLAIM];
    cells_of_running_without_arguments: |_lease| [CLAIM], argument: None;
    cells_of_stale: |lease| [CLAIM, over(lease)];
    cells_of_stale_under_park: |lease| [CLAIM, over(lease)], on_stale: OnStale::Park;
    cells_of_stale_under_reconcile: |lease| [CLAIM, over(lease)], on_stale: OnStale::Reconcile;
    cells_of_stale_at_the_last_attempt: |lease| [CLAIM, over(lease)], max_attempts: Some(1);
    cells_of_taken_over: |lease| [CLAIM, over(lease), Act::Claim(RIVAL)];
    cells_of_retryable: |_lease| [CLAIM, Act::Fail(OWNER, Failure::Release)];
    cells_of_retryable_after_two: |_lease| [
        CLAIM, Act::Fail(OWNER, Failure::Release), Act::Claim(RIVAL), Act::Fail(RIVAL, Failure::NotStarted),
    ];
    cells_of_retryable_forever: |_lease| [CLAIM, Act::Fail(OWNER, Failure::Release)], grace: Retention::Forever;
    cells_of_a_stub: |_lease| [Act::Fail(OWNER, Failure::NotStarted)];
    cells_of_completed: |_lease| [CLAIM, Act::complete(OWNER)];
    cells_of_completed_and_over: |lease| [
        CLAIM,
        Act::Complete { player: OWNER, result: 1, ttl: Retention::For(lease), may_restore: false, older: false },
        over(lease),
    ];
    cells_of_restored: |_lease| [
        Act::Complete { player: OWNER, result: 1, ttl: Retention::Forever, may_restore: true, older: false },
    ];
    cells_of_failed: |lease| [CLAIM, Act::Fail(OWNER, Failure::Store(lease * 8))];
    cells_of_failed_and_over: |lease| [CLAIM, Act::Fail(OWNER, Failure::Store(lease)), over(lease)];
    cells_of_parked: |_lease| [CLAIM, Act::Fail(OWNER, Failure::Park)];
    cells_of_parked_by_a_takeover: |lease| [CLAIM, over(lease), Act::Claim(RIVAL)], on_stale: OnStale::Park;
    cells_of_resolved: |_lease| [CLAIM, Act::Fail(OWNER, Failure::Park), Act::Resolve(0, Word::Completed)];
    cells_of_cancelled: |_lease| [CLAIM, Act::Cancel(0)];
    cells_of_cancelled_before_any_claim: |_lease| [Act::Cancel(0)];
    cells_of_cleared: |_lease| [CLAIM, Act::Clear { key: 0, force: true }];
    cells_of_pending: |lease| [Act::Admit(OWNER, lease * 8)];
    cells_of_pending_and_over: |lease| [Act::Admit(OWNER, lease), over(lease)];
    cells_of_pending_without_arguments: |lease| [Act::Admit(OWNER, lease * 8)], argument: None;
    cells_of_pending_after_an_attempt: |lease| [
        Act::Claim(RIVAL), Act::Fail(RIVAL, Failure::Release), Act::Admit(OWNER, lease * 8),
    ];
    cells_of_pending_after_an_attempt_and_over: |lease| [
        Act::Claim(RIVAL), Act::Fail(RIVAL, Failure::Release), Act::Admit(OWNER, lease), over(lease),
    ];
    cells_of_pending_after_an_abandoned_attempt: |lease| [
        Act::Claim(RIVAL), over(lease), Act::Admit(OWNER, lease * 8),
    ];
    cells_of_pending_after_a_clearing: |lease| [
        Act::Claim(RIVAL), Act::Clear { key: 0, force: true }, Act::Admit(OWNER, lease * 8),
    ];
    cells_of_pending_given_back: |lease| [Act::Admit(OWNER, lease * 8), Act::Fail(OWNER, Failure::NotStarted)];
    cells_of_pending_taken: |lease| [Act::Admit(OWNER, lease * 8), Act::Claim(RIVAL)];
    cells_of_cleared_and_over: |lease| [CLAIM, Act::Clear { key: 0, force: true }, over(lease)];
}
