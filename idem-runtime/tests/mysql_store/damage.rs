//! Rows that do not read: errors, never guesses.

use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, Claimed, ClearVerdict, CompleteVerdict, RenewVerdict};
use idem_runtime::record::{RECORD_FORMAT, State};
use idem_runtime::{Store, StoreError};

use crate::support::{
    Bench, LEASE, claimed, completion, every_error, fingerprinted, hex, key, number, renewal, request,
};

/// Damage that the tables let through, and what is said of it.
const DAMAGE: &[(&str, &str)] = &[
    ("state = 'dancing'", "column `state`: no such state"),
    ("state = 'running '", "column `state`: no such state"),
    ("state = 'Running'", "column `state`: no such state"),
    ("state = 'completed'", "column `result`: a completed record has none"),
    ("result = '', no_result = 'why'", "column `no_result`: there is a result all the same"),
    ("label = 'nonsense'", "column `label`: a key has six fields"),
    ("label = CONCAT(label, ' ')", "column `label`: "),
    ("attempt = -1", "column `attempt`: -1 is out of range"),
    ("attempt = 4294967296", "column `attempt`: 4294967296 is out of range"),
    ("fence = -1", "column `fence`: -1 is out of range"),
    ("process = -1", "column `process`: -1 is out of range"),
    ("longest_lease = -1", "column `longest_lease`: -1 is out of range"),
    ("max_attempts = -1", "column `max_attempts`: -1 is out of range"),
    ("grace = -1", "column `grace`: -1 is out of range"),
    ("on_stale = 'rerun '", "column `on_stale`: no such policy"),
    ("format = -1", "column `format`: -1 is out of range"),
    ("format = 65536", "column `format`: 65536 is out of range"),
];

#[tokio::test]
async fn a_row_that_does_not_read_is_corrupt_for_every_operation() {
    let bench = Bench::new().await;
    for (number_of, (damage, said)) in (0..).zip(DAMAGE) {
        let (claim, granted) = damaged(&bench, number_of, damage).await;
        for (operation, error) in every_error(&bench.store, &claim, granted).await {
            let StoreError::Corrupt { key: named, reason } = &error else { panic!("{damage}, {operation}: {error:?}") };
            assert_eq!(*named, hex(claim.key.digest()), "{damage}, {operation}");
            assert!(reason.starts_with(said), "{damage}, {operation}: {reason}");
        }
        let same = "SELECT COUNT(*) FROM idem_records WHERE completed_at IS NULL";
        assert_eq!(number(&mut bench.database.raw().await, same).await, 1, "{damage}: the row stays as it is");
        bench.sql("DELETE FROM idem_records").await;
    }
}

/// A completion compares the fingerprint with its claim's; a renewal has none to compare.
#[tokio::test]
async fn a_damaged_fingerprint_is_not_completed() {
    let bench = Bench::new().await;
    for (number, damage) in (0..).zip(["fingerprint = x'ff00'", "fingerprint = ''"]) {
        let (claim, granted) = damaged(&bench, number, damage).await;
        let error = bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap_err();
        let StoreError::Corrupt { reason, .. } = &error else { panic!("{error:?}") };
        assert!(reason.starts_with("column `fingerprint`: "), "{error}");
    }
}

/// A column of another type holds other values than were written, also where the driver could read them.
#[tokio::test]
async fn a_column_of_another_type_is_not_converted() {
    let changes = [
        ("label", "LONGBLOB", "LONGTEXT"),
        ("host", "LONGBLOB", "LONGTEXT"),
        ("owner", "CHAR(16)", "BINARY(16)"),
        ("attempt", "DOUBLE", "BIGINT"),
        ("fence", "BIGINT UNSIGNED", "BIGINT"),
    ];
    let bench = Bench::new().await;
    let claim = ClaimRequest { owner: idem_runtime::record::Owner::from_bytes([b'o'; 16]), ..request(key("t", 1)) };
    bench.claim(&claim).await;
    for (column, to, back) in changes {
        bench.sql(&format!("ALTER TABLE idem_records MODIFY {column} {to} NOT NULL")).await;
        let error = bench.store.get(&claim.key).await.unwrap_err();
        let StoreError::Corrupt { reason, .. } = &error else { panic!("{column}: {error:?}") };
        assert!(reason.starts_with(&format!("column `{column}`: ")) && reason.contains(" was written"), "{reason}");
        bench.sql(&format!("ALTER TABLE idem_records MODIFY {column} {back} NOT NULL")).await;
        assert!(bench.store.get(&claim.key).await.unwrap().is_some());
    }
}

async fn damaged(bench: &Bench, number: u64, damage: &str) -> (ClaimRequest, Claimed) {
    let (key, fingerprint) = fingerprinted("t", number, &7);
    let claim = ClaimRequest { fingerprint: Some(fingerprint), ..request(key) };
    let granted = bench.claim(&claim).await;
    bench.age(LEASE).await;
    bench.set(&claim.key, damage).await;
    (claim, granted)
}

#[tokio::test]
async fn a_record_of_a_newer_format_is_refused_even_when_its_time_seems_over() {
    let bench = Bench::new().await;
    let (claim, granted) = damaged(&bench, 1, "format = 3, state = 'a state of the future', expires_at = 1").await;
    let expected = StoreError::NewerFormat { key: hex(claim.key.digest()), found: 3, known: RECORD_FORMAT };
    for (operation, error) in every_error(&bench.store, &claim, granted).await {
        assert_eq!(error, expected, "{operation}");
    }
    assert_eq!(bench.store.clear(&claim.key, true).await.unwrap_err(), expected);
    assert_eq!((bench.store.sweep(10).await.unwrap().removed, bench.count().await), (0, 1));
}

#[tokio::test]
async fn a_bad_row_spoils_its_own_renewal_only_and_twice_is_twice() {
    let bench = Bench::new().await;
    let claims: Vec<_> = (0..5).map(|n| request(key("t", n))).collect();
    for claim in &claims {
        bench.claim(claim).await;
    }
    bench.set(&claims[0].key, "state = 'dancing'").await;
    let mut renewals: Vec<_> = claims.iter().map(renewal).collect();
    renewals[2].lease = Duration::MAX;
    renewals.push(renewal(&claims[4]));
    renewals[5].lease = LEASE * 9;
    let answers = bench.store.renew(&renewals).await.unwrap();
    assert!(matches!(answers[0], Err(StoreError::Corrupt { .. })));
    assert!(answers[1..].iter().all(|answer| *answer == Ok(RenewVerdict::Renewed)), "{answers:?}");
    let last = bench.store.get(&claims[4].key).await.unwrap().unwrap();
    assert_eq!(last.lease_until.unwrap().since(last.updated_at), LEASE * 9, "in the order asked");
}

#[tokio::test]
async fn an_operator_clears_a_corrupt_row_by_force_and_late_messages_stay_refused() {
    let bench = Bench::new().await;
    let (claim, granted) = damaged(&bench, 1, "state = 'dancing', fence = fence + 77000000").await;
    assert_eq!(bench.store.clear(&claim.key, true).await.unwrap(), ClearVerdict::Cleared);
    let mut late = completion(&claim, &granted, b"late");
    late.may_restore = true;
    let answer = bench.store.complete(&late).await.unwrap();
    assert!(matches!(answer, CompleteVerdict::LeaseLost(Some(State::Cleared))), "{answer:?}");
    let again = claimed(bench.store.claim(&request(claim.key.clone())).await.unwrap());
    assert_eq!((again.attempt, again.fence), (1, granted.fence + 77_000_001));
}
