//! Waiting for replicas, where the builder asked for it.

use redis::Value;

use super::fault;
use super::link::{Talk, pipeline};
use super::script::{Call, TOUCH};
use super::value;
use super::wire::Node;
use crate::key::Key;
use crate::record::{Owner, State};
use crate::store::StoreError;

impl Talk<'_> {
    /// The record of this owner, in this state, is on as many replicas as the builder asked for. One more round trip, and
    /// `WAIT` counts what its own connection wrote: so the record is written over itself first, which also tells that it is
    /// still there. Not by the owner alone: a new primary may know the claim, and not its completion.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where too few replicas have it, or a new primary never heard of it.
    pub(super) async fn replicated(&self, key: &Key, owner: Owner, state: State) -> Result<(), StoreError> {
        let shared = self.shared();
        let Some(replicas) = shared.replicas else { return Ok(()) };
        let digest = key.digest();
        let name = shared.names.record(digest);
        let head = value::head(owner, state);
        let touch = || Call::new(&TOUCH, &name, vec![&head]);
        let wait = |command| {
            let mut commands = pipeline();
            commands.add_command(command);
            let millis = u64::try_from(replicas.timeout.as_millis()).unwrap_or(u64::MAX).max(1);
            commands.cmd("WAIT").arg(replicas.count).arg(millis);
            commands
        };
        let mut replies = self.ask_at(&Node::OfTheKey, &wait(touch().by_hash())).await?;
        if replies.first().is_some_and(|reply| reply.as_ref().is_err_and(fault::is_unknown_script)) {
            replies = self.ask_at(&Node::OfTheKey, &wait(touch().by_text())).await?;
        }
        let of = |error| fault::of_record(&shared.name, digest, &error);
        let replies = replies.into_iter().collect::<Result<Vec<_>, _>>().map_err(of)?;
        match replies.as_slice() {
            [Value::Int(1), Value::Int(have)] if *have >= i64::from(replicas.count) => Ok(()),
            [Value::Int(1), Value::Int(have)] => {
                let (want, timeout) = (replicas.count, humantime::format_duration(replicas.timeout));
                let reason =
                    format!("{have} of {want} replicas have the record after {timeout}: look at the replication");
                Err(fault::unavailable(&shared.name, reason))
            }
            [Value::Int(0), _] => {
                Err(fault::unavailable(&shared.name, "the record is gone again: the server failed over, or forgot it"))
            }
            _ => Err(fault::odd(&shared.name)),
        }
    }
}
