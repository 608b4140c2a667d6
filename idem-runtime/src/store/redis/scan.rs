//! Going through all keys of a store, with `SCAN`: the server goes on with other work between the steps.
//!
//! There is no index beside the records: it would cost each claim a write more, and would have to forget what the server
//! expires by itself. So a look at everything costs a walk over the whole keyspace of the server.

use redis::Value;

use super::fault;
use super::link::{Link, pipeline};
use super::wire::Node;
use crate::store::StoreError;

/// Keys looked at in one step: about half a millisecond of the server's time.
const STEP: usize = 1_000;

/// Where a walk stands on one node.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) node: Node,
    cursor: u64,
}

impl Walk {
    pub(super) fn of(node: Node) -> Self {
        Self { node, cursor: 0 }
    }
}

/// One step of a walk.
pub(super) struct Stride {
    /// Digests of the keys met; a key may be met twice.
    pub(super) digests: Vec<[u8; 32]>,
    /// How many keys the server was asked to look at.
    pub(super) looked: usize,
    /// Where to go on; none where the walk is over.
    pub(super) rest: Option<Walk>,
}

impl Link {
    /// # Errors
    /// What the server said instead.
    pub(super) async fn stride(&self, walk: &Walk) -> Result<Stride, StoreError> {
        let shared = &self.shared;
        let mut commands = pipeline();
        let scan = commands.cmd("SCAN").arg(walk.cursor).arg("MATCH").arg(shared.names.records());
        scan.arg("COUNT").arg(STEP);
        let reply = self.talk()?.ask_at(&walk.node, &commands).await?.pop();
        let said = reply.ok_or_else(|| fault::odd(&shared.name))?.map_err(|error| fault::of(&shared.name, &error))?;
        let (cursor, names): (u64, Vec<Value>) = redis::from_redis_value(said).map_err(|_| fault::odd(&shared.name))?;
        let digest = |name: &Value| match name {
            Value::BulkString(name) => shared.names.digest(name),
            _ => None,
        };
        let digests = names.iter().filter_map(digest).collect();
        let rest = (cursor != 0).then_some(Walk { node: walk.node.clone(), cursor });
        Ok(Stride { digests, looked: STEP, rest })
    }
}
