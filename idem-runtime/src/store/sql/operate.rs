//! The operations of a store on one key: read, decide by [`transition`], write if nobody wrote meanwhile.

use std::collections::HashMap;
use std::sync::Arc;

use super::dialect::{Claiming, Connection, Dialect, Row, Seen, Trouble};
use super::row::stand_in;
use super::run::{Core, Operation};
use crate::claim::{
    ClaimRequest, ClaimVerdict, ClearVerdict, CompleteRequest, CompleteVerdict, RenewRequest, RenewVerdict,
};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::{Owner, Record, State, Status};
use crate::store::{ListQuery, StoreError};
use crate::transition::{self, Change};

/// A function of [`transition`].
type Decide<R, V> = fn(Option<&Record>, &R, Timestamp) -> transition::Step<V>;

impl<D: Dialect> Core<D> {
    /// Applies a transition to one key.
    pub(crate) async fn step<R: Sync, V: Send>(
        &self,
        key: &Key,
        request: &R,
        decide: Decide<R, V>,
    ) -> Result<V, StoreError> {
        self.run(&Step { key, request, decide }).await
    }

    pub(crate) async fn claim(&self, request: &ClaimRequest) -> Result<ClaimVerdict, StoreError> {
        self.run(&Claim(request)).await
    }

    pub(crate) async fn complete(&self, request: &CompleteRequest) -> Result<CompleteVerdict, StoreError> {
        self.run(&Complete(request)).await
    }

    /// Renews many claims. Those that one statement does not renew are looked at one by one, in order; so are those of a
    /// key that is asked for twice.
    pub(crate) async fn renew(
        &self,
        requests: &[RenewRequest],
    ) -> Result<Vec<Result<RenewVerdict, StoreError>>, StoreError> {
        let mut asked = HashMap::new();
        for request in requests {
            *asked.entry(request.key.digest()).or_insert(0_u32) += 1;
        }
        let once: Vec<_> = (0..requests.len()).filter(|at| asked.get(requests[*at].key.digest()) == Some(&1)).collect();
        let mut answers: Vec<_> = requests.iter().map(|_| None).collect();
        for batch in once.chunks(BATCH) {
            let renewed = match self.run(&Renew(batch.iter().map(|at| &requests[*at]).collect())).await {
                Ok(renewed) => renewed,
                // One row that another transaction holds must not cost the others their leases.
                Err(StoreError::Busy { .. }) => continue,
                Err(error) => return Err(error),
            };
            for at in renewed.into_iter().filter_map(|place| batch.get(place)) {
                answers[*at] = Some(Ok(RenewVerdict::Renewed));
            }
        }
        for (request, answer) in requests.iter().zip(&mut answers) {
            if answer.is_none() {
                *answer = Some(self.step(&request.key, request, transition::renew).await);
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }

    /// Forgets a key. By force also one whose record does not read.
    pub(crate) async fn clear(&self, key: &Key, force: bool) -> Result<ClearVerdict, StoreError> {
        let cleared = self.step(key, &force, |record, force, now| transition::clear(record, *force, now)).await;
        if !force || !matches!(cleared, Err(StoreError::Corrupt { .. })) {
            return cleared;
        }
        self.run(&ClearCorrupt(key)).await
    }

    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Arc<Record>>, StoreError> {
        let look: Decide<(), Option<Arc<Record>>> = |record, (), now| transition::Step {
            change: Change::Keep,
            verdict: record.filter(|record| record.status(now) != Status::Absent).cloned().map(Arc::new),
        };
        self.step(key, &(), look).await
    }

    pub(crate) async fn now(&self) -> Result<Timestamp, StoreError> {
        self.run(&Now).await
    }

    pub(crate) async fn list(&self, query: &ListQuery) -> Result<Vec<Arc<Record>>, StoreError> {
        self.run(&Page(query)).await?.into_iter().map(|row| row.record.map(Arc::new)).collect()
    }
}

/// Claims that one statement renews: more would hold rows and the connection for long.
const BATCH: usize = 500;

struct Step<'a, R, V> {
    key: &'a Key,
    request: &'a R,
    decide: Decide<R, V>,
}

impl<D: Dialect, R: Sync, V: Send> Operation<D> for Step<'_, R, V> {
    type Answer = V;

    async fn attempt(&self, dialect: &D, connection: &mut Connection<D>) -> Result<V, Trouble> {
        let seen = dialect.read(connection, self.key).await.map_err(Trouble::first)?;
        decide(dialect, connection, seen, None, |record, now| (self.decide)(record, self.request, now)).await
    }
}

/// Decides over what was seen, and writes it if it is still so. `owner` is who asks, where a claim does.
pub(super) async fn decide<D: Dialect, V>(
    dialect: &D,
    connection: &mut Connection<D>,
    seen: Seen,
    owner: Option<Owner>,
    decide: impl FnOnce(Option<&Record>, Timestamp) -> transition::Step<V>,
) -> Result<V, Trouble> {
    let (record, revision) = match seen.row {
        Some(Row { record, revision, .. }) => (Some(record?), Some(revision)),
        None => (None, None),
    };
    let transition::Step { change, verdict } = decide(record.as_ref(), seen.now);
    let written = match (change, revision) {
        (Change::Put(record), Some(seen)) => dialect.replace(connection, &record, seen).await?,
        (Change::Put(record), None) => dialect.insert(connection, &record).await?,
        (Change::Keep, _) => {
            if let Some(record) = record.filter(|record| is_promise(record, owner)) {
                dialect.keep(&record, seen.now).await?;
            }
            true
        }
    };
    if written { Ok(verdict) } else { Err(Trouble::Changed) }
}

/// Whether somebody who is told of the record goes by it for good: what others run or enqueue may still come to nothing, and
/// what was given up is claimed anew.
fn is_promise(record: &Record, owner: Option<Owner>) -> bool {
    match record.state {
        State::Completed | State::Failed | State::Parked | State::Cancelled => true,
        State::Running => owner == Some(record.owner),
        State::Pending | State::Retryable | State::Cleared => false,
    }
}

pub(crate) struct Claim<'a>(pub(crate) &'a ClaimRequest);

impl<D: Dialect> Operation<D> for Claim<'_> {
    type Answer = ClaimVerdict;

    async fn attempt(&self, dialect: &D, connection: &mut Connection<D>) -> Result<ClaimVerdict, Trouble> {
        let claim = |record: Option<&Record>, now| transition::claim(record, self.0, now);
        let Claiming { made, seen } = dialect.claim(connection, self.0).await.map_err(Trouble::first)?;
        if made {
            return Ok(claim(None, seen.now).verdict);
        }
        decide(dialect, connection, seen, Some(self.0.owner), claim).await
    }
}

pub(super) struct Complete<'a>(pub(super) &'a CompleteRequest);

impl<D: Dialect> Operation<D> for Complete<'_> {
    type Answer = CompleteVerdict;

    async fn attempt(&self, dialect: &D, connection: &mut Connection<D>) -> Result<CompleteVerdict, Trouble> {
        if let Some(verdict) = dialect.complete(connection, self.0).await.map_err(Trouble::first)? {
            return Ok(verdict);
        }
        let seen = dialect.read(connection, &self.0.claim.key).await?;
        let owner = Some(self.0.claim.owner);
        decide(dialect, connection, seen, owner, |record, now| transition::complete(record, self.0, now)).await
    }
}

struct Renew<'a>(Vec<&'a RenewRequest>);

impl<D: Dialect> Operation<D> for Renew<'_> {
    type Answer = Vec<usize>;

    async fn attempt(&self, dialect: &D, connection: &mut Connection<D>) -> Result<Vec<usize>, Trouble> {
        dialect.renew(connection, &self.0).await.map_err(Trouble::first)
    }
}

struct ClearCorrupt<'a>(&'a Key);

impl<D: Dialect> Operation<D> for ClearCorrupt<'_> {
    type Answer = ClearVerdict;

    async fn attempt(&self, dialect: &D, connection: &mut Connection<D>) -> Result<ClearVerdict, Trouble> {
        let mut seen = dialect.read(connection, self.0).await.map_err(Trouble::first)?;
        if let Some(Row { record: record @ Err(StoreError::Corrupt { .. }), fence, .. }) = &mut seen.row {
            *record = Ok(stand_in(self.0, *fence, seen.now));
        }
        decide(dialect, connection, seen, None, |record, now| transition::clear(record, true, now)).await
    }
}

struct Now;

impl<D: Dialect> Operation<D> for Now {
    type Answer = Timestamp;

    async fn attempt(&self, dialect: &D, connection: &mut Connection<D>) -> Result<Timestamp, Trouble> {
        dialect.now(connection).await.map_err(Trouble::first)
    }
}

struct Page<'a>(&'a ListQuery);

impl<D: Dialect> Operation<D> for Page<'_> {
    type Answer = Vec<Row>;

    async fn attempt(&self, dialect: &D, connection: &mut Connection<D>) -> Result<Vec<Row>, Trouble> {
        dialect.page(connection, self.0).await.map_err(Trouble::first)
    }
}
