//! The thread that writes. SQLite has one writer at a time: who waits in line here does not wait in a busy loop there.
//!
//! A transaction runs on this thread from beginning to end and never waits for the caller's async runtime, which may be
//! starved: it would hold the file, and with it the heartbeats of every process. Nor is it torn by a caller that goes away.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::SqliteConnection;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

use super::database::Database;
use super::fault;
use super::patience::Patience;
use crate::store::StoreError;

type Job = Box<dyn FnOnce(&mut Pen) + Send>;

/// Sends work to the thread, which ends when this is dropped and the work is done.
pub(super) struct Writer {
    database: Arc<Database>,
    jobs: mpsc::UnboundedSender<Job>,
    in_vain: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the thread. It connects when there is something to do.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where no thread can be started.
    pub(super) fn start(database: Arc<Database>) -> Result<Self, StoreError> {
        let (jobs, mut waiting) = mpsc::unbounded_channel::<Job>();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| database.unavailable(error.to_string()))?;
        let in_vain = Arc::<AtomicU64>::default();
        let mut pen = Pen {
            database: Arc::clone(&database),
            runtime,
            idle: None,
            patience: Patience::none(),
            in_vain: Arc::clone(&in_vain),
        };
        let serve = move || {
            while let Some(job) = waiting.blocking_recv() {
                // What panics is the clock, if anything: its caller is told, the others are served.
                _ = catch_unwind(AssertUnwindSafe(|| job(&mut pen)));
            }
        };
        let thread = std::thread::Builder::new().name("idem-writer".into()).spawn(serve);
        thread.map_err(|error| database.unavailable(error.to_string()))?;
        Ok(Self { database, jobs, in_vain })
    }

    /// Has work done on the thread, after all that was asked before.
    ///
    /// # Cancel safety
    /// Dropped before its turn, the work is not begun; dropped later, it is done all the same.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Pen) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let came = self.in_vain.load(Ordering::Acquire);
        let job = move |pen: &mut Pen| {
            if !answer.is_closed() {
                pen.start(came);
                _ = answer.send(work(pen));
            }
        };
        let gone = |_| self.database.unavailable("its writing thread is gone: open the store again");
        self.jobs.send(Box::new(job)).map_err(gone)?;
        let panicked =
            |_| self.database.unavailable("its clock panicked, and the write was given up: look at the clock");
        answered.await.map_err(panicked)?
    }
}

/// What the thread writes with.
pub(super) struct Pen {
    pub(super) database: Arc<Database>,
    runtime: Runtime,
    /// The connection, while it is in the middle of nothing. What fails drops it, and SQLite undoes what was begun on it.
    idle: Option<SqliteConnection>,
    patience: Patience,
    /// How often somebody waited in vain for another process.
    in_vain: Arc<AtomicU64>,
}

impl Pen {
    /// Sets how long this work may wait for another process: who stood in line while another waited in vain asks only
    /// once, or everybody in the line would wait the whole time-out, one after the other.
    fn start(&mut self, came: u64) {
        let patient = came == self.in_vain.load(Ordering::Acquire);
        self.patience = if patient { self.database.patience() } else { Patience::none() };
    }

    /// Waits for the connection's thread.
    pub(super) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Waits, and says what went wrong in the store's words.
    pub(super) fn sql<T>(&self, future: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
        self.wait(future).map_err(|error| self.database.fault(error))
    }

    /// The connection; opened where there is none.
    pub(super) fn take(&mut self) -> Result<SqliteConnection, StoreError> {
        self.database.check_file()?;
        match self.idle.take() {
            Some(connection) => Ok(connection),
            None => self.wait(self.database.connect()),
        }
    }

    /// Connects, where it has not.
    pub(super) fn connect(&mut self) -> Result<(), StoreError> {
        let connection = self.take()?;
        self.put(connection);
        Ok(())
    }

    /// Keeps a connection that is in the middle of nothing.
    pub(super) fn put(&mut self, connection: SqliteConnection) {
        self.idle = Some(connection);
    }

    /// Whether to ask for the file again after an error that left no transaction.
    ///
    /// # Errors
    /// The error, where not.
    pub(super) fn again(&mut self, error: sqlx::Error) -> Result<(), StoreError> {
        if self.patience.allows(&error) {
            return Ok(());
        }
        if fault::is_busy(&error) {
            self.in_vain.fetch_add(1, Ordering::AcqRel);
        }
        Err(self.database.fault(error))
    }
}
