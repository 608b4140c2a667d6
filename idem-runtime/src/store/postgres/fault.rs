//! What PostgreSQL said, in the words of a store.

use sqlx::error::DatabaseError;

use crate::store::StoreError;
use crate::store::sql::dialect::{Fault, FaultKind};

/// The store's error for the server's or the driver's. Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
pub(super) fn of(store: &str, error: &sqlx::Error) -> Fault {
    let answer = |error| Fault { error, kind: FaultKind::Answer };
    match error {
        sqlx::Error::Database(said) => server(store, said.as_ref()),
        sqlx::Error::ColumnNotFound(column) => {
            answer(schema(store, format!("a table has no column `{column}`: see that nobody else changes the tables")))
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            answer(schema(store, format!("{error}: see that nobody else changes the tables")))
        }
        sqlx::Error::PoolTimedOut => {
            let reason = "no connection of the pool came free in time: raise its `max_connections`";
            answer(unavailable(store, reason.into()))
        }
        sqlx::Error::Tls(said) => answer(unavailable(
            store,
            format!(
                "no encrypted connection ({said}): look at `sslmode` in the URL, and build with the feature `tls-rustls`"
            ),
        )),
        sqlx::Error::Io(said) => {
            let reason = format!("{said}: look whether the server runs, and at host and port of the URL");
            Fault { error: unavailable(store, reason), kind: FaultKind::Lost }
        }
        other => Fault { error: unavailable(store, other.to_string()), kind: FaultKind::Lost },
    }
}

fn server(store: &str, said: &dyn DatabaseError) -> Fault {
    let code = said.code().unwrap_or_default();
    let told = |mend: &str| format!("{} ({code}){mend}", said.message());
    let answer = |error| Fault { error, kind: FaultKind::Answer };
    let away = |mend: &str| unavailable(store, told(mend));
    match &*code {
        "40001" | "40P01" => Fault { error: away(": too many rivals for one row"), kind: FaultKind::Conflict },
        // A plan that a change of the tables made void; a statement that a pooler or `DISCARD` forgot.
        "0A000" | "26000" | "42P05" => {
            let mend = ": a pooler between here and the server must pool sessions, or keep prepared statements";
            Fault { error: away(mend), kind: FaultKind::Lost }
        }
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Fault { error: away(""), kind: FaultKind::Lost },
        "55P03" => answer(StoreError::Busy { store: store.into(), reason: told(": look for a long one") }),
        "57014" => {
            answer(away(": the server is slow, or somebody ended the statement; raise `timeout` if it is right so"))
        }
        "53300" => answer(away(": raise the server's `max_connections`, or lower the store's")),
        "53100" | "53400" => answer(StoreError::Full { store: store.into(), reason: told("") }),
        "25006" => {
            let mend = ": it is a standby, or `default_transaction_read_only` is on; give the primary's address";
            answer(StoreError::ReadOnly { store: store.into(), reason: told(mend) })
        }
        "28P01" | "28000" => answer(away(": look at user and password of the URL and at the server's pg_hba.conf")),
        "3D000" => answer(away(": create the database, or name another in the URL")),
        "42501" => {
            let mend = "; GRANT SELECT, INSERT, UPDATE, DELETE on the tables to the role, and CREATE on their schema to whoever makes them";
            answer(StoreError::ReadOnly { store: store.into(), reason: told(mend) })
        }
        code if ["42", "3F", "22", "23"].iter().any(|class| code.starts_with(class)) => {
            answer(schema(store, told(": the tables are not those that this library makes")))
        }
        code if code.starts_with("08") => Fault { error: away(""), kind: FaultKind::Lost },
        _ => answer(away("")),
    }
}

pub(super) fn schema(store: &str, reason: String) -> StoreError {
    StoreError::Schema { store: store.to_owned(), reason }
}

pub(super) fn unavailable(store: &str, reason: String) -> StoreError {
    StoreError::Unavailable { store: store.to_owned(), reason }
}
