//! The tables of `docs/spec/protocol.md`, cell by cell.

use std::time::Duration;

use idem_runtime::claim::{
    AdmitVerdict, CancelRequest, CancelVerdict, ClaimRequest, ClaimVerdict, ClearVerdict, CompleteVerdict, FailVerdict,
    Failure, RenewVerdict, ResolveRequest, ResolveVerdict,
};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{State, StoredResult};
use idem_runtime::transition;

use crate::support::{LEASE, MS, TTL, World, claim_by, key_of};

const SPEC: &str = include_str!("../../../docs/spec/protocol.md");

/// The rows that every table has; the specification names them.
const RECORDS: [&str; 18] = [
    "absent",
    "pending",
    "pending (again)",
    "pending (again, over)",
    "running",
    "stale",
    "stale (park)",
    "stale (reconcile)",
    "stale (last attempt)",
    "retryable",
    "stub",
    "completed",
    "failed",
    "failed (over)",
    "parked",
    "cancelled",
    "cleared",
    "over",
];

/// How many operations the tables tell of in all: one that is left out is noticed.
const OPERATIONS: usize = 23;

#[test]
fn every_cell_of_the_tables_is_so() {
    let (mut operations, mut wrong) = (0, Vec::new());
    for table in tables() {
        let (header, rows) = table.split_first().unwrap();
        operations += header.len() - 1;
        let records: Vec<&str> = rows.iter().map(|row| row[0]).collect();
        assert_eq!(records, RECORDS, "the table of {header:?}");
        for row in rows {
            for (operation, expected) in header.iter().zip(row).skip(1) {
                let found = cell(row[0], operation);
                if found != *expected {
                    wrong.push(format!("{} × {operation}: found {found}, the table says {expected}", row[0]));
                }
            }
        }
    }
    assert_eq!(operations, OPERATIONS);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The tables whose first column is `record`: rows of cells.
fn tables() -> Vec<Vec<Vec<&'static str>>> {
    let mut tables = vec![Vec::new()];
    for line in SPEC.lines() {
        if line.starts_with("| record |") {
            tables.push(Vec::new());
        }
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        match tables.last_mut().unwrap() {
            table if line.starts_with("|---") && !table.is_empty() => {}
            table if line.starts_with('|') && (!table.is_empty() || cells[0] == "record") => table.push(cells),
            table if !table.is_empty() => tables.push(Vec::new()),
            _ => {}
        }
    }
    tables.retain(|table| !table.is_empty());
    tables
}

/// What the operation answers, and what it writes.
fn cell(record: &str, operation: &str) -> String {
    let (mut world, claim) = world(record);
    world.pass(MS);
    let before = world.record.clone();
    let answer = answer(&mut world, &claim, operation);
    if world.record == before {
        return answer;
    }
    format!("{answer} → {}", world.there().state)
}

/// A record in this state, and the claim that made it so.
fn world(record: &str) -> (World, ClaimRequest) {
    let mut world = World::new();
    let mut claim = claim_by(1);
    match record {
        "stale (park)" => claim.on_stale = OnStale::Park,
        "stale (reconcile)" => claim.on_stale = OnStale::Reconcile,
        "stale (last attempt)" => claim.max_attempts = Some(1),
        _ => {}
    }
    match record {
        "absent" => return (world, claim),
        "stub" => {
            world.fail(&claim, Failure::NotStarted);
            return (world, claim);
        }
        "pending" => {
            world.admit(&claim, TTL);
            return (world, claim);
        }
        "pending (again)" | "pending (again, over)" => {
            world.granted(&claim_by(3));
            world.fail(&claim_by(3), Failure::Release);
            world.admit(&claim, TTL);
            if record == "pending (again, over)" {
                world.pass(TTL);
            }
            return (world, claim);
        }
        _ => {}
    }
    let fence = world.granted(&claim).fence;
    match record {
        "running" => {}
        "stale" | "stale (park)" | "stale (reconcile)" | "stale (last attempt)" => world.pass(LEASE),
        "retryable" => _ = world.fail(&claim, Failure::Release),
        "completed" => drop(world.complete(&claim, fence, false)),
        "failed" => _ = world.fail(&claim, Failure::Store(LEASE)),
        "failed (over)" => {
            world.fail(&claim, Failure::Store(LEASE));
            world.pass(LEASE);
        }
        "parked" => _ = world.fail(&claim, Failure::Park),
        "cancelled" => _ = cancel(&mut world, &claim),
        "cleared" => world.clear(true),
        "over" => {
            world.complete(&claim, fence, false);
            world.pass(TTL);
        }
        other => panic!("the table has a record `{other}` that the test cannot make"),
    }
    (world, claim)
}

fn answer(world: &mut World, claim: &ClaimRequest, operation: &str) -> String {
    let another = claim_by(2);
    let fence = world.record.as_ref().map_or(7, |record| record.fence);
    match operation {
        "claim, new owner" => claimed(world.claim(&another)),
        "claim again, same owner" => claimed(world.claim(claim)),
        "claim, other arguments" => {
            claimed(world.claim(&ClaimRequest { fingerprint: Some(key_of("20 EUR").1), ..another }))
        }
        "admit, new ticket" => admitted(world.admit(&another, TTL)),
        "admit again, same ticket" => admitted(world.admit(claim, TTL)),
        "admit, other arguments" => {
            admitted(world.admit(&ClaimRequest { fingerprint: Some(key_of("20 EUR").1), ..another }, TTL))
        }
        "renew" => renewed(world.renew(claim)),
        "renew, another" => renewed(world.renew(&another)),
        "complete" => completed(world.complete(claim, fence, false)),
        "complete, another" => completed(world.complete(&another, fence, false)),
        "complete, older fence" => completed(world.complete(claim, fence.saturating_sub(1), false)),
        "complete, may restore" => completed(world.complete(claim, fence, true)),
        "release" => failed(world.fail(claim, Failure::Release)),
        "not started" => failed(world.fail(claim, Failure::NotStarted)),
        "remember" => failed(world.fail(claim, Failure::Store(LEASE))),
        "park" => failed(world.fail(claim, Failure::Park)),
        "release, another" => failed(world.fail(&another, Failure::Release)),
        "cancel" => format!("{:?}", cancel(world, claim)),
        "clear" => cleared(world.apply(|record, now| transition::clear(record, false, now))),
        "clear by force" => cleared(world.apply(|record, now| transition::clear(record, true, now))),
        "resolve: done" => {
            let result = StoredResult::Envelope(b"the operator's".as_slice().into());
            resolved(world, &ResolveRequest::Completed(result, Retention::For(TTL)))
        }
        "resolve: retry" => resolved(world, &ResolveRequest::Retry),
        "resolve: cancel" => resolved(world, &ResolveRequest::Cancel),
        other => panic!("the table has an operation `{other}` that the test cannot do"),
    }
}

fn admitted(verdict: AdmitVerdict) -> String {
    match verdict {
        AdmitVerdict::Admitted => "Admitted".into(),
        AdmitVerdict::Queued { .. } => "Queued".into(),
        AdmitVerdict::Running { .. } => "Running".into(),
        AdmitVerdict::Completed(_) => "Completed".into(),
        AdmitVerdict::Failed(_) => "Failed".into(),
        AdmitVerdict::Unknown(_) => "Unknown".into(),
        AdmitVerdict::Cancelled(_) => "Cancelled".into(),
        AdmitVerdict::Stale => "Stale".into(),
        AdmitVerdict::Mismatch { .. } => "Mismatch".into(),
        other => panic!("a verdict that the table does not know: {other:?}"),
    }
}

fn claimed(verdict: ClaimVerdict) -> String {
    match verdict {
        ClaimVerdict::Claimed(claimed) => format!("Claimed {}", claimed.attempt),
        ClaimVerdict::Running { .. } => "Running".into(),
        ClaimVerdict::Completed(_) => "Completed".into(),
        ClaimVerdict::Failed(_) => "Failed".into(),
        ClaimVerdict::Parked(_) => "Parked".into(),
        ClaimVerdict::Cancelled(_) => "Cancelled".into(),
        ClaimVerdict::Stale => "Stale".into(),
        ClaimVerdict::Mismatch { arguments } if arguments == ["amount"] => "Mismatch".into(),
        other => format!("{other:?}"),
    }
}

fn renewed(verdict: RenewVerdict) -> String {
    let RenewVerdict::LeaseLost(_) = verdict else { return "Renewed".into() };
    "LeaseLost".into()
}

fn completed(verdict: CompleteVerdict) -> String {
    match verdict {
        CompleteVerdict::Completed { restored: true, .. } => "Restored".into(),
        CompleteVerdict::Completed { .. } => "Completed".into(),
        CompleteVerdict::LeaseLost(_) => "LeaseLost".into(),
    }
}

fn failed(verdict: FailVerdict) -> String {
    match verdict {
        FailVerdict::Settled(_) => "Settled".into(),
        FailVerdict::LeaseLost(_) => "LeaseLost".into(),
    }
}

fn cleared(verdict: ClearVerdict) -> String {
    match verdict {
        ClearVerdict::InProgress(left) => {
            assert_eq!(left, Some(LEASE - MS));
            "InProgress".into()
        }
        other => format!("{other:?}"),
    }
}

fn cancel(world: &mut World, claim: &ClaimRequest) -> CancelVerdict {
    let request = CancelRequest { key: claim.key.clone(), grace: Retention::For(Duration::ZERO) };
    world.apply(|record, now| transition::cancel(record, &request, now))
}

fn resolved(world: &mut World, request: &ResolveRequest) -> String {
    match world.apply(|record, now| transition::resolve(record, request, now)) {
        ResolveVerdict::Resolved(_) => "Resolved".into(),
        ResolveVerdict::NotParked(_) => "NotParked".into(),
    }
}

#[test]
fn what_is_answered_is_what_is_written() {
    for (how, state) in [
        (Failure::Release, State::Retryable),
        (Failure::NotStarted, State::Retryable),
        (Failure::Store(LEASE), State::Failed),
        (Failure::Park, State::Parked),
    ] {
        let (mut world, claim) = world("running");
        assert_eq!(world.fail(&claim, how), FailVerdict::Settled(state));
        assert_eq!(world.there().state, state);
    }
}
