//! An operation from the loan of a connection to the answer: what is tried again, and for how long.

use std::time::Duration;

use super::dialect::{Connection, Dialect, Fault, FaultKind, Trouble};
use super::lend::{Lender, Lent};
use crate::store::StoreError;

/// Rivals for one row that meet more often than this pause, or the slowest would never get its turn.
const AT_ONCE: u32 = 3;

/// A database that undoes statements as often as this has more rivals for its rows than it can order.
const MOST_CONFLICTS: u32 = 20;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// What can be asked of a database, any number of times.
pub(crate) trait Operation<D: Dialect>: Sync {
    type Answer: Send;

    /// Asks once. What it answers, it has been told by the database, and is in the middle of nothing.
    fn attempt(
        &self,
        dialect: &D,
        connection: &mut Connection<D>,
    ) -> impl Future<Output = Result<Self::Answer, Trouble>> + Send;
}

/// A database and its connections.
#[derive(Debug)]
pub(crate) struct Core<D: Dialect> {
    pub(crate) dialect: D,
    pub(crate) lender: Lender<D>,
}

impl<D: Dialect> Core<D> {
    /// Opens a connection ahead of its first use.
    pub(crate) async fn connect(&self) -> Result<(), StoreError> {
        struct Nothing;
        impl<D: Dialect> Operation<D> for Nothing {
            type Answer = ();
            async fn attempt(&self, _: &D, _: &mut Connection<D>) -> Result<(), Trouble> {
                Ok(())
            }
        }
        self.run(&Nothing).await
    }

    /// Runs an operation until it is answered, within the time that an operation may take.
    pub(crate) async fn run<O: Operation<D>>(&self, operation: &O) -> Result<O::Answer, StoreError> {
        let timeout = self.dialect.timeout();
        match tokio::time::timeout(timeout, self.attempts(operation)).await {
            Ok(answer) => answer,
            Err(_) => {
                let waited = humantime::format_duration(timeout);
                let reason = match self.lender.is_exhausted() {
                    true => format!(
                        "no answer within {waited}, with all connections in use: look for slow statements, or raise `max_connections`"
                    ),
                    false => {
                        format!("no answer within {waited}: look at the server and the network, or raise `timeout`")
                    }
                };
                Err(StoreError::Unavailable { store: self.dialect.name(), reason })
            }
        }
    }

    async fn attempts<O: Operation<D>>(&self, operation: &O) -> Result<O::Answer, StoreError> {
        let fault = |error| self.dialect.fault(error);
        let mut fresh = false;
        let mut rivals = 0;
        loop {
            let lent = self.lender.lend(&self.dialect, fresh).await;
            let mut lent = lent.map_err(|error| fault(error).error)?;
            let (error, first) = loop {
                match operation.attempt(&self.dialect, &mut lent).await {
                    Ok(answer) => return self.end(lent, answer).await,
                    Err(Trouble::Store(error)) => return self.end(lent, ()).await.and(Err(error)),
                    Err(Trouble::Changed) => pause(&mut rivals).await,
                    Err(Trouble::First(error)) => break (error, true),
                    Err(Trouble::Sql(error)) => break (error, false),
                }
            };
            match fault(error) {
                Fault { kind: FaultKind::Lost, .. } if first && lent.was_idle() => fresh = true,
                Fault { kind: FaultKind::Conflict, .. } if rivals < MOST_CONFLICTS => {
                    drop(lent);
                    pause(&mut rivals).await;
                }
                Fault { error, .. } => return Err(error),
            }
        }
    }

    async fn end<T>(&self, lent: Lent<'_, D>, answer: T) -> Result<T, StoreError> {
        lent.give_back(&self.dialect).await.map_err(|error| self.dialect.fault(error).error)?;
        Ok(answer)
    }
}

/// Longer with every rival, and jittered, so that rivals do not meet again in step.
async fn pause(rivals: &mut u32) {
    *rivals += 1;
    if let Some(more @ 1..) = rivals.checked_sub(AT_ONCE) {
        let longest = Duration::from_micros(200).saturating_mul(more).min(LONGEST_PAUSE);
        tokio::time::sleep(longest.mul_f64(rand::random_range(0.0..1.0))).await;
    }
}
