//! What MySQL or MariaDB said, in the words of a store.

use sqlx::mysql::MySqlDatabaseError;

use crate::store::StoreError;
use crate::store::sql::dialect::{Fault, FaultKind};

/// The store's error for the server's or the driver's. Numbers:
/// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, https://mariadb.com/kb/en/mariadb-error-code-reference/
pub(super) fn of(store: &str, error: &sqlx::Error) -> Fault {
    let answer = |error| Fault { error, kind: FaultKind::Answer };
    match error {
        sqlx::Error::Database(said) => match said.try_downcast_ref::<MySqlDatabaseError>() {
            Some(said) => server(store, said.number(), said.code().unwrap_or_default(), said.message()),
            None => answer(unavailable(store, said.message().to_owned())),
        },
        sqlx::Error::ColumnNotFound(column) => {
            answer(schema(store, format!("a table has no column `{column}`: see that nobody else changes the tables")))
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            answer(schema(store, format!("{error}: see that nobody else changes the tables")))
        }
        sqlx::Error::Tls(said) => answer(unavailable(
            store,
            format!(
                "no encrypted connection ({said}): look at `ssl-mode` in the URL, and build with the feature `tls-rustls`"
            ),
        )),
        sqlx::Error::Io(said) => {
            let reason = format!("{said}: look whether the server runs, and at host and port of the URL");
            Fault { error: unavailable(store, reason), kind: FaultKind::Lost }
        }
        other => Fault { error: unavailable(store, other.to_string()), kind: FaultKind::Lost },
    }
}

/// By the number, and where that says nothing, by the class of the code.
fn server(store: &str, number: u16, code: &str, message: &str) -> Fault {
    let told = |mend: &str| format!("{message} ({number}){mend}");
    let away = |mend: &str| unavailable(store, told(mend));
    let answer = |error| Fault { error, kind: FaultKind::Answer };
    let lost = || Fault { error: away(""), kind: FaultKind::Lost };
    let full = |mend: &str| answer(StoreError::Full { store: store.into(), reason: told(mend) });
    let read_only = |mend: &str| answer(StoreError::ReadOnly { store: store.into(), reason: told(mend) });
    match number {
        // A deadlock; a row that another changed.
        1213 | 1020 => Fault { error: away(": too many rivals for one row"), kind: FaultKind::Conflict },
        1205 => answer(StoreError::Busy { store: store.into(), reason: told(": look for a long one") }),
        1969 | 3024 | 1317 => {
            answer(away(": the server is slow, or somebody ended the statement; raise `timeout` if it is right so"))
        }
        // Shutdown; a connection that was killed, was idle for too long, or does not get through.
        1053 | 1077..=1079 | 1152 | 1158..=1161 | 1184 | 1927 | 2006 | 2013 | 3169 | 4031 => lost(),
        1040 => answer(away(": raise the server's `max_connections`, or lower the store's")),
        1203 | 1226 => answer(away(": raise the limit of this user, or lower the store's `max_connections`")),
        1044 => answer(away(": grant this user the rights on the database, or name another in the URL")),
        1045 | 1698 => answer(away(": look at user and password of the URL and at the user's grants")),
        1049 => answer(away(": create the database, or name another in the URL")),
        1290 | 1792 | 1836 => read_only(": it is a replica, or `read_only` is on; give the primary's address"),
        1142 | 1143 | 1227 | 1370 => read_only(
            "; GRANT SELECT, INSERT, UPDATE, DELETE on the tables to the user, and CREATE on their database to whoever makes them",
        ),
        1021 | 1114 => full(""),
        1030 if message.contains("28") => full(": the disk is full"),
        1153 => full(": the record is larger than the server's `max_allowed_packet`, in which a byte takes two"),
        1665 => answer(schema(store, told(": set the server's `binlog_format` to ROW or MIXED"))),
        1286 => answer(schema(store, told(": the tables need InnoDB"))),
        _ if ["42", "22", "23", "21"].iter().any(|class| code.starts_with(class)) => {
            answer(schema(store, told(": the tables are not those that this library makes")))
        }
        _ if code.starts_with("08") => lost(),
        _ => answer(away("")),
    }
}

pub(super) fn schema(store: &str, reason: String) -> StoreError {
    StoreError::Schema { store: store.to_owned(), reason }
}

pub(super) fn unavailable(store: &str, reason: String) -> StoreError {
    StoreError::Unavailable { store: store.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_error_and_says_what_to_do() {
        use FaultKind::{Answer, Conflict, Lost};
        let cases = [
            (1213, "40001", Conflict, "cannot be used now"),
            (1205, "HY000", Answer, "look for a long one"),
            (1053, "08S01", Lost, "cannot be used now"),
            (1927, "70100", Lost, "cannot be used now"),
            (1040, "08004", Answer, "raise the server's `max_connections`"),
            (1045, "28000", Answer, "look at user and password"),
            (1049, "42000", Answer, "create the database"),
            (1290, "HY000", Answer, "is read-only"),
            (1836, "HY000", Answer, "give the primary's address"),
            (1142, "42000", Answer, "GRANT SELECT"),
            (1114, "HY000", Answer, "is full"),
            (1153, "08S01", Answer, "max_allowed_packet"),
            (1146, "42S02", Answer, "the schema of"),
            (1406, "22001", Answer, "the schema of"),
            (1665, "HY000", Answer, "binlog_format"),
            (1159, "08S01", Lost, "cannot be used now"),
            (9999, "HY000", Answer, "cannot be used now"),
        ];
        for (number, code, kind, says) in cases {
            let Fault { error, kind: found } = server("the store", number, code, "said");
            assert_eq!(found, kind, "{number}: {error}");
            assert!(error.to_string().contains(says), "{number}: {error}");
        }
    }
}
