//! Finding whose owner is gone. What is over the server removes by itself.

use std::sync::{Mutex, PoisonError};

use redis::Value;

use super::fault::{self, hex};
use super::link::{Link, Reply, pipeline};
use super::scan::Walk;
use super::value;
use super::wire::Node;
use crate::record::{State, Status};
use crate::store::{StoreError, SweepReport};

/// Keys that one sweep looks at: some 20 ms of the server's time. The next one goes on behind them.
const LOOK: usize = 20_000;

/// The most records of one kind that a report names.
const NAMED: usize = 1_000;

/// Where the last sweep of this process stopped.
#[derive(Debug, Default)]
pub(super) struct Bookmark(Mutex<Vec<Walk>>);

impl Link {
    pub(super) async fn sweep(&self) -> Result<SweepReport, StoreError> {
        let mut report = SweepReport::default();
        let mut walks = std::mem::take(&mut *self.bookmark.0.lock().unwrap_or_else(PoisonError::into_inner));
        if walks.is_empty() {
            walks = self.nodes().await?.into_iter().map(Walk::of).collect();
        }
        let mut looked = 0;
        while looked < LOOK
            && let Some(walk) = walks.pop()
        {
            let stride = self.stride(&walk).await?;
            looked += stride.looked;
            walks.extend(stride.rest);
            self.name(&walk.node, stride.digests, &mut report).await?;
        }
        *self.bookmark.0.lock().unwrap_or_else(PoisonError::into_inner) = walks;
        Ok(report)
    }

    /// Names the claims without an owner and the records that do not read.
    async fn name(&self, node: &Node, mut digests: Vec<[u8; 32]>, report: &mut SweepReport) -> Result<(), StoreError> {
        digests.sort_unstable();
        digests.dedup();
        let suspects = self.suspects(node, digests).await?;
        for (digest, seen) in self.look_all(node, suspects).await? {
            match seen.and_then(|seen| Ok((seen.record(&digest)?, seen.now))) {
                Ok((Some(record), now)) if record.status(now) == Status::Stale && report.stale.len() < NAMED => {
                    report.stale.push(record.key);
                }
                Ok(_) => {}
                Err(error @ (StoreError::Corrupt { .. } | StoreError::NewerFormat { .. })) => {
                    if report.bad.len() < NAMED {
                        report.bad.push((hex(&digest), error.to_string()));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Those whose header says that they run, or says nothing that can be read. Results stay where they are.
    async fn suspects(&self, node: &Node, digests: Vec<[u8; 32]>) -> Result<Vec<[u8; 32]>, StoreError> {
        if digests.is_empty() {
            return Ok(digests);
        }
        let mut commands = pipeline();
        for digest in &digests {
            let name = self.shared.names.record(digest);
            commands.cmd("GETRANGE").arg(&name).arg(0).arg(value::STATE);
        }
        let replies = self.talk()?.ask_at(node, &commands).await?;
        let is_suspect = |reply: &Reply| match reply {
            Ok(Value::BulkString(head)) => value::state(head).is_none_or(|state| state == State::Running),
            Ok(_) => true,
            Err(error) => fault::is_wrong_type(error),
        };
        Ok(digests.into_iter().zip(&replies).filter(|(_, reply)| is_suspect(reply)).map(|(digest, _)| digest).collect())
    }
}
