//! Looking at records.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::claim::Failure;
use crate::key::TaskIdent;
use crate::policy::{OnStale, Retention};
use crate::record::{Holder, State};
use crate::store::{ListQuery, StoreError};
use crate::testing::conformance::bench::{Bench, Checked, Stop, hold};
use crate::testing::conformance::fixture::Tamper;
use crate::transition::MIN_GRACE;

pub(super) async fn record_is_read_back_whole(bench: &Bench) -> Checked {
    let (key, fingerprint) = bench.key_with("10 EUR")?;
    let holder = Holder { host: "höst \"1\" 'x'\n".into(), process: u32::MAX, trace: Some("00-4bf9…-01".into()) };
    let holder = Arc::new(holder);
    let mut a = bench.worker(&key).with(|claim| {
        claim.fingerprint = Some(fingerprint.clone());
        claim.holder = Arc::clone(&holder);
        claim.on_stale = OnStale::Park;
        claim.max_attempts = Some(7);
        claim.grace = Retention::For(MIN_GRACE * 30);
    });
    a.granted().await?;
    let mut failure = a.failure(Failure::Release);
    failure.error = Some("“Fehler” über \\ alles\t%s; DROP TABLE idem_records; --".into());
    bench.note(|| "fails".into(), a.store.fail(&failure)).await?;
    let mut b = bench.worker(&key).with(|claim| {
        let owner = claim.owner;
        *claim = a.claim.clone();
        claim.owner = owner;
    });
    b.granted().await?;
    for store in [bench.store(), bench.other()] {
        let found = bench.note(|| "get".into(), store.get(&key)).await?;
        let Some(found) = found else { return Err(Stop::Failed("found no record, expected one".into())) };
        hold!(found.key == key && found.key.to_string() == key.to_string(), "found the key {}", found.key);
        hold!(found.key.task() == bench.task().name(), "found the task {}", found.key.task());
        hold!(found.state == State::Running && found.owner == b.claim.owner, "found {}", found.state);
        hold!((found.fence, found.attempt) == (b.fence, 2), "found fence {}, attempt {}", found.fence, found.attempt);
        hold!(found.fingerprint.as_ref() == Some(&fingerprint), "found another fingerprint");
        hold!(found.holder == holder, "found the holder {:?}", found.holder);
        hold!(found.on_stale == OnStale::Park, "found {:?}", found.on_stale);
        hold!(found.max_attempts == Some(7), "found max_attempts {:?}", found.max_attempts);
        hold!(found.grace == Retention::For(MIN_GRACE * 30), "found grace {:?}", found.grace);
        hold!(found.error == failure.error, "found the message {:?}", found.error);
        hold!(found.longest_lease >= bench.lease(), "found the longest lease {:?}", found.longest_lease);
        hold!(found.created_at <= found.updated_at, "created {}, updated {}", found.created_at, found.updated_at);
        hold!(found.format == 1, "found format {}", found.format);
        hold!(found.lease_until.is_some() && found.expires_at.is_none(), "found {:?}", found.lease_until);
        hold!(found.result.is_none() && found.completed_at.is_none(), "found a result of a call that runs");
    }
    Ok(())
}

pub(super) async fn list_pages_in_the_order_of_digests(bench: &Bench) -> Checked {
    let mut expected = Vec::new();
    for _ in 0..23 {
        let key = bench.key()?;
        bench.worker(&key).granted().await?;
        expected.push(*key.digest());
    }
    expected.sort_unstable();
    for limit in [1, 7, 23, 100] {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = bench.list(&ListQuery { after, limit: Some(limit), ..ListQuery::default() }).await?;
            hold!(page.len() <= limit, "found a page of {}, expected {limit} at most", page.len());
            let Some(last) = page.last() else { break };
            after = Some(*last.key.digest());
            found.extend(page.iter().map(|record| *record.key.digest()));
            hold!(found.len() <= expected.len(), "found more records than there are");
        }
        hold!(found == expected, "pages of {limit}: found {} records, not all in order", found.len());
    }
    let all = bench.list(&ListQuery::default()).await?;
    hold!(all.len() == expected.len(), "found {} records without a limit, expected {}", all.len(), expected.len());
    let none = bench.list(&ListQuery { limit: Some(0), ..ListQuery::default() }).await?;
    hold!(none.is_empty(), "found {} records with a limit of 0", none.len());
    Ok(())
}

pub(super) async fn list_filters(bench: &Bench) -> Checked {
    let other = TaskIdent::new("another task", NonZeroU32::MIN);
    let (foreign, _) = bench.key_of(&other, None, "1", "x")?;
    bench.worker(&foreign).granted().await?;
    let (running, stale, done) = (bench.key()?, bench.key()?, bench.key()?);
    bench.worker(&stale).granted().await?;
    bench.pass_lease().await?;
    bench.worker(&running).granted().await?;
    let mut a = bench.worker(&done);
    a.granted().await?;
    a.done(b"done").await?;
    let task = Some(bench.task().name().to_owned());
    let cases = [
        ("the task", ListQuery { task: task.clone(), ..ListQuery::default() }, vec![&running, &stale, &done]),
        ("another task", ListQuery { task: Some("another task".into()), ..ListQuery::default() }, vec![&foreign]),
        ("no task", ListQuery { task: Some("another".into()), ..ListQuery::default() }, vec![]),
        ("completed", ListQuery { state: Some(State::Completed), ..ListQuery::default() }, vec![&done]),
        (
            "running, as stored, of the task",
            ListQuery { task, state: Some(State::Running), ..ListQuery::default() },
            vec![&running, &stale],
        ),
        ("parked", ListQuery { state: Some(State::Parked), ..ListQuery::default() }, vec![]),
    ];
    for (name, query, keys) in cases {
        let found = bench.list(&query).await?;
        let mut expected: Vec<_> = keys.iter().map(|key| *key.digest()).collect();
        expected.sort_unstable();
        let digests: Vec<_> = found.iter().map(|record| *record.key.digest()).collect();
        hold!(digests == expected, "{name}: found {} records, expected {}", digests.len(), expected.len());
    }
    Ok(())
}

pub(super) async fn record_of_a_newer_format_is_an_error(bench: &Bench) -> Checked {
    unreadable(bench, Tamper::NewerFormat, |error| matches!(error, StoreError::NewerFormat { .. })).await
}

pub(super) async fn corrupt_record_is_an_error(bench: &Bench) -> Checked {
    unreadable(bench, Tamper::Corrupt, |error| matches!(error, StoreError::Corrupt { .. })).await
}

/// Never "absent": the work would run again.
async fn unreadable(bench: &Bench, how: Tamper, expected: impl Fn(&StoreError) -> bool) -> Checked {
    let key = bench.key()?;
    let mut a = bench.worker(&key);
    a.granted().await?;
    a.done(b"done").await?;
    bench.tamper(&key, how).await?;
    let store = bench.store();
    let error = [
        ("get", store.get(&key).await.err()),
        ("claim", store.claim(&bench.worker(&key).claim).await.err()),
        ("complete", store.complete(&a.completion(b"again")).await.err()),
        ("fail", store.fail(&a.failure(Failure::Release)).await.err()),
    ];
    for (operation, error) in error {
        bench.step(|| format!("{operation} → {error:?}"));
        hold!(error.as_ref().is_some_and(&expected), "{operation}: found {error:?}, expected an error that says so");
        let text = error.map(|error| error.to_string()).unwrap_or_default();
        hold!(!text.contains("done"), "{operation}: the error shows what is in the record: {text}");
    }
    // One bad row does not spoil the renewals beside it.
    let good = bench.key()?;
    let mut b = bench.worker(&good);
    b.granted().await?;
    let answers = bench.note(|| "renew both".into(), store.renew(&[a.renewal(), b.renewal()])).await?;
    let [bad, good] = answers.as_slice() else { return Err(Stop::found(&answers, "two answers")) };
    hold!(bad.is_err() && good.is_ok(), "found {bad:?} and {good:?}, expected an error and Renewed");
    Ok(())
}

pub(super) async fn store_describes_itself(bench: &Bench) -> Checked {
    let description = bench.store().describe().await?;
    hold!(!description.kind.is_empty(), "the description names no kind of store");
    hold!(!description.location.is_empty(), "the description names no location");
    Ok(())
}
