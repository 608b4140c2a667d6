//! What differs between SQL databases: the text of statements, the words of errors.

use std::fmt;
use std::time::Duration;

use sqlx::Database;

use super::row::{self, Columns};
use crate::claim::{ClaimRequest, CompleteRequest, CompleteVerdict, RenewRequest};
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::Record;
use crate::store::{ListQuery, StoreError};

/// A connection of a dialect's database.
pub(crate) type Connection<D> = <<D as Dialect>::Database as Database>::Connection;

/// A database. Statements are single ones that commit themselves, unless a caller has a transaction open on the
/// connection; none of them decides anything that [`transition`](crate::transition) does not, and none raises a unique
/// violation, which would end the caller's transaction.
pub(crate) trait Dialect: Send + Sync + fmt::Debug + 'static {
    type Database: Database;

    /// A new connection that commits durably, whatever the URL or the role says, and waits for nothing forever.
    fn connect(&self) -> impl Future<Output = Result<Connection<Self>, sqlx::Error>> + Send;

    /// What begins a transaction on a connection that is not ours, for that transaction alone as [`Self::connect`] does
    /// for a connection.
    fn begin(&self) -> String;

    /// Statements whose answer is only that they were done.
    fn execute(
        &self,
        connection: &mut Connection<Self>,
        statements: String,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// How long an operation may take in all.
    fn timeout(&self) -> Duration;

    /// The store's name in messages, without any password.
    fn name(&self) -> String;

    /// What the database said, in the words of a store.
    fn fault(&self, error: sqlx::Error) -> Fault;

    /// The row of a key and the server's clock, in one statement.
    fn read(&self, connection: &mut Connection<Self>, key: &Key) -> impl Future<Output = Result<Seen, Trouble>> + Send;

    /// The server's clock.
    fn now(&self, connection: &mut Connection<Self>) -> impl Future<Output = Result<Timestamp, Trouble>> + Send;

    /// Writes a row where there is none; answers whether there was none.
    fn insert(
        &self,
        connection: &mut Connection<Self>,
        record: &Record,
    ) -> impl Future<Output = Result<bool, Trouble>> + Send;

    /// Writes a row over the one that was seen with this revision; answers whether it was still the same.
    fn replace(
        &self,
        connection: &mut Connection<Self>,
        record: &Record,
        seen: i64,
    ) -> impl Future<Output = Result<bool, Trouble>> + Send;

    /// Waits until a row that was seen is as durable as an answer that rests on it, where the database shows it before.
    fn keep(&self, _record: &Record, _now: Timestamp) -> impl Future<Output = Result<(), Trouble>> + Send {
        std::future::ready(Ok(()))
    }

    /// Claims where there is no row, and else reads it, in one round trip where the database can.
    fn claim(
        &self,
        connection: &mut Connection<Self>,
        request: &ClaimRequest,
    ) -> impl Future<Output = Result<Claiming, Trouble>> + Send;

    /// Completes a claim of this owner and fence whose row is as the claim wrote it, in one round trip; `None` where
    /// nothing was done, because the row is otherwise or the database cannot.
    fn complete(
        &self,
        connection: &mut Connection<Self>,
        request: &CompleteRequest,
    ) -> impl Future<Output = Result<Option<CompleteVerdict>, Trouble>> + Send;

    /// Renews what is running under its owner, in one round trip; the places of those that were renewed. No key is
    /// asked for twice.
    fn renew(
        &self,
        connection: &mut Connection<Self>,
        requests: &[&RenewRequest],
    ) -> impl Future<Output = Result<Vec<usize>, Trouble>> + Send;

    /// Rows in the order of keys, but those that are over.
    fn page(
        &self,
        connection: &mut Connection<Self>,
        query: &ListQuery,
    ) -> impl Future<Output = Result<Vec<Row>, Trouble>> + Send;

    /// Rows that are over, behind the place, in the order of their end; their results not read whole.
    fn over(
        &self,
        connection: &mut Connection<Self>,
        after: &Place,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Row>, Trouble>> + Send;

    /// Running rows whose lease is over; their results not read whole.
    fn stale(
        &self,
        connection: &mut Connection<Self>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Row>, Trouble>> + Send;

    /// Removes those of these rows that nobody works on and that are over at the moment of their removal; how many.
    fn remove(
        &self,
        connection: &mut Connection<Self>,
        keys: &[&[u8]],
    ) -> impl Future<Output = Result<u64, Trouble>> + Send;
}

/// Why an operation did not come to its end.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The first statement failed: what a connection that was idle and is dead says.
    First(sqlx::Error),
    /// A statement failed.
    Sql(sqlx::Error),
    /// The record does not read, or cannot be written.
    Store(StoreError),
    /// Another changed the row meanwhile.
    Changed,
}

impl Trouble {
    pub(crate) fn first(self) -> Self {
        match self {
            Self::Sql(error) => Self::First(error),
            other => other,
        }
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a statement that failed says to the caller, and whether to try again.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) error: StoreError,
    pub(crate) kind: FaultKind,
}

/// What becomes of the connection, and whether to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The answer is the error.
    Answer,
    /// The database undid the statement because of another that ran beside it: again.
    Conflict,
    /// The connection is gone or of no use; a new one may do.
    Lost,
}

/// A row as it was read.
#[derive(Debug)]
pub(crate) struct Row {
    /// The key's digest, also where the row does not read.
    pub(crate) key: Vec<u8>,
    /// Which writing of the row this is: the server's clock at its first, one more at each further.
    pub(crate) revision: i64,
    /// From when on it is over, also where the row does not read.
    pub(crate) expires_at: Option<i64>,
    /// The fence, also where the row does not read.
    pub(crate) fence: Option<u64>,
    /// The record.
    pub(crate) record: Result<Record, StoreError>,
}

impl Row {
    pub(crate) fn of(columns: &impl Columns) -> Result<Self, sqlx::Error> {
        let unreadable = |error| sqlx::Error::ColumnDecode { index: "revision".into(), source: error };
        Ok(Self {
            key: columns.bytes("key").ok().flatten().unwrap_or_default().to_vec(),
            revision: columns.number("revision").map_err(unreadable)?.unwrap_or_default(),
            expires_at: columns.number("expires_at").ok().flatten(),
            fence: row::fence(columns),
            record: row::decode(columns),
        })
    }
}

/// The row of a key, where there is one, and the time of the server at which it stood so.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) row: Option<Row>,
    pub(crate) now: Timestamp,
}

/// What came of a claim.
#[derive(Debug)]
pub(crate) struct Claiming {
    /// Whether there was no row and now there is the claim's, made at the time seen.
    pub(crate) made: bool,
    /// The row that was there instead. A rival's that came to be while the statement ran may not have been seen.
    pub(crate) seen: Seen,
}

/// Where a look at the rows that are over stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) expires_at: i64,
    pub(crate) key: Vec<u8>,
}

impl Place {
    pub(crate) const START: Self = Self { expires_at: i64::MIN, key: Vec::new() };
}
