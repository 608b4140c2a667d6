//! What stores write and read, laid open for the targets in `fuzz/`, which are a package of their own. Not part of the
//! public contract: it changes with the stores, in step.

use sqlx::error::BoxDynError;

use crate::clock::Timestamp;
use crate::record::{Record, State};
use crate::store::redis::address::Address;
use crate::store::redis::value;
use crate::store::sql::row::{self, Columns, Sink};
use crate::store::{StoreError, mysql, postgres};

/// The value of a record in Redis, and how long its key lives from `now`, in milliseconds; none is for ever.
pub fn redis_value(record: &Record, now: Timestamp) -> (Vec<u8>, Option<u64>) {
    let encoded = value::encode(record, now);
    (encoded.bytes, encoded.ttl)
}

/// Reads a value of Redis whose key ends at `ends`, in milliseconds since 1970 (−1: never).
///
/// # Errors
/// [`StoreError::NewerFormat`] and [`StoreError::Corrupt`].
pub fn read_redis_value(digest: &[u8; 32], bytes: &[u8], ends: i64) -> Result<Record, StoreError> {
    value::decode(digest, bytes, ends)
}

/// What is read of a value without the rest of it.
pub fn skim_redis_value(bytes: &[u8]) -> (Option<State>, Option<u64>) {
    (value::state(bytes), value::fence(bytes))
}

/// A column of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Of any type.
    Null,
    /// An integer.
    Number(i64),
    /// Text.
    Text(String),
    /// A byte string.
    Bytes(Vec<u8>),
}

/// A row of a SQL database, in the order in which it is written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SqlRow(pub Vec<Cell>);

/// The row of a record.
///
/// # Errors
/// [`StoreError::Corrupt`] for a fence that no clock gives.
pub fn sql_row(record: &Record) -> Result<SqlRow, StoreError> {
    let mut row = SqlRow::default();
    row::write(record, &mut row)?;
    Ok(row)
}

/// Reads a row.
///
/// # Errors
/// [`StoreError::NewerFormat`] and [`StoreError::Corrupt`].
pub fn read_sql_row(row: &SqlRow) -> Result<Record, StoreError> {
    row::decode(row)
}

impl Sink for SqlRow {
    fn number(&mut self, value: Option<i64>) -> Result<(), BoxDynError> {
        self.0.push(value.map_or(Cell::Null, Cell::Number));
        Ok(())
    }

    fn text(&mut self, value: Option<&str>) -> Result<(), BoxDynError> {
        self.0.push(value.map_or(Cell::Null, |text| Cell::Text(text.to_owned())));
        Ok(())
    }

    fn bytes(&mut self, value: Option<&[u8]>) -> Result<(), BoxDynError> {
        self.0.push(value.map_or(Cell::Null, |bytes| Cell::Bytes(bytes.to_vec())));
        Ok(())
    }
}

impl SqlRow {
    fn cell(&self, column: &str) -> Result<&Cell, BoxDynError> {
        let at = row::WRITTEN.iter().position(|written| *written == column);
        at.and_then(|at| self.0.get(at)).ok_or_else(|| "there is no such column".into())
    }
}

impl Columns for SqlRow {
    fn number(&self, column: &'static str) -> Result<Option<i64>, BoxDynError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Number(number) => Ok(Some(*number)),
            _ => Err("it is no number".into()),
        }
    }

    fn text(&self, column: &'static str) -> Result<Option<&str>, BoxDynError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            _ => Err("it is no text".into()),
        }
    }

    fn bytes(&self, column: &'static str) -> Result<Option<&[u8]>, BoxDynError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Bytes(bytes) => Ok(Some(bytes)),
            _ => Err("it is no byte string".into()),
        }
    }
}

/// Where the URL of a server leads, as messages name it; nothing is asked of the network.
///
/// # Errors
/// [`StoreError::Url`].
pub fn place_of(url: &str) -> Result<String, StoreError> {
    match url.split_once(':').map_or(url, |(scheme, _)| scheme) {
        "postgres" | "postgresql" => Ok(postgres::builder::describe(&postgres::builder::parse(url)?)),
        "mysql" | "mariadb" => Ok(mysql::builder::describe(&mysql::builder::parse(url)?)),
        _ => Ok(Address::parse(url)?.shown()),
    }
}
