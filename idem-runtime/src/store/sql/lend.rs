//! Connections, and who waits for one.
//!
//! A pool that asks a connection whether it lives before and after each use costs two more round trips than the statement
//! that it is used for. These are given back after a clean use only, and a dead one is found by its first statement.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sqlx::pool::PoolConnection;
use sqlx::{Database, Pool};
use tokio::runtime::{Handle, Id};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::dialect::{Connection, Dialect};

/// Where connections come from.
pub(crate) enum Lender<D: Dialect> {
    /// Connections of our own.
    Own(Own<Connection<D>>),
    /// The application's pool: each use is a transaction, so that our settings do not stay with its connections.
    Pool(Pool<D::Database>),
}

/// Connections of our own, so many at once as there are permits. A connection is driven by the runtime that opened it,
/// which may be blocked or gone: another one does not use it.
pub(crate) struct Own<C> {
    idle: Mutex<Vec<(Id, C)>>,
    permits: Semaphore,
    most: usize,
}

impl<D: Dialect> Lender<D> {
    pub(crate) fn own(most: usize) -> Self {
        let most = most.max(1);
        Self::Own(Own { idle: Mutex::default(), permits: Semaphore::new(most), most })
    }

    /// A connection; opened where none is idle, or a fresh one is asked for.
    pub(super) async fn lend(&self, dialect: &D, fresh: bool) -> Result<Lent<'_, D>, sqlx::Error> {
        let own = match self {
            Self::Own(own) => own,
            Self::Pool(pool) => {
                let mut taken = Taken { connection: pool.acquire().await?, clean: false };
                dialect.execute(&mut taken.connection, dialect.begin()).await?;
                return Ok(Lent::InPool(taken));
            }
        };
        let permit = own.permits.acquire().await.map_err(|_| sqlx::Error::PoolClosed)?;
        if fresh {
            // One is dead: the others have seen the same server go.
            lock(&own.idle).clear();
        }
        let idle = own.idle_of(Handle::current().id());
        let reused = idle.is_some();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                own.make_room();
                dialect.connect().await?
            }
        };
        Ok(Lent::Own { connection, lender: own, reused, _permit: permit })
    }

    /// Whether all connections are in use: why a caller may have waited in vain.
    pub(super) fn is_exhausted(&self) -> bool {
        match self {
            Self::Own(own) => own.permits.available_permits() == 0,
            Self::Pool(pool) => pool.num_idle() == 0 && pool.size() >= pool.options().get_max_connections(),
        }
    }
}

impl<C> Own<C> {
    /// Closes the oldest idle connection of another runtime, where all that may be open are: a runtime that is gone would
    /// hold them for ever.
    fn make_room(&self) {
        let mut idle = lock(&self.idle);
        let in_use = self.most.saturating_sub(self.permits.available_permits());
        if !idle.is_empty() && idle.len() + in_use > self.most {
            idle.remove(0);
        }
    }

    /// The connection of this runtime that was used last: it is the most likely one to live.
    fn idle_of(&self, runtime: Id) -> Option<C> {
        let mut idle = lock(&self.idle);
        let place = idle.iter().rposition(|(of, _)| *of == runtime)?;
        Some(idle.swap_remove(place).1)
    }
}

/// A connection in use. Unless it is given back, it is closed, by which its transaction is undone: a dropped future and a failed
/// statement need no care.
pub(super) enum Lent<'a, D: Dialect> {
    Own { connection: Connection<D>, lender: &'a Own<Connection<D>>, reused: bool, _permit: SemaphorePermit<'a> },
    InPool(Taken<D::Database>),
}

/// A connection of the pool, in a transaction. (`sqlx::Transaction` does not know of one whose beginning was dropped before its
/// answer: over MySQL the pool would hand out the connection with the transaction open, and lose what is written there.)
pub(super) struct Taken<B: Database> {
    connection: PoolConnection<B>,
    clean: bool,
}

impl<B: Database> Drop for Taken<B> {
    fn drop(&mut self) {
        if !self.clean {
            self.connection.close_on_drop();
        }
    }
}

impl<D: Dialect> Lent<'_, D> {
    /// Whether it was idle before.
    pub(super) fn was_idle(&self) -> bool {
        matches!(self, Self::Own { reused: true, .. })
    }

    /// Ends a use after which nothing is under way; what was done in a pool's transaction holds from now on.
    pub(super) async fn give_back(self, dialect: &D) -> Result<(), sqlx::Error> {
        match self {
            Self::Own { connection, lender, .. } => {
                lock(&lender.idle).push((Handle::current().id(), connection));
                Ok(())
            }
            Self::InPool(mut taken) => {
                dialect.execute(&mut taken.connection, "COMMIT".to_owned()).await?;
                taken.clean = true;
                Ok(())
            }
        }
    }
}

impl<D: Dialect> Deref for Lent<'_, D> {
    type Target = Connection<D>;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Own { connection, .. } => connection,
            Self::InPool(taken) => &taken.connection,
        }
    }
}

impl<D: Dialect> DerefMut for Lent<'_, D> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self {
            Self::Own { connection, .. } => connection,
            Self::InPool(taken) => &mut taken.connection,
        }
    }
}

impl<D: Dialect> fmt::Debug for Lender<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own(_) => "connections of its own",
            Self::Pool(_) => "the application's pool",
        })
    }
}

/// A panic cannot leave the list half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
