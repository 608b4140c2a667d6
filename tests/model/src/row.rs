//! The record of the one key, as the model keeps it: what the transitions read, in a form that is small and comparable.

use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::Duration;

use idem_runtime::Record;
use idem_runtime::clock::Timestamp;
use idem_runtime::key::{Key, KeySpace, KeyWriter, TaskIdent};
use idem_runtime::policy::{OnStale, Retention};
use idem_runtime::record::{Owner, State, StoredResult};

/// One tick of the store's clock. Long beside a microsecond, by which fences grow, and short beside a day, for which
/// evidence is kept: in a run of the model no evidence and no result runs out.
pub const TICK: Duration = Duration::from_secs(1);

/// The end of what runs out in no run of the model is not told apart.
const FAR: u8 = u8::MAX;

/// A record. Owners are numbers, and a result is the number of the claim that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Row {
    /// Where the record stands.
    pub state: State,
    /// The owner of the last claim, or the ticket.
    pub owner: u8,
    /// The last fence.
    pub fence: u64,
    /// Claims of this piece of work.
    pub attempt: u8,
    /// The tick at which the lease is over.
    pub lease_until: Option<u8>,
    /// The longest lease, in ticks.
    pub longest_lease: u8,
    /// Whether an abandoned claim is parked.
    pub parks: bool,
    /// The tick at which an admission is over.
    pub retry_at: Option<u8>,
    /// The tick from which on the record is absent.
    pub expires_at: Option<u8>,
    /// The result.
    pub value: Option<u8>,
}

/// The key that everything is about. What is done under one key changes no other (PROTO-20), so one is enough.
pub fn key() -> Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    let make = || KeyWriter::new().finish(&KeySpace::new("model"), &TaskIdent::new("task", NonZeroU32::MIN)).unwrap();
    KEY.get_or_init(make).clone()
}

/// The store's clock at a tick.
pub fn time(tick: u8) -> Timestamp {
    Timestamp::from_micros(0) + TICK * u32::from(tick)
}

/// The policy of a claim.
pub fn policy(parks: bool) -> OnStale {
    if parks { OnStale::Park } else { OnStale::Rerun }
}

/// The owner, or ticket, of this number.
pub fn owner(number: u8) -> Owner {
    Owner::from_bytes([number; 16])
}

/// A result that says which claim it is from.
pub fn result(number: u8) -> StoredResult {
    StoredResult::Envelope([number].as_slice().into())
}

impl Row {
    /// The record that a store would read back.
    pub fn record(&self, now: u8) -> Record {
        let mut record = Record::new(key(), owner(self.owner), time(now));
        record.state = self.state;
        record.fence = self.fence;
        record.attempt = self.attempt.into();
        record.lease_until = self.lease_until.map(time);
        record.longest_lease = TICK * u32::from(self.longest_lease);
        record.on_stale = policy(self.parks);
        record.grace = Retention::For(Duration::ZERO);
        record.retry_at = self.retry_at.map(time);
        record.expires_at = self.expires_at.map(time);
        record.result = self.value.map(result);
        record
    }

    /// What the model keeps of a record.
    pub fn of(record: &Record) -> Self {
        Self {
            state: record.state,
            owner: record.owner.as_bytes()[0],
            fence: record.fence,
            attempt: u8::try_from(record.attempt).unwrap_or(u8::MAX),
            lease_until: record.lease_until.map(tick),
            longest_lease: ticks(record.longest_lease),
            parks: record.on_stale == OnStale::Park,
            retry_at: record.retry_at.map(tick),
            expires_at: record.expires_at.map(tick).filter(|end| *end < FAR),
            value: value_of(record),
        }
    }
}

/// Which claim a record's result is from.
pub fn value_of(record: &Record) -> Option<u8> {
    match &record.result {
        Some(StoredResult::Envelope(bytes)) => bytes.first().copied(),
        Some(StoredResult::Absent(_)) | None => None,
    }
}

/// The first tick at or after a time.
pub fn tick(at: Timestamp) -> u8 {
    ticks(at.since(time(0)))
}

/// A time in ticks.
pub fn ticks(time: Duration) -> u8 {
    u8::try_from(time.as_micros().div_ceil(TICK.as_micros())).unwrap_or(FAR)
}
