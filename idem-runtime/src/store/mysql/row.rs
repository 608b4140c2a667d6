//! Rows of MySQL.

use sqlx::error::BoxDynError;
use sqlx::mysql::{MySql, MySqlRow, MySqlTypeInfo};
use sqlx::{Decode, Row, Type, TypeInfo, ValueRef};

use crate::store::sql::row::Columns;

impl Columns for MySqlRow {
    fn number(&self, column: &'static str) -> Result<Option<i64>, BoxDynError> {
        get(self, column, |found| found.name() == "BIGINT")
    }

    fn text(&self, column: &'static str) -> Result<Option<&str>, BoxDynError> {
        get(self, column, is_text)
    }

    /// What is a text is none of bytes, though the driver would take it for them.
    fn bytes(&self, column: &'static str) -> Result<Option<&[u8]>, BoxDynError> {
        get(self, column, |found| <[u8] as Type<MySql>>::compatible(found) && !is_text(found))
    }
}

fn is_text(found: &MySqlTypeInfo) -> bool {
    <str as Type<MySql>>::compatible(found)
}

/// Nothing is converted.
fn get<'r, T: Decode<'r, MySql> + Type<MySql>>(
    row: &'r MySqlRow,
    column: &str,
    is_written: fn(&MySqlTypeInfo) -> bool,
) -> Result<Option<T>, BoxDynError> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(None);
    }
    let found = raw.type_info();
    if !is_written(&found) {
        return Err(format!("{found} where {} was written", T::type_info()).into());
    }
    T::decode(raw).map(Some)
}
