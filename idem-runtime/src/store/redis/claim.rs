//! Claiming and admitting: a first one and the answer to a duplicate are one round trip.

use std::time::Duration;

use super::fault;
use super::link::{Link, Reply, Talk, pipeline};
use super::seen::Seen;
use super::value::{self, Encoded};
use crate::claim::{AdmitRequest, AdmitVerdict, ClaimRequest, ClaimVerdict};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::{Record, State};
use crate::store::StoreError;
use crate::transition::{self, Change, Step};

/// A first record's time, and so its fence, is the client's idea of the server's. One that is further off than this from what
/// the server says with its answer is set right, so that the fence of a key grows across lives that are longer than this.
const TIME_OFF: Duration = Duration::from_secs(1);

impl Link {
    pub(super) async fn claim(&self, request: &ClaimRequest) -> Result<ClaimVerdict, StoreError> {
        let talk = self.talk()?;
        let verdict = talk.first(&request.key, |record, now| transition::claim(record, request, now)).await?;
        if matches!(verdict, ClaimVerdict::Claimed(_)) {
            talk.replicated(&request.key, request.owner, State::Running).await?;
        }
        Ok(verdict)
    }

    pub(super) async fn admit(&self, request: &AdmitRequest) -> Result<AdmitVerdict, StoreError> {
        let talk = self.talk()?;
        let verdict = talk.first(&request.key, |record, now| transition::admit(record, request, now)).await?;
        if matches!(verdict, AdmitVerdict::Admitted) {
            talk.replicated(&request.key, request.ticket, State::Pending).await?;
        }
        Ok(verdict)
    }
}

impl Talk<'_> {
    /// Decides as of a key without a record, and writes that if it is one; else decides on what is there.
    async fn first<V>(
        &self,
        key: &Key,
        decide: impl Fn(Option<&Record>, Timestamp) -> Step<V>,
    ) -> Result<V, StoreError> {
        let Step { change, verdict } = decide(None, self.shared().time.now());
        let Change::Put(first) = change else { return Ok(verdict) };
        let encoded = value::encode(&first, first.created_at);
        let mut seen = self.put_new(key, &encoded).await?;
        if seen.value.is_none() {
            if is_near(first.created_at, seen.now) {
                return Ok(verdict);
            }
            // It was decided at a time that is none: once more, as if it were not there.
            seen.value = Some(encoded.bytes);
            let Step { change, verdict } = decide(None, seen.now);
            let Change::Put(record) = change else { return Ok(verdict) };
            match self.write(key, &seen, &record).await? {
                None => return Ok(verdict),
                Some(other) => seen = other,
            }
        }
        self.step(key, seen, decide).await
    }

    /// Writes where there is no value; else what there is.
    async fn put_new(&self, key: &Key, encoded: &Encoded) -> Result<Seen, StoreError> {
        let shared = self.shared();
        let digest = key.digest();
        let name = shared.names.record(digest);
        let mut commands = pipeline();
        let set = commands.cmd("SET").arg(&name).arg(&encoded.bytes).arg("NX").arg("GET");
        if let Some(ttl) = encoded.ttl {
            set.arg("PX").arg(ttl);
        }
        commands.cmd("PEXPIRETIME").arg(&name);
        commands.cmd("TIME");
        let asked = shared.time.uptime();
        let replies: [Reply; 3] = self.ask(&commands).await?.try_into().map_err(|_| fault::odd(&shared.name))?;
        match &replies {
            // A full server refuses to look and write in one command, even where it would write nothing.
            [Err(error), ..] if fault::is_full(error) => {
                let seen = self.look(digest).await?;
                if seen.value.is_none() { Err(fault::of(&shared.name, error)) } else { Ok(seen) }
            }
            _ => Seen::of_replies(digest, replies, asked, shared),
        }
    }
}

fn is_near(ours: Timestamp, theirs: Timestamp) -> bool {
    ours.since(theirs).max(theirs.since(ours)) <= TIME_OFF
}
