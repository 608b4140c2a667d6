//! Rows: as the transition writes them, byte for byte.

use std::time::Duration;

use idem_runtime::Store;
use idem_runtime::claim::{ClaimRequest, CompleteVerdict, Failure, RenewVerdict};
use idem_runtime::key::{Key, KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Holder, StoredResult};
use idem_runtime::store::ListQuery;
use idem_runtime::transition::{self, Change};

use crate::support::{Bench, LEASE, completion, failure, fingerprinted, key, renewal, request};

/// The longest time that a column holds.
const LONGEST: Duration = Duration::from_micros(i64::MAX.unsigned_abs());

/// Claims of every kind, also those whose times the database does not add up.
fn claims() -> Vec<ClaimRequest> {
    let plain = |n| request(key("t", n));
    let (arguments, fingerprint) = fingerprinted("t", 99, &7);
    let holder = Holder { host: String::new(), process: u32::MAX, trace: None };
    vec![
        plain(1),
        ClaimRequest { on_stale: OnStale::Park, ..plain(2) },
        ClaimRequest { on_stale: OnStale::Reconcile, ..plain(7) },
        ClaimRequest { grace: Retention::Forever, max_attempts: Some(u32::MAX), ..plain(3) },
        ClaimRequest { grace: Retention::For(Duration::ZERO), lease: Duration::ZERO, ..plain(4) },
        ClaimRequest { lease: LONGEST, ..plain(5) },
        ClaimRequest { grace: Retention::For(LONGEST), ..plain(6) },
        ClaimRequest { fingerprint: Some(fingerprint), holder: holder.into(), ..request(arguments) },
    ]
}

#[tokio::test]
async fn the_row_of_a_claim_and_of_a_completion_are_those_of_the_transition() {
    let bench = Bench::new().await;
    let of = |change| match change {
        Change::Put(row) => row,
        Change::Keep => panic!("no row"),
    };
    for claim in claims() {
        let granted = bench.claim(&claim).await;
        let found = bench.store.get(&claim.key).await.unwrap().unwrap();
        assert_eq!(found, of(transition::claim(None, &claim, granted.at).change));
        assert_eq!(bench.store.renew(&[renewal(&claim)]).await.unwrap(), [Ok(RenewVerdict::Renewed)]);
        let renewed = bench.store.get(&claim.key).await.unwrap().unwrap();
        assert_eq!(renewed, of(transition::renew(Some(&found), &renewal(&claim), renewed.updated_at).change));
        for (result, retention) in [
            (StoredResult::Envelope(b"".as_slice().into()), Retention::For(Duration::MAX)),
            (StoredResult::Absent("too large".into()), Retention::Forever),
            (StoredResult::Envelope((0..=255).cycle().take(1 << 20).collect()), Retention::For(LEASE)),
        ] {
            let completion =
                idem_runtime::claim::CompleteRequest { result, retention, ..completion(&claim, &granted, b"") };
            let verdict = bench.store.complete(&completion).await.unwrap();
            let CompleteVerdict::Completed { record, restored: false } = verdict else { panic!("{verdict:?}") };
            let expected = of(transition::complete(Some(&renewed), &completion, record.updated_at).change);
            assert_eq!(record, expected);
            assert_eq!(bench.store.get(&claim.key).await.unwrap(), Some(expected));
            bench.set(&claim.key, "state = 'running', result = NULL, no_result = NULL, expires_at = NULL").await;
        }
    }
}

#[tokio::test]
async fn a_text_is_kept_as_it_is() {
    let bench = Bench::new().await;
    for (n, text) in
        (0..).zip(["ho\0st", "'; DROP TABLE idem_records; -- ", "\\", " ends in spaces  ", "ß🦀\u{10ffff}", ""])
    {
        let holder = Holder { host: text.into(), process: 1, trace: Some(text.into()) };
        let claim = ClaimRequest { holder: holder.into(), ..request(key("t", n)) };
        bench.claim(&claim).await;
        let failed = idem_runtime::claim::FailRequest { error: Some(text.into()), ..failure(&claim, Failure::Release) };
        bench.store.fail(&failed).await.unwrap();
        let found = bench.store.get(&claim.key).await.unwrap().unwrap();
        let texts = (&*found.holder.host, found.holder.trace.as_deref(), found.error.as_deref());
        assert_eq!(texts, (text, Some(text), Some(text)));
    }
}

/// Collations that both servers have take `a`, `A` and `a ` for the same.
#[tokio::test]
async fn tasks_are_told_apart_by_their_bytes() {
    let bench = Bench::new().await;
    let tasks = ["mail", "Mail", "mäil"];
    for task in tasks {
        bench.claim(&request(key(task, 1))).await;
    }
    for task in tasks.into_iter().chain(["mail "]) {
        let found = bench.store.list(&ListQuery { task: Some(task.into()), ..ListQuery::default() }).await.unwrap();
        let found: Vec<_> = found.iter().map(|record| record.key.task()).collect();
        assert_eq!(found, if task.ends_with(' ') { vec![] } else { vec![task] });
    }
}

/// Its label abbreviates it.
#[tokio::test]
async fn a_long_task_stays_whole_for_operators() {
    let bench = Bench::new().await;
    let task = "x".repeat(300);
    let (space, ident) = (KeySpace::new("shop"), TaskIdent::new(&task, std::num::NonZeroU32::MIN));
    let (whole, _) = KeyWriter::new().finish_explicit(&space, &ident, "1").unwrap();
    bench.claim(&request(whole.clone())).await;
    let read: Key = whole.to_string().parse().unwrap();
    assert_ne!(read.task(), task);
    bench.store.clear(&read, true).await.unwrap();
    let kept = "SELECT task FROM idem_records";
    let kept: String = sqlx::query_scalar(kept).fetch_one(&mut bench.database.raw().await).await.unwrap();
    assert_eq!(kept, task);
}

#[tokio::test]
async fn rows_written_by_every_version_read_back_forever() {
    for (rows, expected) in [
        (include_str!("../golden/mysql_rows_v1.sql"), include_str!("../golden/postgres_rows_v1.txt")),
        (include_str!("../golden/mysql_rows_v2.sql"), include_str!("../golden/postgres_rows_v2.txt")),
    ] {
        let bench = Bench::new().await;
        bench.sql(rows).await;
        let found = bench.store.list(&ListQuery::default()).await.unwrap();
        let found: Vec<String> = found.iter().map(|record| format!("{record:?}")).collect();
        // The same records as PostgreSQL's.
        assert_eq!(found.join("\n") + "\n", expected);
    }
}
