//! Rows: as the transition writes them, and never guessed at.

use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, Claimed, ClearVerdict, CompleteVerdict, Failure, RenewVerdict};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Holder, RECORD_FORMAT, State, StoredResult};
use idem_runtime::store::ListQuery;
use idem_runtime::transition::{self, Change};
use idem_runtime::{Store, StoreError};

use crate::support::{
    Bench, LEASE, claimed, completion, every_error, failure, fingerprinted, hex, key, renewal, request,
};

/// Damage that the tables let through, and what is said of it.
const DAMAGE: &[(&str, &str)] = &[
    ("state = 'dancing'", "column `state`: no such state"),
    ("state = 'completed'", "column `result`: a completed record has none"),
    ("result = '\\x00', no_result = 'why'", "column `no_result`: there is a result all the same"),
    ("label = 'nonsense'", "column `label`: a key has six fields"),
    ("label = replace(label, 'a', 'b')", "column `label`: "),
    ("attempt = -1", "column `attempt`: -1 is out of range"),
    ("attempt = 4294967296", "column `attempt`: 4294967296 is out of range"),
    ("fence = -1", "column `fence`: -1 is out of range"),
    ("process = -1", "column `process`: -1 is out of range"),
    ("longest_lease = -1", "column `longest_lease`: -1 is out of range"),
    ("max_attempts = -1", "column `max_attempts`: -1 is out of range"),
    ("grace = -1", "column `grace`: -1 is out of range"),
    ("on_stale = 'dance'", "column `on_stale`: no such policy"),
    ("format = -1", "column `format`: -1 is out of range"),
    ("format = 65536", "column `format`: 65536 is out of range"),
];

#[tokio::test]
async fn a_row_that_does_not_read_is_corrupt_for_every_operation() {
    let bench = Bench::new().await;
    for (number, (damage, said)) in (0..).zip(DAMAGE) {
        let (claim, granted) = damaged(&bench, number, damage).await;
        for (operation, error) in every_error(&bench.store, &claim, granted).await {
            let StoreError::Corrupt { key: named, reason } = &error else { panic!("{damage}, {operation}: {error:?}") };
            assert_eq!(*named, hex(claim.key.digest()), "{damage}, {operation}");
            assert!(reason.starts_with(said), "{damage}, {operation}: {reason}");
        }
        let same = "SELECT count(*) FROM idem_records WHERE completed_at IS NULL";
        let same: i64 = sqlx::query_scalar(same).fetch_one(&mut bench.schema.raw().await).await.unwrap();
        assert_eq!(same, 1, "{damage}: the row stays as it is");
        bench.sql("TRUNCATE idem_records").await;
    }
}

/// A completion compares the fingerprint with its claim's; a renewal has none to compare.
#[tokio::test]
async fn a_damaged_fingerprint_is_not_completed() {
    let bench = Bench::new().await;
    for (number, damage) in ["fingerprint = '\\xff00'", "fingerprint = ''"].into_iter().enumerate() {
        let (claim, granted) = damaged(&bench, u64::try_from(number).unwrap(), damage).await;
        let error = bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Corrupt { reason, .. } if reason.starts_with("column `fingerprint`: ")),
            "{error}"
        );
    }
}

async fn damaged(bench: &Bench, number: u64, damage: &str) -> (ClaimRequest, Claimed) {
    let (key, fingerprint) = fingerprinted("t", number, &7);
    let mut claim = request(key);
    claim.fingerprint = Some(fingerprint);
    let granted = bench.claim(&claim).await;
    bench.age(LEASE).await;
    bench.sql(&format!("UPDATE idem_records SET {damage}")).await;
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
    assert_eq!(bench.count().await, 1);
}

#[tokio::test]
async fn a_bad_row_spoils_its_own_renewal_only_and_twice_is_twice() {
    let bench = Bench::new().await;
    let claims: Vec<_> = (0..5).map(|n| request(key("t", n))).collect();
    for claim in &claims {
        bench.claim(claim).await;
    }
    let spoil = "UPDATE idem_records SET state = 'dancing' WHERE key = $1";
    sqlx::query(spoil).bind(claims[0].key.digest().as_slice()).execute(&mut bench.schema.raw().await).await.unwrap();
    let mut renewals: Vec<_> = claims.iter().map(renewal).collect();
    renewals[2].lease = Duration::MAX;
    renewals.push(renewal(&claims[4]));
    renewals[5].lease = LEASE * 9;
    let answers = bench.store.renew(&renewals).await.unwrap();
    assert!(matches!(answers[0], Err(StoreError::Corrupt { .. })));
    assert!(answers[1..].iter().all(|answer| *answer == Ok(RenewVerdict::Renewed)), "{answers:?}");
    let last = bench.store.get(&claims[4].key).await.unwrap().unwrap();
    assert_eq!(last.lease_until.unwrap().since(last.updated_at), LEASE * 9, "in the order asked");
    assert_eq!(bench.store.renew(&[]).await.unwrap(), []);
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

/// The longest time that a column holds.
const LONGEST: Duration = Duration::from_micros(i64::MAX.unsigned_abs());

/// Claims of every kind, also those whose times the database does not add up.
fn claims() -> Vec<ClaimRequest> {
    let plain = || request(key("t", u64::from(rand::random::<u32>())));
    let (arguments, fingerprint) = fingerprinted("t", 99, &7);
    let holder = Holder { host: String::new(), process: u32::MAX, trace: None };
    vec![
        plain(),
        ClaimRequest { on_stale: OnStale::Park, ..plain() },
        ClaimRequest { on_stale: OnStale::Reconcile, ..plain() },
        ClaimRequest { grace: Retention::Forever, max_attempts: Some(u32::MAX), ..plain() },
        ClaimRequest { grace: Retention::For(Duration::ZERO), lease: Duration::ZERO, ..plain() },
        ClaimRequest { lease: LONGEST, ..plain() },
        ClaimRequest { grace: Retention::For(LONGEST), ..plain() },
        ClaimRequest { fingerprint: Some(fingerprint), holder: holder.into(), ..request(arguments) },
    ]
}

#[tokio::test]
async fn the_row_of_a_claim_and_of_a_completion_are_those_of_the_transition() {
    let bench = Bench::new().await;
    for claim in claims() {
        let granted = bench.claim(&claim).await;
        let Change::Put(expected) = transition::claim(None, &claim, granted.at).change else { panic!("no row") };
        let found = bench.store.get(&claim.key).await.unwrap().unwrap();
        assert_eq!(*found, *expected);
        assert_eq!(bench.store.renew(&[renewal(&claim)]).await.unwrap(), [Ok(RenewVerdict::Renewed)]);
        let renewed = bench.store.get(&claim.key).await.unwrap().unwrap();
        let Change::Put(expected) = transition::renew(Some(&found), &renewal(&claim), renewed.updated_at).change else {
            panic!("no row")
        };
        assert_eq!(*renewed, *expected);
        for (result, retention) in [
            (StoredResult::Envelope(b"".as_slice().into()), Retention::For(Duration::MAX)),
            (StoredResult::Absent("too large".into()), Retention::Forever),
            (StoredResult::Envelope(vec![9; 100_000].into()), Retention::For(LEASE)),
        ] {
            let mut completion = completion(&claim, &granted, b"");
            (completion.result, completion.retention) = (result, retention);
            let CompleteVerdict::Completed { record, .. } = bench.store.complete(&completion).await.unwrap() else {
                panic!("lost")
            };
            let Change::Put(expected) = transition::complete(Some(&renewed), &completion, record.updated_at).change
            else {
                panic!("no row")
            };
            assert_eq!(*record, *expected);
            assert_eq!(bench.store.get(&claim.key).await.unwrap().as_deref(), Some(&*expected));
            bench
                .sql("UPDATE idem_records SET state = 'running', result = NULL, no_result = NULL, expires_at = NULL")
                .await;
        }
    }
}

#[tokio::test]
async fn a_nul_in_a_text_becomes_its_symbol() {
    let bench = Bench::new().await;
    let holder = Holder { host: "ho\0st".into(), process: 1, trace: Some("\0".into()) };
    let claim = ClaimRequest { holder: holder.into(), ..request(key("t", 1)) };
    bench.claim(&claim).await;
    let mut failed = failure(&claim, Failure::Release);
    failed.error = Some("it\0broke".into());
    bench.store.fail(&failed).await.unwrap();
    let found = bench.store.get(&claim.key).await.unwrap().unwrap();
    let texts = (found.holder.host.as_str(), found.holder.trace.as_deref(), found.error.as_deref());
    assert_eq!(texts, ("ho\u{2400}st", Some("\u{2400}"), Some("it\u{2400}broke")));
}

#[tokio::test]
async fn rows_written_by_every_version_read_back_forever() {
    for (rows, expected) in [
        (include_str!("../golden/postgres_rows_v1.sql"), include_str!("../golden/postgres_rows_v1.txt")),
        (include_str!("../golden/postgres_rows_v2.sql"), include_str!("../golden/postgres_rows_v2.txt")),
    ] {
        let bench = Bench::new().await;
        bench.sql(rows).await;
        let found = bench.store.list(&ListQuery::default()).await.unwrap();
        let found: Vec<String> = found.iter().map(|record| format!("{record:?}")).collect();
        assert_eq!(found.join("\n") + "\n", expected);
    }
}
