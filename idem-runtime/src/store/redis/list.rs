//! Pages of records, in the order of digests.

use std::collections::BTreeMap;
use std::sync::Arc;

use redis::Value;

use super::link::{Link, pipeline};
use super::scan::Walk;
use super::seen::Seen;
use super::wire::Node;
use crate::record::{Record, Status};
use crate::store::{ListQuery, StoreError};

/// Records asked for together.
const TOGETHER: usize = 250;

/// The first records of a query, by digest. What does not read has its place among them.
type Page = BTreeMap<[u8; 32], Result<Arc<Record>, StoreError>>;

impl Link {
    /// Walks over all keys, and keeps the first of those that the query takes. A record that is there all the time is
    /// met by the walk.
    pub(super) async fn list(&self, query: &ListQuery) -> Result<Vec<Arc<Record>>, StoreError> {
        let mut page = Page::new();
        if query.page() == 0 {
            return Ok(Vec::new());
        }
        for node in self.nodes().await? {
            let mut walk = Some(Walk::of(node));
            while let Some(now) = walk {
                let stride = self.stride(&now).await?;
                self.fill(&now.node, &mut page, stride.digests, query).await?;
                walk = stride.rest;
            }
        }
        page.into_values().collect()
    }

    async fn fill(
        &self,
        node: &Node,
        page: &mut Page,
        digests: Vec<[u8; 32]>,
        query: &ListQuery,
    ) -> Result<(), StoreError> {
        let after = |digest: &[u8; 32]| query.after.is_none_or(|after| *digest > after);
        let mut digests: Vec<_> = digests.into_iter().filter(after).collect();
        digests.sort_unstable();
        for some in digests.chunks(TOGETHER) {
            // Where the page is full, only what comes before its last is worth a look.
            let last = page.last_key_value().map(|(digest, _)| *digest).filter(|_| page.len() >= query.page());
            let wanted = some.iter().filter(|digest| last.is_none_or(|last| **digest < last));
            for (digest, seen) in self.look_all(node, wanted.copied().collect()).await? {
                let record = match seen.and_then(|seen| Ok((seen.record(&digest)?, seen.now))) {
                    Ok((Some(record), now)) if record.status(now) != Status::Absent && query.takes(&record) => {
                        Ok(Arc::new(record))
                    }
                    Ok(_) => continue,
                    Err(error) => Err(error),
                };
                page.insert(digest, record);
            }
            while page.len() > query.page() {
                page.pop_last();
            }
        }
        Ok(())
    }

    /// Looks at many keys in one round trip.
    pub(super) async fn look_all(
        &self,
        node: &Node,
        digests: Vec<[u8; 32]>,
    ) -> Result<Vec<([u8; 32], Result<Seen, StoreError>)>, StoreError> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        let shared = &self.shared;
        let mut commands = pipeline();
        for digest in &digests {
            let name = shared.names.record(digest);
            commands.cmd("GET").arg(&name);
            commands.cmd("PEXPIRETIME").arg(&name);
            commands.cmd("TIME");
        }
        let asked = shared.time.uptime();
        let mut replies = self.talk()?.ask_at(node, &commands).await?.into_iter();
        let seen = digests.into_iter().map(|digest| {
            let three = [replies.next(), replies.next(), replies.next()].map(|reply| reply.unwrap_or(Ok(Value::Nil)));
            (digest, Seen::of_replies(&digest, three, asked, shared))
        });
        Ok(seen.collect())
    }
}
