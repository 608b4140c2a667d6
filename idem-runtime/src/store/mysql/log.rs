//! What InnoDB has shown is made to last before it is told (STORE-164).

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, MySqlConnection};
use tokio::sync::Mutex;

use super::dialect::Server;
use crate::clock::Timestamp;
use crate::record::Record;
use crate::store::StoreError;
use crate::store::sql::dialect::Trouble;
use crate::store::sql::lend::Lender;
use crate::store::sql::run::{Core, Operation};

/// A server whose log stands still for so long ends itself: `innodb_fatal_semaphore_wait_threshold`, and MySQL's 600 seconds
/// that no setting changes. Its log is written each second else.
const LOG_IS_WRITTEN: Duration = Duration::from_secs(600);

/// The log of a server without a binary log. A commit is in the log before others see it, and on the disk after: whatever was
/// seen before another commit began is on the disk once that one is.
pub(super) struct Log {
    core: Core<Server>,
    asked: AtomicU64,
    /// How many of those that asked are answered, and whose turn it is to write.
    written: Mutex<u64>,
}

impl Log {
    pub(super) fn of(server: Server) -> Self {
        let core = Core { dialect: server, lender: Lender::own(1) };
        Self { core, asked: AtomicU64::new(0), written: Mutex::new(0) }
    }

    /// Waits until everything is on the disk that was seen before. Those that wait at the same time share one commit.
    pub(super) async fn write(&self) -> Result<(), StoreError> {
        let mine = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        let mut written = self.written.lock().await;
        if *written < mine {
            let all = self.asked.load(Ordering::Acquire);
            self.core.run(&Nothing).await?;
            *written = all;
        }
        Ok(())
    }
}

/// Whether the log may not hold what the record says: its last change is recent.
pub(super) fn may_be_ahead(record: &Record, now: Timestamp) -> bool {
    now.since(record.updated_at) < LOG_IS_WRITTEN
}

struct Nothing;

impl Operation<Server> for Nothing {
    type Answer = ();

    async fn attempt(&self, server: &Server, connection: &mut MySqlConnection) -> Result<(), Trouble> {
        let nothing = AssertSqlSafe(server.statements.nothing(&rand::random()));
        sqlx::raw_sql(nothing).execute(connection).await.map(drop).map_err(Trouble::First)
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}
