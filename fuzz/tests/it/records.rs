//! Records by chance, and what becomes of one that a store gave.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use idem_runtime::Record;
use idem_runtime::claim::{ClaimRequest, CompleteRequest, FailRequest, Failure, RenewRequest};
use idem_runtime::clock::Timestamp;
use idem_runtime::key::{Fingerprint, Key, KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Holder, Owner, State, StoredResult};
use idem_runtime::transition;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::{Just, Strategy};

use crate::docs::text;

/// 2026-11-21T00:00:00Z.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_219_200_000_000);

/// A hundred years in milliseconds, beyond which a Redis key lives no longer.
const LONG_MS: u64 = 100 * 365 * 86_400_000;

const STATES: [State; 8] = [
    State::Pending,
    State::Running,
    State::Retryable,
    State::Completed,
    State::Failed,
    State::Parked,
    State::Cancelled,
    State::Cleared,
];

pub fn key(name: &str, id: u64) -> (Key, Fingerprint) {
    let mut writer = KeyWriter::new();
    writer.arg(name, &id).unwrap();
    writer.scope("tenant", name).unwrap();
    let task = TaskIdent::new(name, NonZeroU32::MIN);
    writer.finish_explicit(&KeySpace::new("shop"), &task, &id.to_string()).unwrap()
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        3 => (0..86_400_000_000_i64).prop_map(|by| Timestamp::from_micros(NOW.as_micros() + by)),
        1 => any::<i64>().prop_map(Timestamp::from_micros),
    ]
}

/// The server ends keys at whole milliseconds.
fn ahead() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 1..100_000_000_u64, 1 => 1..LONG_MS]
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![1 => Just(0), 3 => 0..1_000_000_000_u64, 1 => 0..LONG_MS * 2_000].prop_map(Duration::from_micros)
}

fn result() -> impl Strategy<Value = StoredResult> {
    prop_oneof![
        vec(any::<u8>(), 0..60).prop_map(|bytes| StoredResult::Envelope(bytes.into())),
        text().prop_map(|reason| StoredResult::Absent(reason.into())),
    ]
}

/// Any record that a transition could have written at [`NOW`], and many that none would; each field with and without a
/// value.
pub fn record() -> impl Strategy<Value = Record> {
    let head = (text(), any::<u64>(), any::<[u8; 16]>(), select(&STATES[..]), any::<bool>());
    let numbers = (0..=i64::MAX as u64, any::<u32>(), of(any::<u32>()), any::<u32>());
    let texts = (text(), of(text()), of(text()), result(), any::<bool>());
    let times = (time(), time(), of(time()), of(time()), of(ahead()), of(ahead()));
    let policy = (duration(), of(duration()), select(&[OnStale::Rerun, OnStale::Park, OnStale::Reconcile][..]));
    (head, numbers, texts, times, policy).prop_map(|(head, numbers, texts, times, policy)| {
        let (name, id, owner, state, printed) = head;
        let (key, fingerprint) = key(&name, id);
        let mut record = Record::new(key, Owner::from_bytes(owner), times.0);
        let process;
        (record.fence, record.attempt, record.max_attempts, process) = numbers;
        record.state = state;
        record.format = if state == State::Pending { 2 } else { 1 };
        record.fingerprint = printed.then_some(fingerprint);
        let (host, trace, error, result, has_result) = texts;
        record.holder = Arc::new(Holder { host, process, trace });
        record.error = error.map(Arc::from);
        record.result = (has_result || state == State::Completed).then_some(result);
        (record.updated_at, record.retry_at, record.completed_at) = (times.1, times.2, times.3);
        let (lease, end) = (times.4, times.5);
        let after = |ms: u64| NOW + Duration::from_millis(ms);
        // Of a running record the end follows the lease, and there is none without it.
        (record.lease_until, record.expires_at) = match state {
            State::Running => (lease.map(after), lease.zip(end).map(|(lease, end)| after(lease + end / 2))),
            _ => (None, end.map(after)),
        };
        (record.longest_lease, record.on_stale) = (policy.0, policy.2);
        record.grace = policy.1.map_or(Retention::Forever, Retention::For);
        record
    })
}

/// Whatever a store gives is a record that the protocol can go on with, at any time.
pub fn goes_on(record: &Record, now: Timestamp) {
    let found = Some(record);
    for owner in [Owner::from_bytes([7; 16]), record.owner] {
        let claim = Arc::new(ClaimRequest {
            key: record.key.clone(),
            owner,
            lease: Duration::from_secs(30),
            fingerprint: record.fingerprint.clone(),
            holder: Arc::default(),
            on_stale: OnStale::Rerun,
            max_attempts: Some(3),
            grace: Retention::For(Duration::MAX),
        });
        let _ = transition::claim(found, &claim, now);
        let renew = RenewRequest { key: record.key.clone(), owner, lease: Duration::MAX };
        let _ = transition::renew(found, &renew, now);
        for how in [Failure::Release, Failure::NotStarted, Failure::Store(Duration::MAX), Failure::Park] {
            let request = FailRequest { claim: Arc::clone(&claim), how, error: None };
            let _ = transition::fail(found, &request, now);
        }
        let result = StoredResult::Absent("none".into());
        let request = CompleteRequest {
            claim,
            fence: record.fence,
            attempt: record.attempt,
            result,
            retention: Retention::For(Duration::MAX),
            may_restore: true,
        };
        let _ = transition::complete(found, &request, now);
    }
    let _ = transition::clear(found, true, now);
    let _ = (record.status(now), record.lease_left(now), format!("{record:?} {}", record.created_at));
    if let Some(fingerprint) = &record.fingerprint {
        assert!(fingerprint.matches(fingerprint) && fingerprint.differing(fingerprint).is_empty());
    }
}
