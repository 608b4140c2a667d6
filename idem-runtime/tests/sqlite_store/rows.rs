//! Rows that do not read: an error for their own key, never a panic, never "absent".

use idem_runtime::claim::{ClearVerdict, Failure, RenewRequest, RenewVerdict};
use idem_runtime::record::{RECORD_FORMAT, State};
use idem_runtime::store::ListQuery;
use idem_runtime::{Store, StoreError};

use crate::support::{Bench, DAY, LEASE, claimed, completion, failure, fingerprinted, hex, request};

/// Damage that the tables let through, and what is said of it.
const DAMAGE: &[(&str, &str)] = &[
    ("UPDATE idem_records SET state = 'dancing'", "column `state`: no such state"),
    ("UPDATE idem_records SET state = ''", "column `state`: no such state"),
    ("UPDATE idem_records SET state = 'completed'", "column `result`: a completed record has none"),
    ("UPDATE idem_records SET result = x'00', no_result = 'why'", "column `no_result`: there is a result all the same"),
    ("UPDATE idem_records SET fingerprint = x'ff00'", "column `fingerprint`: "),
    ("UPDATE idem_records SET fingerprint = x''", "column `fingerprint`: "),
    ("UPDATE idem_records SET label = 'nonsense'", "column `label`: a key has six fields"),
    ("UPDATE idem_records SET label = replace(label, 'a', 'b')", "column `label`: "),
    ("UPDATE idem_records SET attempt = -1", "column `attempt`: -1 is out of range"),
    ("UPDATE idem_records SET attempt = 4294967296", "column `attempt`: 4294967296 is out of range"),
    ("UPDATE idem_records SET fence = -1", "column `fence`: -1 is out of range"),
    ("UPDATE idem_records SET process = -1", "column `process`: -1 is out of range"),
    ("UPDATE idem_records SET longest_lease = -1", "column `longest_lease`: -1 is out of range"),
    ("UPDATE idem_records SET max_attempts = -1", "column `max_attempts`: -1 is out of range"),
    ("UPDATE idem_records SET grace = -1", "column `grace`: -1 is out of range"),
    ("UPDATE idem_records SET on_stale = 'dance'", "column `on_stale`: no such policy"),
    ("UPDATE idem_records SET format = -1", "column `format`: -1 is out of range"),
    ("UPDATE idem_records SET format = 65536", "column `format`: 65536 is out of range"),
    ("UPDATE idem_records SET host = CAST(x'ff' AS TEXT)", "column `host`: "),
    ("UPDATE idem_records SET error = CAST(x'c328' AS TEXT)", "column `error`: "),
];

/// The table as somebody without types, checks and null constraints would have made it.
const LOOSE: &str = "CREATE TABLE loose AS SELECT * FROM idem_records; DROP TABLE idem_records;
    ALTER TABLE loose RENAME TO idem_records; CREATE UNIQUE INDEX keys ON idem_records (key)";

const LOOSE_DAMAGE: &[(&str, &str)] = &[
    ("UPDATE idem_records SET state = x'00'", "column `state`: BLOB where TEXT was written"),
    ("UPDATE idem_records SET state = NULL", "column `state`: it is null"),
    ("UPDATE idem_records SET owner = x'01'", "column `owner`: 1 bytes, not 16"),
    ("UPDATE idem_records SET owner = 'not bytes'", "column `owner`: "),
    ("UPDATE idem_records SET owner = NULL", "column `owner`: "),
    ("UPDATE idem_records SET fence = 'high'", "column `fence`: "),
    ("UPDATE idem_records SET fence = 1.5", "column `fence`: "),
    ("UPDATE idem_records SET label = NULL", "column `label`: "),
    ("UPDATE idem_records SET lease_until = 'soon'", "column `lease_until`: "),
    ("UPDATE idem_records SET created_at = NULL", "column `created_at`: it is null"),
    ("UPDATE idem_records SET expires_at = x'00'", "column `expires_at`: "),
    ("UPDATE idem_records SET format = 'one'", "column `format`: "),
    ("UPDATE idem_records SET format = NULL", "column `format`: "),
    ("UPDATE idem_records SET result = 7", "column `result`: "),
    ("UPDATE idem_records SET result = 'text'", "column `result`: "),
    (
        "ALTER TABLE idem_records DROP COLUMN process; ALTER TABLE idem_records ADD COLUMN process",
        "column `process`: it is null",
    ),
];

#[tokio::test]
async fn a_row_that_does_not_read_is_corrupt_for_every_operation() {
    for (damage, said) in DAMAGE {
        check(false, damage, said).await;
    }
    for (damage, said) in LOOSE_DAMAGE {
        check(true, damage, said).await;
    }
}

async fn check(loose: bool, damage: &'static str, said: &str) {
    let bench = Bench::new().await;
    let (key, fingerprint) = fingerprinted("t", 1, &7);
    let mut claim = request(key.clone());
    claim.fingerprint = Some(fingerprint);
    let granted = bench.claim(&claim).await;
    if loose {
        bench.sql(LOOSE).await;
    }
    bench.sql(damage).await;
    bench.clock.advance(LEASE);
    let errors = every_answer(&bench, &claim, granted).await;
    for (operation, error) in errors {
        let StoreError::Corrupt { key: named, reason } = &error else { panic!("{damage}, {operation}: {error:?}") };
        assert_eq!(*named, hex(key.digest()), "{damage}, {operation}");
        assert!(reason.starts_with(said), "{damage}, {operation}: {reason}");
    }
    assert_eq!(bench.count().await, 1, "{damage}: the row stays");
}

/// The errors that each operation answers for the key.
async fn every_answer(
    bench: &Bench,
    claim: &idem_runtime::claim::ClaimRequest,
    granted: idem_runtime::claim::Claimed,
) -> Vec<(&'static str, StoreError)> {
    let (store, key) = (&bench.store, &claim.key);
    let renew = [RenewRequest { key: key.clone(), owner: claim.owner, lease: LEASE }];
    vec![
        ("claim", store.claim(claim).await.unwrap_err()),
        ("claim anew", store.claim(&request(key.clone())).await.unwrap_err()),
        ("complete", store.complete(&completion(claim, &granted, b"x")).await.unwrap_err()),
        ("fail", store.fail(&failure(claim, Failure::Release)).await.unwrap_err()),
        ("get", store.get(key).await.unwrap_err()),
        ("list", store.list(&ListQuery::default()).await.unwrap_err()),
        ("clear", store.clear(key, false).await.unwrap_err()),
        ("renew", store.renew(&renew).await.unwrap().remove(0).unwrap_err()),
    ]
}

#[tokio::test]
async fn a_record_of_a_newer_format_is_refused_even_when_its_time_seems_over() {
    let bench = Bench::new().await;
    let claim = request(fingerprinted("t", 1, &7).0);
    let granted = bench.claim(&claim).await;
    bench.sql("UPDATE idem_records SET format = 3, state = 'a state of the future', expires_at = 1").await;
    for (operation, error) in every_answer(&bench, &claim, granted).await {
        let expected = StoreError::NewerFormat { key: hex(claim.key.digest()), found: 3, known: RECORD_FORMAT };
        assert_eq!(error, expected, "{operation}");
    }
    let forced = bench.store.clear(&claim.key, true).await.unwrap_err();
    assert!(matches!(forced, StoreError::NewerFormat { .. }), "{forced}");
    assert_eq!(bench.count().await, 1);
}

#[tokio::test]
async fn a_bad_row_spoils_its_own_renewal_only() {
    let bench = Bench::new().await;
    let claims: Vec<_> = (0..5).map(|n| request(fingerprinted("t", n, &7).0)).collect();
    for claim in &claims {
        bench.claim(claim).await;
    }
    let spoil = "UPDATE idem_records SET state = 'dancing' WHERE key = ?1";
    sqlx::query(spoil).bind(claims[0].key.digest().as_slice()).execute(&mut bench.raw().await).await.unwrap();
    sqlx::query("UPDATE idem_records SET format = 9 WHERE key = ?1")
        .bind(claims[3].key.digest().as_slice())
        .execute(&mut bench.raw().await)
        .await
        .unwrap();
    let renew = |claim: &idem_runtime::claim::ClaimRequest| RenewRequest {
        key: claim.key.clone(),
        owner: claim.owner,
        lease: LEASE,
    };
    let answers = bench.store.renew(&claims.iter().map(renew).collect::<Vec<_>>()).await.unwrap();
    let renewed = answers.iter().map(|answer| *answer == Ok(RenewVerdict::Renewed)).collect::<Vec<_>>();
    assert_eq!(renewed, [false, true, true, false, true]);
    assert!(matches!(answers[0], Err(StoreError::Corrupt { .. })));
    assert!(matches!(answers[3], Err(StoreError::NewerFormat { found: 9, .. })));
}

#[tokio::test]
async fn an_operator_clears_a_corrupt_row_by_force_and_late_messages_stay_refused() {
    let bench = Bench::new().await;
    let claim = request(fingerprinted("t", 1, &7).0);
    let granted = bench.claim(&claim).await;
    bench.sql("UPDATE idem_records SET state = 'dancing', fence = fence + 77").await;
    assert_eq!(bench.store.clear(&claim.key, true).await.unwrap(), ClearVerdict::Cleared);
    let mut late = completion(&claim, &granted, b"late");
    late.may_restore = true;
    let answer = bench.store.complete(&late).await.unwrap();
    assert!(matches!(answer, idem_runtime::claim::CompleteVerdict::LeaseLost(Some(State::Cleared))), "{answer:?}");
    let again = claimed(bench.store.claim(&request(claim.key.clone())).await.unwrap());
    assert_eq!((again.attempt, again.fence), (1, granted.fence + 78));
    bench.clock.advance(DAY);
}

#[tokio::test]
async fn rows_written_by_every_version_read_back_forever() {
    for (rows, expected) in [
        (include_str!("../golden/sqlite_rows_v1.sql"), include_str!("../golden/sqlite_rows_v1.txt")),
        (include_str!("../golden/sqlite_rows_v2.sql"), include_str!("../golden/sqlite_rows_v2.txt")),
    ] {
        let bench = Bench::new().await;
        bench.sql(rows).await;
        let found = bench.store.list(&ListQuery::default()).await.unwrap();
        let found: Vec<String> = found.iter().map(|record| format!("{record:?}")).collect();
        assert_eq!(found.join("\n") + "\n", expected);
    }
}
