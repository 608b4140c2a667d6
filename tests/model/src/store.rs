//! The store: the real transitions, on the one record; and what wrong stores do instead.

use std::sync::Arc;
use std::time::Duration;

use idem_runtime::Record;
use idem_runtime::claim::{
    AdmitRequest, AdmitVerdict, ClaimRequest, ClaimVerdict, CompleteRequest, CompleteVerdict, FailRequest, FailVerdict,
    Failure, RenewRequest, RenewVerdict,
};
use idem_runtime::policy::Retention;
use idem_runtime::record::{Holder, State};
use idem_runtime::transition::{self, Change, Step};

use crate::call::{Answer, Ask, How};
use crate::mutant::Mutant;
use crate::row::{Row, TICK, key, owner, policy, result, ticks, time, value_of};

/// How a store decides, and what its claims are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The length of a lease, in ticks.
    pub lease: u8,
    /// Whether abandoned claims are parked.
    pub parks: bool,
    /// What is wrong with the store or its clients, if anything.
    pub mutant: Option<Mutant>,
}

/// What a producer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Admitted {
    /// The job is its own to enqueue.
    Yes,
    /// Another was admitted.
    Queued,
    /// The ticket was used up before.
    Stale,
    /// It is known otherwise: it runs, completed, or nobody knows.
    No,
}

/// What a store answered, and the record that it left.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    /// The record after it.
    pub row: Option<Row>,
    /// The answer.
    pub answer: Answer,
}

impl Rules {
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// The claim of this owner.
    pub fn request(&self, number: u8) -> ClaimRequest {
        ClaimRequest {
            key: key(),
            owner: owner(number),
            lease: TICK * u32::from(self.lease),
            fingerprint: None,
            holder: Arc::new(Holder::default()),
            on_stale: policy(self.parks),
            max_attempts: None,
            grace: Retention::For(Duration::ZERO),
        }
    }

    /// What the store does with a request. `lagging` is the record as a cache has it.
    pub fn serve(&self, row: Option<Row>, lagging: Option<Row>, ask: Ask, now: u8) -> Served {
        match ask {
            Ask::Claim { owner } | Ask::Check { owner } => {
                let found = if self.is(Mutant::CacheAnswersForStore) { lagging } else { row };
                self.claim(found, owner, now)
            }
            Ask::Renew { owner, sent } => self.renew(row, owner, sent, now),
            Ask::Complete { owner, fence, may_restore } => self.complete(row, owner, fence, may_restore, now),
            Ask::Fail { owner, how } => self.fail(row, owner, how, now),
        }
    }

    /// The store's answer to a claim.
    pub fn claim(&self, row: Option<Row>, number: u8, now: u8) -> Served {
        let mut found = row;
        let mut at = now;
        match (self.mutant, &mut found) {
            (Some(Mutant::ClaimNotReplayable), Some(found)) if found.state == State::Running => found.owner = 0,
            (Some(Mutant::LateClaimGranted), Some(found)) if found.state == State::Retryable => found.owner = 0,
            (Some(Mutant::TakeoverIgnoresPark), Some(found)) => found.parks = false,
            (Some(Mutant::LeaseByClientClock), _) if number.is_multiple_of(2) => at += self.lease,
            (Some(Mutant::AdmissionExcludes), Some(found)) if found.state == State::Pending => {
                (found.state, found.lease_until) = (State::Running, found.retry_at);
            }
            (Some(Mutant::FenceFromClockAlone), Some(found)) => found.fence = 0,
            _ => {}
        }
        let request = self.request(number);
        let (mut after, verdict) = apply(found, at, |record| transition::claim(record, &request, time(at)));
        if after == found {
            after = row;
        }
        let mut answer = match &verdict {
            ClaimVerdict::Claimed(claimed) => {
                Answer::Claimed { fence: claimed.fence, attempt: u8::try_from(claimed.attempt).unwrap_or(u8::MAX) }
            }
            ClaimVerdict::Running { lease_left, .. } => {
                Answer::Running { left: lease_left.map_or(1, ticks), by: row.map_or(0, |row| row.owner) }
            }
            ClaimVerdict::Completed(record) => Answer::Replay(value_of(record)),
            ClaimVerdict::Stale => Answer::Stale,
            ClaimVerdict::Parked(_) | ClaimVerdict::Cancelled(_) => Answer::Refused,
            other => panic!("a claim without arguments or remembered failures is not answered {other:?}"),
        };
        if let (Some(mutant), Answer::Claimed { fence, .. }, Some(after)) = (self.mutant, &mut answer, &mut after) {
            match mutant {
                Mutant::TakeoverKeepsFence => {
                    let stale = row.filter(|row| row.state == State::Running && row.owner != number);
                    *fence = stale.map_or(*fence, |row| row.fence);
                    after.fence = *fence;
                }
                Mutant::LeaseWithoutEnd => (after.lease_until, after.expires_at) = (None, None),
                _ => {}
            }
        }
        Served { row: after, answer }
    }

    fn renew(&self, row: Option<Row>, number: u8, sent: u8, now: u8) -> Served {
        let meant = row.filter(|_| self.is(Mutant::RenewByKeyOnly)).map_or(number, |row| row.owner);
        let request = RenewRequest { key: key(), owner: owner(meant), lease: TICK * u32::from(self.lease) };
        let (row, verdict) = apply(row, now, |record| transition::renew(record, &request, time(now)));
        let answer = match verdict {
            RenewVerdict::Renewed => Answer::Renewed { sent },
            RenewVerdict::LeaseLost(_) => Answer::NotRenewed,
        };
        Served { row, answer }
    }

    /// The store's answer to a completion.
    pub fn complete(&self, row: Option<Row>, number: u8, fence: u64, may_restore: bool, now: u8) -> Served {
        let mut found = row;
        match (self.mutant, &mut found) {
            (Some(Mutant::CompleteWithoutOwner), Some(found)) => (found.owner, found.fence) = (number, fence),
            (Some(Mutant::CompleteWithoutFence), Some(found)) if found.owner == number => found.fence = fence,
            (Some(Mutant::CompleteOverCompleted), Some(found)) if found.state == State::Completed => {
                (found.state, found.owner, found.fence) = (State::Running, number, fence);
            }
            _ => {}
        }
        let request = CompleteRequest {
            claim: Arc::new(self.request(number)),
            fence,
            attempt: 1,
            result: result(number),
            retention: Retention::Forever,
            may_restore,
        };
        let (after, verdict) = apply(found, now, |record| transition::complete(record, &request, time(now)));
        match verdict {
            CompleteVerdict::Completed { record, .. } => {
                let after = if self.is(Mutant::CompletionNotKept) { row } else { after };
                Served { row: after, answer: Answer::Kept(value_of(&record)) }
            }
            CompleteVerdict::LeaseLost(_) => Served { row, answer: Answer::NotKept },
        }
    }

    fn fail(&self, row: Option<Row>, number: u8, how: How, now: u8) -> Served {
        let meant = row.filter(|_| self.is(Mutant::ReleaseByKeyOnly)).map_or(number, |row| row.owner);
        let how = match how {
            How::Release => Failure::Release,
            How::NotStarted => Failure::NotStarted,
            How::Park => Failure::Park,
        };
        let request = FailRequest { claim: Arc::new(self.request(meant)), how, error: None };
        let (mut after, verdict) = apply(row, now, |record| transition::fail(record, &request, time(now)));
        let settled = match verdict {
            FailVerdict::Settled(state) => Some(state),
            FailVerdict::LeaseLost(_) => None,
        };
        match self.mutant {
            Some(Mutant::ReleaseDeletes) if settled == Some(State::Retryable) => after = None,
            Some(Mutant::ReleaseNotKept) => after = row,
            Some(Mutant::ReleaseCountsTwice) if after == row && how == Failure::NotStarted => {
                after = row.map(|row| Row { attempt: row.attempt.saturating_sub(1), ..row });
            }
            _ => {}
        }
        Served { row: after, answer: Answer::Settled(settled) }
    }

    /// What the store answers a producer: whether its job is to be enqueued.
    pub fn admit(&self, row: Option<Row>, ticket: u8, now: u8) -> (Option<Row>, Admitted) {
        let mut found = row;
        match (self.mutant, &mut found) {
            (Some(Mutant::AdmitByKeyOnly), Some(found)) if found.state == State::Pending => found.owner = ticket,
            (Some(Mutant::LateTicketAdmitted), Some(found)) if found.state == State::Retryable => found.owner = 0,
            (Some(Mutant::AdmitCompleted), Some(found)) if found.state == State::Completed => {
                found.state = State::Cleared;
            }
            _ => {}
        }
        let request = AdmitRequest {
            key: key(),
            ticket: owner(ticket),
            hold: TICK * u32::from(self.lease),
            fingerprint: None,
            holder: Arc::new(Holder::default()),
            grace: Retention::For(Duration::ZERO),
        };
        let (mut after, verdict) = apply(found, now, |record| transition::admit(record, &request, time(now)));
        if let (Some(Mutant::AdmissionWithoutEnd), Some(after)) = (self.mutant, &mut after) {
            (after.retry_at, after.expires_at) = (None, None);
        }
        let admitted = match verdict {
            AdmitVerdict::Admitted => Admitted::Yes,
            AdmitVerdict::Queued { .. } => Admitted::Queued,
            AdmitVerdict::Stale => Admitted::Stale,
            _ => Admitted::No,
        };
        (after, admitted)
    }

    /// Gives a ticket back.
    pub fn give_back(&self, row: Option<Row>, ticket: u8, now: u8) -> (Option<Row>, bool) {
        let by_key = row.filter(|_| self.is(Mutant::GiveBackByKeyOnly));
        let Served { row, answer } = self.fail(row, by_key.map_or(ticket, |row| row.owner), How::NotStarted, now);
        (row, answer == Answer::Settled(Some(State::Retryable)))
    }

    /// Whether a claim that is new to the store would be answered `Running` at this tick: somebody keeps it out.
    pub fn keeps_out(&self, row: Row, now: u8) -> bool {
        let Answer::Running { .. } = self.claim(Some(row), u8::MAX, now).answer else { return false };
        true
    }
}

/// Applies a transition as a store does: reads the record, asks, and writes what it is told to.
pub fn apply<V>(row: Option<Row>, now: u8, decide: impl FnOnce(Option<&Record>) -> Step<V>) -> (Option<Row>, V) {
    let record = row.map(|row| row.record(now));
    let Step { change, verdict } = decide(record.as_ref());
    let row = match change {
        Change::Keep => row,
        Change::Put(record) => Some(Row::of(&record)),
    };
    (row, verdict)
}
