//! Arguments and rows of PostgreSQL.

use std::borrow::Cow;

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::{Arguments, Decode, Row, Type, ValueRef};

use crate::store::sql::row::{Columns, Sink};

/// A text as PostgreSQL takes it: its texts hold every character but NUL, which is written as its symbol.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{2400}").into() } else { text.into() }
}

impl Sink for PgArguments {
    fn number(&mut self, value: Option<i64>) -> Result<(), BoxDynError> {
        self.add(value)
    }

    fn text(&mut self, value: Option<&str>) -> Result<(), BoxDynError> {
        self.add(value.map(text))
    }

    fn bytes(&mut self, value: Option<&[u8]>) -> Result<(), BoxDynError> {
        self.add(value)
    }
}

impl Columns for PgRow {
    fn number(&self, column: &'static str) -> Result<Option<i64>, BoxDynError> {
        get(self, column)
    }

    fn text(&self, column: &'static str) -> Result<Option<&str>, BoxDynError> {
        get(self, column)
    }

    fn bytes(&self, column: &'static str) -> Result<Option<&[u8]>, BoxDynError> {
        get(self, column)
    }
}

/// The driver alone takes several types for one.
fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(row: &'r PgRow, column: &str) -> Result<Option<T>, BoxDynError> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(None);
    }
    let (found, expected) = (raw.type_info(), T::type_info());
    if *found != expected {
        return Err(format!("{found} where {expected} was written").into());
    }
    T::decode(raw).map(Some)
}
