//! Every operation but a first claim: look, decide, write if nothing came between, else decide again.

use std::sync::Arc;

use redis::Value;

use super::fault;
use super::link::{Link, Talk};
use super::script::{Call, WRITE};
use super::seen::Seen;
use super::value;
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::{Record, Status};
use crate::store::StoreError;
use crate::transition::{Change, Step};

/// Each conflict is somebody else's success. So many in a row were never seen; more would be a fault, not a crowd.
const CONFLICTS: usize = 64;

impl Link {
    /// Looks, decides and writes.
    pub(super) async fn step<R, V>(
        &self,
        key: &Key,
        request: &R,
        transition: impl Fn(Option<&Record>, &R, Timestamp) -> Step<V>,
    ) -> Result<V, StoreError> {
        let talk = self.talk()?;
        let seen = talk.look(key.digest()).await?;
        talk.step(key, seen, |record, now| transition(record, request, now)).await
    }

    pub(super) async fn get(&self, key: &Key) -> Result<Option<Arc<Record>>, StoreError> {
        let seen = self.talk()?.look(key.digest()).await?;
        let record = seen.record(key.digest())?;
        Ok(record.filter(|record| record.status(seen.now) != Status::Absent).map(Arc::new))
    }
}

impl Talk<'_> {
    /// Decides on what was seen, and writes.
    pub(super) async fn step<V>(
        &self,
        key: &Key,
        mut seen: Seen,
        decide: impl Fn(Option<&Record>, Timestamp) -> Step<V>,
    ) -> Result<V, StoreError> {
        for _ in 0..CONFLICTS {
            let before = seen.record(key.digest())?;
            let Step { change, verdict } = decide(before.as_ref(), seen.now);
            let Change::Put(record) = change else { return Ok(verdict) };
            match self.write(key, &seen, &record).await? {
                None => return Ok(verdict),
                Some(other) => seen = other,
            }
        }
        let reason =
            format!("the record of key {} changed {CONFLICTS} times within one operation", fault::hex(key.digest()));
        Err(fault::unavailable(&self.shared().name, reason))
    }

    /// Writes where the key is still as it was seen; else answers how it is.
    pub(super) async fn write(&self, key: &Key, seen: &Seen, record: &Record) -> Result<Option<Seen>, StoreError> {
        let encoded = value::encode(record, seen.now);
        self.replace(key.digest(), seen, &encoded.bytes, encoded.ttl).await
    }

    /// As [`Talk::write`], of bytes.
    pub(super) async fn replace(
        &self,
        digest: &[u8; 32],
        seen: &Seen,
        bytes: &[u8],
        ttl: Option<u64>,
    ) -> Result<Option<Seen>, StoreError> {
        let shared = self.shared();
        let name = shared.names.record(digest);
        let (ends, ttl) = (seen.end_text(), ttl_text(ttl));
        let before = seen.value.as_deref().unwrap_or_default();
        let asked = shared.time.uptime();
        let reply =
            self.run_one(Call::new(&WRITE, &name, vec![before, ends.as_bytes(), bytes, ttl.as_bytes()])).await?;
        match reply.map_err(|error| fault::of_record(&shared.name, digest, &error))? {
            Value::Int(_) => Ok(None),
            Value::Array(said) => Seen::of_script(said, digest, asked, shared).map(Some),
            _ => Err(fault::odd(&shared.name)),
        }
    }
}

/// A time to live as scripts take it.
pub(super) fn ttl_text(ttl: Option<u64>) -> String {
    ttl.map_or_else(String::new, |ttl| ttl.to_string())
}
