//! What Redis said, in the words of a store.

use std::fmt::Display;
use std::time::Duration;

use redis::{ErrorKind, RedisError};

use crate::record::RECORD_FORMAT;
use crate::store::StoreError;

/// A digest as messages and operators write it.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn corrupt(digest: &[u8; 32], reason: impl Display) -> StoreError {
    StoreError::Corrupt { key: hex(digest), reason: reason.to_string() }
}

pub(super) fn unavailable(store: &str, reason: impl Into<String>) -> StoreError {
    StoreError::Unavailable { store: store.to_owned(), reason: reason.into() }
}

pub(super) fn schema(store: &str, reason: impl Into<String>) -> StoreError {
    StoreError::Schema { store: store.to_owned(), reason: reason.into() }
}

/// No answer within the limit.
pub(super) fn late(store: &str, limit: Duration) -> StoreError {
    let limit = humantime::format_duration(limit);
    unavailable(store, format!("no answer within {limit}; look whether it is overloaded, or raise `response_timeout`"))
}

/// An answer of another shape than the command has.
pub(super) fn odd(store: &str) -> StoreError {
    unavailable(store, "it answered something that no Redis answers; look whether a proxy stands in between")
}

/// The record of the key is of another type than all records.
pub(super) fn is_wrong_type(error: &RedisError) -> bool {
    error.code() == Some("WRONGTYPE")
}

/// The server is full and refuses what is new.
pub(super) fn is_full(error: &RedisError) -> bool {
    error.code() == Some("OOM")
}

/// The server was never told of this script, or has forgotten it.
pub(super) fn is_unknown_script(error: &RedisError) -> bool {
    error.code() == Some("NOSCRIPT")
}

/// Whether the connection is of no further use: broken, or to a server that is not the primary any more.
pub(super) fn ends_connection(error: &RedisError) -> bool {
    error.is_io_error() || error.is_unrecoverable_error() || matches!(error.code(), Some("READONLY" | "UNBLOCKED"))
}

/// The store's error for the server's, about the record of this key.
pub(super) fn of_record(store: &str, digest: &[u8; 32], error: &RedisError) -> StoreError {
    if is_wrong_type(error) {
        return corrupt(digest, "the key holds another type than a string: something else writes under this prefix");
    }
    of(store, error)
}

/// The store's error for the server's.
pub(super) fn of(store: &str, error: &RedisError) -> StoreError {
    let said = error.detail().unwrap_or_default();
    let says = |mend: &str| format!("{} {said}; {mend}", error.code().unwrap_or_default());
    let read_only = |reason| StoreError::ReadOnly { store: store.to_owned(), reason };
    match error.code() {
        Some("OOM") => StoreError::Full { store: store.to_owned(), reason: says("`maxmemory` is reached") },
        Some("READONLY") => read_only(says("give the address of the primary")),
        Some("MISCONF") => read_only(says("the server cannot save; look at its log and its disk")),
        Some("NOREPLICAS") => read_only(says("bring its replicas back, or lower `min-replicas-to-write`")),
        Some("NOPERM") => read_only(says(
            "give this user `~PREFIX:*` and the commands of a store (docs/spec/store/redis.md, STORE-204)",
        )),
        Some("LOADING") => unavailable(store, says("it is still reading its data")),
        Some("MASTERDOWN") => unavailable(store, says("it is a replica without its primary")),
        Some("CLUSTERDOWN" | "TRYAGAIN") => unavailable(store, says("the cluster is being repaired or moved")),
        Some("MOVED" | "ASK" | "CROSSSLOT") => schema(
            store,
            says("it is a node of a cluster: write `redis-cluster://` (feature `redis-cluster`) before its address"),
        ),
        Some("NOAUTH") => unavailable(store, "it asks for a password: give one in the URL, `redis://:PASSWORD@HOST`"),
        Some("WRONGPASS") => unavailable(store, "it refuses the password: look at user and password in the URL"),
        Some(_) => unavailable(store, says("this is not expected of it")),
        None => unavailable(store, unanswered(error)),
    }
}

/// What kept the server from answering at all.
fn unanswered(error: &RedisError) -> String {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::AuthenticationFailed => "it refuses the password: look at user and password in the URL".into(),
        _ if error.is_connection_refusal() => {
            format!("the connection is refused ({text}); look whether it runs, and at the address")
        }
        _ if error.is_timeout() => {
            format!("it cannot be reached in time ({text}); look at the address and the network")
        }
        ErrorKind::MasterNameNotFoundBySentinel => {
            format!("the sentinels know no primary of that name ({text}); look at the name in the URL")
        }
        _ => text,
    }
}

/// A value of a newer format under a key of the store itself.
pub(super) fn newer(store: &str, found: &str) -> StoreError {
    let reason =
        format!("it was made by a newer version ({found}), this one knows {RECORD_FORMAT}: upgrade this process");
    schema(store, reason)
}
