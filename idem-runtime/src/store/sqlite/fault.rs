//! What SQLite said, in the words of a store.

use std::io::ErrorKind;
use std::path::Path;

use super::database::Database;
use crate::store::StoreError;

// Primary result codes of SQLite, the lowest byte of what it answers: https://www.sqlite.org/rescode.html
const BUSY: i32 = 5;
const BUSY_SNAPSHOT: i32 = 517;
const LOCKED: i32 = 6;
const READ_ONLY: i32 = 8;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const CONSTRAINT: i32 = 19;
const MISMATCH: i32 = 20;
const NOT_A_DATABASE: i32 = 26;
const ERROR: i32 = 1;

/// The memory that processes share over the file could not be extended; said with the extended code alone.
const NO_ROOM_FOR_SHARED_MEMORY: i32 = 4874;

/// The store's name in messages.
pub(super) fn name(path: &Path) -> String {
    format!("the SQLite store at {}", path.display())
}

pub(super) fn schema(path: &Path, reason: &str) -> StoreError {
    StoreError::Schema { store: name(path), reason: reason.to_owned() }
}

/// Whether another connection holds the file.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error).map(primary), Some(BUSY | LOCKED))
}

/// Whether the transaction read before somebody else wrote, and so cannot write any more.
pub(super) fn is_outdated(error: &sqlx::Error) -> bool {
    code(error) == Some(BUSY_SNAPSHOT)
}

/// Whether a savepoint was named that is not there: SQLite has no code for it.
pub(super) fn is_no_savepoint(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(said) if said.message().starts_with("no such savepoint"))
}

/// Whether a table is not there: SQLite has no code for it.
pub(super) fn is_no_table(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(said) if said.message().starts_with("no such table"))
}

/// The store's error for SQLite's.
pub(super) fn of(database: &Database, error: sqlx::Error) -> StoreError {
    let path = database.path();
    let store = name(path);
    let said = match &error {
        sqlx::Error::Database(said) => said.message().to_owned(),
        other => other.to_string(),
    };
    let Some(code) = code(&error) else { return StoreError::Unavailable { store, reason: said } };
    if code == NO_ROOM_FOR_SHARED_MEMORY {
        return StoreError::Full { store, reason: "the disk has no room for the file's shared memory".into() };
    }
    match primary(code) {
        BUSY | LOCKED => {
            let waited = humantime::format_duration(database.busy_timeout());
            let reason = format!(
                "{said}: another process or connection held the file for {waited}; look for a long transaction on it, or raise `busy_timeout`"
            );
            StoreError::Unavailable { store, reason }
        }
        READ_ONLY => {
            let reason = format!("{said}; give this process the right to write the file and its folder");
            StoreError::ReadOnly { store, reason }
        }
        FULL => StoreError::Full { store, reason: format!("{said}: the disk or `max_size`") },
        CANNOT_OPEN => cannot_open(path, store, said),
        NOT_A_DATABASE => {
            let reason =
                format!("{said}: the file is no SQLite database, or an encrypted one; give the path of another");
            StoreError::Schema { store, reason }
        }
        CORRUPT => {
            let reason =
                format!("{said}: the file is damaged; save a copy, run `PRAGMA integrity_check`, restore a backup");
            StoreError::Schema { store, reason }
        }
        ERROR | CONSTRAINT | MISMATCH => {
            let reason =
                format!("{said}; the tables are not as this library made them: restore them, or use a file of its own");
            StoreError::Schema { store, reason }
        }
        _ => StoreError::Unavailable { store, reason: format!("{said} (code {code})") },
    }
}

/// SQLite says no more than that it could not open a file, the database or one beside it: looks why.
fn cannot_open(path: &Path, store: String, said: String) -> StoreError {
    let unavailable = |reason| StoreError::Unavailable { store: store.clone(), reason };
    let folder = path.parent().unwrap_or(path);
    if !folder.is_dir() {
        return unavailable(format!("the folder {} does not exist: create it", folder.display()));
    }
    if path.is_dir() {
        return unavailable("it is a folder: give the path of a file in it".into());
    }
    // Never open the file itself here: closing it again would drop the locks of this process's connections.
    let mut probe = path.as_os_str().to_owned();
    probe.push(format!("-probe-{}", std::process::id()));
    let tried = std::fs::OpenOptions::new().write(true).create_new(true).open(&probe);
    let Err(error) = tried else {
        _ = std::fs::remove_file(&probe);
        return match path.exists() {
            true => unavailable(format!("{said}: look at the owner and the permissions of the file")),
            false => unavailable(format!("{said}: there is no such file")),
        };
    };
    let reason = format!("no file can be made in {}: {error}", folder.display());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { store, reason },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { store, reason },
        _ => unavailable(reason),
    }
}

fn code(error: &sqlx::Error) -> Option<i32> {
    let sqlx::Error::Database(said) = error else { return None };
    said.code()?.parse().ok()
}

fn primary(code: i32) -> i32 {
    code & 0xff
}
