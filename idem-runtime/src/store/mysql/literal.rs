//! Values as they stand in the text of a statement: numbers in digits, all else in hexadecimal, so that no value can end
//! its own literal.
//!
//! MySQL prepares single statements only, and answers no row that it has changed. Several statements in one packet take
//! their values in their text.

use sqlx::error::BoxDynError;

use crate::store::sql::row::Sink;

pub(super) const NULL: &str = "NULL";

pub(super) fn number(value: Option<i64>) -> String {
    value.map_or_else(null, |value| value.to_string())
}

pub(super) fn bytes(value: Option<&[u8]>) -> String {
    value.map_or_else(null, |value| hexadecimal("x'", value))
}

/// A text is stored as it is: NUL, quotes and spaces at its end too.
pub(super) fn text(value: Option<&str>) -> String {
    value.map_or_else(null, |value| hexadecimal("_utf8mb4 x'", value.as_bytes()))
}

/// Values between commas, to stand in parentheses.
pub(super) fn list(values: impl IntoIterator<Item = String>) -> String {
    values.into_iter().collect::<Vec<_>>().join(", ")
}

fn null() -> String {
    NULL.to_owned()
}

fn hexadecimal(before: &str, value: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let mut literal = String::with_capacity(before.len() + 2 * value.len() + 1);
    literal.push_str(before);
    for byte in value {
        literal.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    literal.push('\'');
    literal
}

/// The values of a row, in its order.
#[derive(Debug, Default)]
pub(super) struct Literals(pub(super) Vec<String>);

impl Sink for Literals {
    fn number(&mut self, value: Option<i64>) -> Result<(), BoxDynError> {
        self.0.push(number(value));
        Ok(())
    }

    fn text(&mut self, value: Option<&str>) -> Result<(), BoxDynError> {
        self.0.push(text(value));
        Ok(())
    }

    fn bytes(&mut self, value: Option<&[u8]>) -> Result<(), BoxDynError> {
        self.0.push(bytes(value));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_can_end_its_literal() {
        assert_eq!(text(Some("'; DROP TABLE x; -- \0ä")), "_utf8mb4 x'273b2044524f50205441424c4520783b202d2d2000c3a4'");
        assert_eq!(bytes(Some(&[0, 0x27, 0x5c, 0xff])), "x'00275cff'");
        assert_eq!((bytes(Some(&[])), text(Some(""))), ("x''".to_owned(), "_utf8mb4 x''".to_owned()));
        assert_eq!((number(Some(i64::MIN)), number(None)), ("-9223372036854775808".to_owned(), "NULL".to_owned()));
        assert_eq!((bytes(None), text(None)), ("NULL".to_owned(), "NULL".to_owned()));
    }
}
