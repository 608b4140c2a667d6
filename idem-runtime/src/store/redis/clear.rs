//! Clearing, also of what does not read.

use super::fault;
use super::link::{Link, Talk, pipeline};
use super::value;
use crate::claim::ClearVerdict;
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::{Owner, Record};
use crate::store::StoreError;
use crate::transition::{self, Change, MIN_GRACE, Step};

impl Link {
    /// By force, also a record that does not read: an operator has looked at it (STORE-8).
    pub(super) async fn clear(&self, key: &Key, force: bool) -> Result<ClearVerdict, StoreError> {
        match self.step(key, &force, |record, force, now| transition::clear(record, *force, now)).await {
            Err(StoreError::Corrupt { .. }) if force => self.talk()?.bury(key).await,
            answer => answer,
        }
    }
}

impl Talk<'_> {
    async fn bury(&self, key: &Key) -> Result<ClearVerdict, StoreError> {
        let shared = self.shared();
        let seen = match self.look(key.digest()).await {
            Ok(seen) => seen,
            Err(StoreError::Corrupt { .. }) => return self.overwrite(key).await,
            Err(error) => return Err(error),
        };
        let Step { change, verdict } = tombstone(key, seen.value.as_deref().and_then(value::fence), seen.now);
        let Change::Put(record) = change else { return Ok(verdict) };
        match self.write(key, &seen, &record).await? {
            None => Ok(verdict),
            Some(_) => {
                Err(fault::unavailable(&shared.name, "the record changed while it was cleared: look at it again"))
            }
        }
    }

    /// What is no string at all, a script cannot compare.
    async fn overwrite(&self, key: &Key) -> Result<ClearVerdict, StoreError> {
        let shared = self.shared();
        let now = shared.time.now();
        let Step { change: Change::Put(record), verdict } = tombstone(key, None, now) else {
            return Err(fault::odd(&shared.name));
        };
        let encoded = value::encode(&record, now);
        let mut commands = pipeline();
        let set = commands.cmd("SET").arg(shared.names.record(key.digest())).arg(&encoded.bytes);
        if let Some(ttl) = encoded.ttl {
            set.arg("PX").arg(ttl);
        }
        let reply = self.ask(&commands).await?.pop().ok_or_else(|| fault::odd(&shared.name))?;
        reply.map_err(|error| fault::of(&shared.name, &error))?;
        Ok(verdict)
    }
}

/// Clears a stand-in: the tombstone stays for a day, with a fence no lower than the one that could be read and than the clock.
fn tombstone(key: &Key, fence: Option<u64>, now: Timestamp) -> Step<ClearVerdict> {
    let mut stand_in = Record::new(key.clone(), Owner::NOBODY, now);
    stand_in.fence = fence.unwrap_or(0).max(u64::try_from(now.as_micros()).unwrap_or(0));
    stand_in.longest_lease = MIN_GRACE;
    transition::clear(Some(&stand_in), true, now)
}
