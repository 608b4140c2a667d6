//! Removing what is over, and finding whose owner is gone.

use super::dialect::{Connection, Dialect, Place, Row, Trouble};
use super::row::hex;
use super::run::{Core, Operation};
use crate::store::{StoreError, SweepReport};

/// Rows looked at and removed together: enough to be worth a commit, few enough that nobody waits long for one of them.
const BATCH: usize = 500;

/// The most rows of one kind that a report names.
const NAMED: usize = 1_000;

impl<D: Dialect> Core<D> {
    pub(crate) async fn sweep(&self, limit: usize) -> Result<SweepReport, StoreError> {
        let mut report = SweepReport::default();
        let mut after = Place::START;
        let mut left = limit;
        while left > 0 {
            let batch = left.min(BATCH);
            let rows = self.run(&Over { after: &after, limit: batch }).await?;
            let over = rows.iter().filter(|row| readable(row, &mut report)).map(|row| row.key.as_slice()).collect();
            let removed = self.run(&Remove(over)).await?;
            report.removed += removed;
            left -= usize::try_from(removed).unwrap_or(left).min(left);
            match rows.last() {
                Some(Row { expires_at: Some(expires_at), key, .. }) if rows.len() == batch => {
                    after = Place { expires_at: *expires_at, key: key.clone() };
                }
                _ => break,
            }
        }
        for row in self.run(&Stale).await? {
            if readable(&row, &mut report) {
                report.stale.extend(row.record.map(|record| record.key));
            }
        }
        Ok(report)
    }
}

/// Whether a row is understood: one that is not is left as it is, and named.
fn readable(row: &Row, report: &mut SweepReport) -> bool {
    let Err(error) = &row.record else { return true };
    if report.bad.len() < NAMED {
        report.bad.push((hex(&row.key), error.to_string()));
    }
    false
}

struct Over<'a> {
    after: &'a Place,
    limit: usize,
}

impl<D: Dialect> Operation<D> for Over<'_> {
    type Answer = Vec<Row>;

    async fn attempt(&self, dialect: &D, connection: &mut Connection<D>) -> Result<Vec<Row>, Trouble> {
        dialect.over(connection, self.after, self.limit).await.map_err(Trouble::first)
    }
}

struct Remove<'a>(Vec<&'a [u8]>);

impl<D: Dialect> Operation<D> for Remove<'_> {
    type Answer = u64;

    async fn attempt(&self, dialect: &D, connection: &mut Connection<D>) -> Result<u64, Trouble> {
        if self.0.is_empty() {
            return Ok(0);
        }
        dialect.remove(connection, &self.0).await.map_err(Trouble::first)
    }
}

struct Stale;

impl<D: Dialect> Operation<D> for Stale {
    type Answer = Vec<Row>;

    async fn attempt(&self, dialect: &D, connection: &mut Connection<D>) -> Result<Vec<Row>, Trouble> {
        dialect.stale(connection, NAMED).await.map_err(Trouble::first)
    }
}
