//! Ending a claim, in one round trip: the owner knows what its running record begins with, and a script compares.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use redis::Value;

use super::fault;
use super::link::{Link, Talk, pipeline};
use super::script::{Call, SETTLE};
use super::seen::Seen;
use super::step::ttl_text;
use super::value::{self, KEPT, SETTLES};
use crate::claim::{ClaimRequest, CompleteRequest, CompleteVerdict, FailRequest, FailVerdict};
use crate::clock::Timestamp;
use crate::record::{Record, State};
use crate::store::StoreError;
use crate::transition::{self, Change, Step};

/// What became of a claim that was to be ended.
enum Settled {
    /// It ended; the record as it was written.
    As(Arc<Record>),
    /// The record is not as its owner knows it.
    Otherwise(Seen),
}

impl Link {
    pub(super) async fn complete(&self, request: &CompleteRequest) -> Result<CompleteVerdict, StoreError> {
        let talk = self.talk()?;
        let verdict = talk.complete(request).await?;
        if matches!(verdict, CompleteVerdict::Completed { .. }) {
            talk.replicated(&request.claim.key, request.claim.owner, State::Completed).await?;
        }
        Ok(verdict)
    }

    pub(super) async fn fail(&self, request: &FailRequest) -> Result<FailVerdict, StoreError> {
        let talk = self.talk()?;
        // A failure does not say which attempt it ends: the first is by far the most frequent, others take one trip more.
        let now = talk.shared().time.now();
        let running = running(&request.claim, 1, 0, now);
        let Step { change: Change::Put(ended), verdict } = transition::fail(Some(&running), request, now) else {
            return self.step(&request.claim.key, request, transition::fail).await;
        };
        match talk.settle(&running, &ended, SETTLES, now).await? {
            Settled::As(_) => Ok(verdict),
            Settled::Otherwise(seen) => {
                talk.step(&request.claim.key, seen, |record, now| transition::fail(record, request, now)).await
            }
        }
    }
}

impl Talk<'_> {
    async fn complete(&self, request: &CompleteRequest) -> Result<CompleteVerdict, StoreError> {
        let now = self.shared().time.now();
        let running = running(&request.claim, request.attempt, request.fence, now);
        let Step { change: Change::Put(done), .. } = transition::complete(Some(&running), request, now) else {
            let seen = self.look(request.claim.key.digest()).await?;
            return self.step(&request.claim.key, seen, |record, now| transition::complete(record, request, now)).await;
        };
        if let Some(record) = self.complete_first(request, &done, now).await? {
            return Ok(CompleteVerdict::Completed { record: Arc::new(record), restored: false });
        }
        match self.settle(&running, &done, SETTLES + 8, now).await? {
            Settled::As(record) => Ok(CompleteVerdict::Completed { record, restored: false }),
            Settled::Otherwise(seen) => {
                self.step(&request.claim.key, seen, |record, now| transition::complete(record, request, now)).await
            }
        }
    }

    /// Where the server compares and sets in one command: a first claim's record is known to the last byte. `None` where
    /// it is not that one, and where the server is full or does not know the option after all: then the script decides.
    async fn complete_first(
        &self,
        request: &CompleteRequest,
        done: &Record,
        now: Timestamp,
    ) -> Result<Option<Record>, StoreError> {
        let shared = self.shared();
        if request.attempt != 1 || !shared.ifeq.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let Ok(granted) = i64::try_from(request.fence).map(Timestamp::from_micros) else { return Ok(None) };
        let Change::Put(first) = transition::claim(None, &request.claim, granted).change else { return Ok(None) };
        let mut done = done.clone();
        (done.created_at, done.longest_lease) = (first.created_at, first.longest_lease);
        let (before, after) = (value::encode(&first, granted), value::encode(&done, now));
        if after.ttl == Some(0) {
            return Ok(None);
        }
        let name = shared.names.record(request.claim.key.digest());
        let mut commands = pipeline();
        let set = commands.cmd("SET").arg(&name).arg(&after.bytes).arg("IFEQ").arg(&before.bytes);
        if let Some(ttl) = after.ttl {
            set.arg("PX").arg(ttl);
        }
        commands.cmd("PEXPIRETIME").arg(&name);
        match self.ask(&commands).await?.as_slice() {
            [Ok(Value::Okay), Ok(Value::Int(ends))] => {
                value::set_times(&mut done, 0, *ends);
                Ok(Some(done))
            }
            _ => Ok(None),
        }
    }

    /// Puts `ended` where the record begins as `running` does, up to `compared` bytes.
    async fn settle(
        &self,
        running: &Record,
        ended: &Record,
        compared: usize,
        now: Timestamp,
    ) -> Result<Settled, StoreError> {
        let shared = self.shared();
        let digest = running.key.digest();
        let name = shared.names.record(digest);
        let (before, after) = (value::encode(running, now).bytes, value::encode(ended, now));
        let ttl = ttl_text(after.ttl);
        let (head, tail) = (&after.bytes[..KEPT.start], &after.bytes[KEPT.end..]);
        let call = Call::new(&SETTLE, &name, vec![&before[..compared], head, tail, ttl.as_bytes()]);
        let asked = shared.time.uptime();
        let reply = self.run_one(call).await?;
        let said = match reply.map_err(|error| fault::of_record(&shared.name, digest, &error))? {
            Value::Array(said) => said,
            _ => return Err(fault::odd(&shared.name)),
        };
        if let [Value::BulkString(kept), Value::Int(ends)] = said.as_slice() {
            let kept = kept.as_slice().try_into().map_err(|_| fault::odd(&shared.name))?;
            let mut ended = ended.clone();
            value::keep(&mut ended, kept);
            value::set_times(&mut ended, 0, *ends);
            return Ok(Settled::As(Arc::new(ended)));
        }
        Seen::of_script(said, digest, asked, shared).map(Settled::Otherwise)
    }
}

/// The record of a claim as its owner knows it, but for what [`KEPT`] covers. Its lease is not over for its owner.
fn running(claim: &ClaimRequest, attempt: u32, fence: u64, now: Timestamp) -> Record {
    let mut record = Record::new(claim.key.clone(), claim.owner, now);
    record.state = State::Running;
    (record.attempt, record.fence) = (attempt, fence);
    record.fingerprint.clone_from(&claim.fingerprint);
    record.holder = Arc::clone(&claim.holder);
    record.on_stale = claim.on_stale;
    record.max_attempts = claim.max_attempts;
    record.grace = claim.grace;
    record
}
