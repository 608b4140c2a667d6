//! What was seen of a key at one moment.

use std::time::Duration;

use redis::Value;

use super::fault;
use super::link::{Link, Reply, Talk, pipeline};
use super::shared::Shared;
use super::value::{self, ABSENT};
use super::wire::server_time;
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::Record;
use crate::store::StoreError;

/// A key's value, when it ends, and when that was so.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) value: Option<Vec<u8>>,
    /// Milliseconds since 1970 on the server's clock; −1: never, −2: there is no such key.
    pub(super) ends: i64,
    pub(super) now: Timestamp,
}

impl Seen {
    /// From the answers to a command that answers the value, `PEXPIRETIME` and `TIME`, sent together. Another client may
    /// have come between them: a look that does not fit together is a hint, and only a script acts on it.
    ///
    /// # Errors
    /// What the server said instead.
    pub(super) fn of_replies(
        digest: &[u8; 32],
        [value, ends, time]: [Reply; 3],
        asked: Duration,
        shared: &Shared,
    ) -> Result<Self, StoreError> {
        let value = value.map_err(|error| fault::of_record(&shared.name, digest, &error))?;
        let ends = ends.map_err(|error| fault::of_record(&shared.name, digest, &error))?;
        let now = server_time(time, shared)?;
        shared.time.learn(asked, now);
        let value = match value {
            Value::BulkString(bytes) => Some(bytes),
            Value::Nil => None,
            _ => return Err(fault::odd(&shared.name)),
        };
        let Value::Int(ends) = ends else { return Err(fault::odd(&shared.name)) };
        Ok(Self { value, ends, now })
    }

    /// From the answer of a script that wrote nothing.
    ///
    /// # Errors
    /// An answer of another shape.
    pub(super) fn of_script(
        said: Vec<Value>,
        digest: &[u8; 32],
        asked: Duration,
        shared: &Shared,
    ) -> Result<Self, StoreError> {
        let replies: Result<[Value; 3], _> = said.try_into();
        let replies = replies.map_err(|_| fault::odd(&shared.name))?;
        Self::of_replies(digest, replies.map(Ok), asked, shared)
    }

    /// The record, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] and [`StoreError::NewerFormat`].
    pub(super) fn record(&self, digest: &[u8; 32]) -> Result<Option<Record>, StoreError> {
        // Where the key ended between the two answers, its record ended just now.
        let ends = if self.ends == ABSENT { self.now.as_micros() / 1_000 } else { self.ends };
        self.value.as_ref().map(|bytes| value::decode(digest, bytes, ends)).transpose()
    }

    /// The end as scripts compare it.
    pub(super) fn end_text(&self) -> String {
        if self.value.is_none() { ABSENT.to_string() } else { self.ends.to_string() }
    }
}

impl Link {
    /// What time it is on the server of a key. `TIME` names no key: the command before it says whose time is meant.
    ///
    /// # Errors
    /// What the server said instead.
    pub(super) async fn time_of(&self, key: &Key) -> Result<Timestamp, StoreError> {
        let shared = &self.shared;
        let mut commands = pipeline();
        commands.cmd("PEXPIRETIME").arg(shared.names.record(key.digest()));
        commands.cmd("TIME");
        let asked = shared.time.uptime();
        let time = self.talk()?.ask(&commands).await?.pop().ok_or_else(|| fault::odd(&shared.name))?;
        let now = server_time(time, shared)?;
        shared.time.learn(asked, now);
        Ok(now)
    }
}

impl Talk<'_> {
    /// Looks at a key: one round trip.
    ///
    /// # Errors
    /// What the server said instead.
    pub(super) async fn look(&self, digest: &[u8; 32]) -> Result<Seen, StoreError> {
        let shared = self.shared();
        let name = shared.names.record(digest);
        let mut commands = pipeline();
        commands.cmd("GET").arg(&name);
        commands.cmd("PEXPIRETIME").arg(&name);
        commands.cmd("TIME");
        let asked = shared.time.uptime();
        let replies = self.ask(&commands).await?;
        let replies = replies.try_into().map_err(|_| fault::odd(&shared.name))?;
        Seen::of_replies(digest, replies, asked, shared)
    }
}
