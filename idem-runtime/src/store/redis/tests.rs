//! The bytes of a record: frozen, and safe to read whatever they are.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::value::{self, Encoded, decode, encode};
use crate::clock::Timestamp;
use crate::key::{Key, KeySpace, KeyWriter, TaskIdent};
use crate::policy::{OnStale, Retention};
use crate::record::{Holder, Owner, Record, State, StoredResult};
use crate::store::StoreError;

const GOLDEN: [&str; 2] = [
    include_str!("../../../tests/golden/redis_records_v1.txt"),
    include_str!("../../../tests/golden/redis_records_v2.txt"),
];

/// 2026-11-21T00:00:00Z.
const NOW: Timestamp = Timestamp::from_micros(1_795_219_200_000_000);

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

fn key(number: u32) -> (Key, crate::key::Fingerprint) {
    let mut writer = KeyWriter::new();
    writer.scope("tenant", "acme").unwrap();
    writer.arg("amount", &number).unwrap();
    let task = TaskIdent::new("billing.charge", NonZeroU32::MIN);
    writer.finish_explicit(&KeySpace::new("shop"), &task, &number.to_string()).unwrap()
}

/// One record of each state; each field has a value somewhere, and none somewhere.
fn records() -> Vec<Record> {
    let states = [
        State::Running,
        State::Retryable,
        State::Completed,
        State::Failed,
        State::Parked,
        State::Cancelled,
        State::Cleared,
        State::Pending,
    ];
    let records = states.into_iter().zip(1_u8..).map(|(state, number)| {
        let (key, fingerprint) = key(number.into());
        let odd = number % 2 == 1;
        let mut record = Record::new(key, Owner::from_bytes([number; 16]), NOW);
        (record.state, record.format) = (state, state.format());
        record.attempt = number.into();
        record.fence = 1_795_219_200_000_000 + u64::from(number);
        record.longest_lease = Duration::from_secs(30);
        record.fingerprint = odd.then_some(fingerprint);
        let trace = odd.then(|| "00-4bf9-01".to_owned());
        record.holder = Arc::new(Holder { host: "wörker-1".into(), process: 4_711, trace });
        record.on_stale = if odd { OnStale::Park } else { OnStale::Rerun };
        record.max_attempts = odd.then_some(7);
        record.grace = if odd { Retention::Forever } else { Retention::For(DAY) };
        record.error = (!odd).then(|| "“it broke”".into());
        record.updated_at = NOW + HOUR;
        record.expires_at = Some(NOW + DAY);
        match state {
            State::Running => (record.lease_until, record.expires_at) = (Some(NOW + HOUR), None),
            State::Completed => {
                record.result = Some(StoredResult::Envelope(b"\0\xffenvelope".as_slice().into()));
                record.completed_at = Some(NOW + HOUR);
            }
            State::Failed | State::Pending => record.retry_at = Some(NOW + HOUR),
            State::Parked => record.expires_at = None,
            State::Cancelled => record.result = Some(StoredResult::Absent("too large".into())),
            _ => {}
        }
        record
    });
    records.collect()
}

/// When the server would say that the key ends.
fn ends(encoded: &Encoded) -> i64 {
    encoded.ttl.map_or(-1, |ttl| NOW.as_micros() / 1_000 + i64::try_from(ttl).unwrap())
}

#[test]
fn records_read_back_as_they_were_written() {
    for record in records() {
        let encoded = encode(&record, NOW);
        assert_eq!(decode(record.key.digest(), &encoded.bytes, ends(&encoded)).unwrap(), record);
        let head = &encoded.bytes[..=value::STATE];
        assert_eq!(value::state(head), Some(record.state));
        assert_eq!(value::fence(&encoded.bytes), Some(record.fence));
    }
}

#[test]
fn a_running_record_whose_claim_may_run_again_ends_with_its_evidence() {
    let mut record = records().swap_remove(0);
    (record.on_stale, record.grace) = (OnStale::Rerun, Retention::For(HOUR));
    record.expires_at = Some(NOW + HOUR + DAY);
    let encoded = encode(&record, NOW);
    assert_eq!(encoded.ttl, Some(25 * 3_600_000));
    assert_eq!(decode(record.key.digest(), &encoded.bytes, ends(&encoded)).unwrap(), record);
    // By hand: a claim without a deadline, which is nobody's to take.
    let kept = decode(record.key.digest(), &encoded.bytes, -1).unwrap();
    assert_eq!((kept.lease_until, kept.expires_at), (None, None));
}

#[test]
fn the_bytes_are_those_of_the_golden_files() {
    let hex = super::fault::hex;
    let line = |record: &Record| {
        format!("{} {} {}\n", record.state, hex(record.key.digest()), hex(&encode(record, NOW).bytes))
    };
    let found: String = records().iter().map(line).collect();
    let golden: String = GOLDEN
        .iter()
        .flat_map(|file| file.lines())
        .filter(|line| !line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(found, golden);
}

#[test]
fn each_policy_for_an_owner_that_is_gone_reads_back_and_two_at_once_are_corrupt() {
    let mut record = records().swap_remove(0);
    for on_stale in [OnStale::Rerun, OnStale::Park, OnStale::Reconcile] {
        record.on_stale = on_stale;
        let encoded = encode(&record, NOW);
        assert_eq!(decode(record.key.digest(), &encoded.bytes, ends(&encoded)).unwrap(), record);
    }
    let mut bytes = encode(&record, NOW).bytes;
    bytes[value::LENGTH.end] |= value::PARK;
    let error = decode(record.key.digest(), &bytes, -1).unwrap_err();
    assert!(error.to_string().contains("two policies"), "{error}");
}

#[test]
fn what_is_cut_off_is_corrupt() {
    for record in records() {
        let bytes = encode(&record, NOW).bytes;
        for length in 0..bytes.len() {
            let error = decode(record.key.digest(), &bytes[..length], -1).unwrap_err();
            assert!(matches!(error, StoreError::Corrupt { .. }), "{length}: {error}");
        }
    }
}

#[test]
fn whatever_byte_is_changed_it_is_read_or_refused_and_never_shown() {
    for record in records() {
        let good = encode(&record, NOW).bytes;
        for at in 0..good.len() {
            for change in [1, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] ^= change;
                match decode(record.key.digest(), &bytes, -1) {
                    Ok(_) | Err(StoreError::NewerFormat { .. }) => {}
                    Err(StoreError::Corrupt { reason, .. }) => assert!(!reason.contains("envelope"), "{reason}"),
                    Err(error) => panic!("{at}: {error}"),
                }
            }
        }
    }
}

#[test]
fn another_keys_record_is_corrupt() {
    let [first, second, ..] = &records()[..] else { unreachable!() };
    let bytes = encode(first, NOW).bytes;
    let error = decode(second.key.digest(), &bytes, -1).unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { reason, .. } if reason.contains("label")), "{error}");
}

#[test]
fn announced_lengths_allocate_nothing() {
    let record = &records()[0];
    let mut bytes = encode(record, NOW).bytes;
    let label = 104..108;
    assert_eq!(bytes[label.clone()], u32::try_from(record.key.to_string().len()).unwrap().to_be_bytes());
    bytes[label].copy_from_slice(&u32::MAX.to_be_bytes());
    let error = decode(record.key.digest(), &bytes, -1).unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { reason, .. } if reason == "label: it is cut off"), "{error}");
}
