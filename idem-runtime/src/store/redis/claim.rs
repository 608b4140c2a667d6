//! Claiming: a first claim and the answer to a duplicate are one round trip.

use std::time::Duration;

use super::fault;
use super::link::{Link, Reply, Talk, pipeline};
use super::seen::Seen;
use super::value;
use crate::claim::{ClaimRequest, ClaimVerdict};
use crate::clock::Timestamp;
use crate::store::StoreError;
use crate::transition::{self, Change};

/// A first claim's fence is the client's idea of the server's time. One that is further off than this from what the server
/// says with its answer is set right, so that the fence of a key grows across lives that are longer than this.
const FENCE_OFF: Duration = Duration::from_secs(1);

impl Link {
    pub(super) async fn claim(&self, request: &ClaimRequest) -> Result<ClaimVerdict, StoreError> {
        let talk = self.talk()?;
        let verdict = talk.claim(request).await?;
        if matches!(verdict, ClaimVerdict::Claimed(_)) {
            talk.replicated(&request.key, request.owner).await?;
        }
        Ok(verdict)
    }
}

impl Talk<'_> {
    async fn claim(&self, request: &ClaimRequest) -> Result<ClaimVerdict, StoreError> {
        let shared = self.shared();
        let step = transition::claim(None, request, shared.time.now());
        let Change::Put(first) = step.change else { return Ok(step.verdict) };
        let encoded = value::encode(&first, first.created_at);
        let digest = request.key.digest();
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
        if let [Err(error), ..] = &replies
            && fault::is_full(error)
        {
            return self.claim_of_a_full_server(request, fault::of(&shared.name, error)).await;
        }
        let mut seen = Seen::of_replies(digest, replies, asked, shared)?;
        if seen.value.is_none() {
            if is_near(first.created_at, seen.now) {
                return Ok(step.verdict);
            }
            seen.value = Some(encoded.bytes);
            return self.claim_with_the_servers_time(request, seen).await;
        }
        self.step(&request.key, seen, |record, now| transition::claim(record, request, now)).await
    }

    /// It refuses to look and write in one command, even where it would write nothing.
    async fn claim_of_a_full_server(
        &self,
        request: &ClaimRequest,
        full: StoreError,
    ) -> Result<ClaimVerdict, StoreError> {
        let seen = self.look(request.key.digest()).await?;
        if seen.value.is_none() {
            return Err(full);
        }
        self.step(&request.key, seen, |record, now| transition::claim(record, request, now)).await
    }

    /// The claim was granted at a time that is none. What was written is claimed once more, as if it were not there.
    async fn claim_with_the_servers_time(
        &self,
        request: &ClaimRequest,
        seen: Seen,
    ) -> Result<ClaimVerdict, StoreError> {
        let again = transition::claim(None, request, seen.now);
        let Change::Put(record) = again.change else { return Ok(again.verdict) };
        match self.write(&request.key, &seen, &record).await? {
            None => Ok(again.verdict),
            Some(other) => self.step(&request.key, other, |record, now| transition::claim(record, request, now)).await,
        }
    }
}

fn is_near(ours: Timestamp, theirs: Timestamp) -> bool {
    ours.since(theirs).max(theirs.since(ours)) <= FENCE_OFF
}
