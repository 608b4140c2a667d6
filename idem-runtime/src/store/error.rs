//! What can go wrong in a store.

/// What went wrong in a store. Any request may be sent again; only [`StoreError::Unavailable`] leaves open whether it was
/// applied, after every other error it was not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store did not answer, or not in time: whether the request was applied is not known.
    #[error("{store} cannot be used now: {reason}")]
    Unavailable {
        /// Which store.
        store: String,
        /// What it said, without any password.
        reason: String,
    },
    /// Another transaction holds the record, and did not end in time. Nothing was applied.
    #[error("{store}: another transaction holds the record ({reason})")]
    Busy {
        /// Which store.
        store: String,
        /// What it said, and what to look for.
        reason: String,
    },
    /// The store holds as much as it may. A live record is never evicted to make room.
    #[error("{store} is full ({reason}): make room, sweep expired records or raise the limit")]
    Full {
        /// Which store.
        store: String,
        /// What is used up.
        reason: String,
    },
    /// The store refuses writes.
    #[error("{store} is read-only ({reason}): idem must be able to write its records")]
    ReadOnly {
        /// Which store.
        store: String,
        /// What it said.
        reason: String,
    },
    /// A record does not read as one.
    #[error("the record of key {key} is corrupt ({reason}): look at it, then clear the key")]
    Corrupt {
        /// The key's digest in hex.
        key: String,
        /// What is wrong with it; no bytes of it.
        reason: String,
    },
    /// A record was written by a newer version of this library.
    #[error("the record of key {key} has format {found}, this library knows up to {known}: upgrade this process")]
    NewerFormat {
        /// The key's digest in hex.
        key: String,
        /// The record's format.
        found: u16,
        /// The highest format known.
        known: u16,
    },
    /// A result is encrypted, or should be, and does not open here. Its call is neither answered nor run again.
    #[error("the result of key {key} cannot be opened: {reason}")]
    Encrypted {
        /// The key, in its readable form.
        key: String,
        /// Why, and how to mend it; no bytes of it.
        reason: String,
    },
    /// The tables are not what this library expects.
    #[error("the schema of {store} is not usable: {reason}")]
    Schema {
        /// Which store.
        store: String,
        /// What was found, what was expected and how to put it right.
        reason: String,
    },
    /// The caller's transaction, on which a transactional task runs, cannot be used.
    #[error("{store} cannot work in the caller's transaction: {reason}")]
    Transaction {
        /// Which store.
        store: String,
        /// What is wrong with it, and how to put it right.
        reason: String,
    },
    /// A store's URL cannot be used.
    #[error("the store URL's scheme `{scheme}` {found}: {mend}")]
    Url {
        /// The scheme, or `(none)` where what stands there can be none; the rest may hold a password.
        scheme: String,
        /// What is wrong with it.
        found: &'static str,
        /// What to write instead.
        mend: &'static str,
    },
    /// The process was forked after the store was opened: connections and threads cannot be shared with the parent.
    #[error(
        "this process ({child}) was forked from {parent} after the runtime was built: build the runtime after the fork"
    )]
    Forked {
        /// The process that built the runtime.
        parent: u32,
        /// This process.
        child: u32,
    },
}

impl StoreError {
    /// A URL that cannot be used. Where the scheme was forgotten, a password may stand in its place: what has a letter that
    /// no scheme of a store has is not shown.
    pub(crate) fn url(scheme: &str, found: &'static str, mend: &'static str) -> Self {
        let of_schemes = |letter: char| letter.is_ascii_lowercase() || matches!(letter, '+' | '-' | '.');
        let shown = if scheme.chars().all(of_schemes) { scheme.chars().take(32).collect() } else { "(none)".into() };
        Self::Url { scheme: shown, found, mend }
    }

    /// Whether asking again later may help: the store is away, busy, read-only or full, but nothing is wrong with the record.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Busy { .. } | Self::Full { .. } | Self::ReadOnly { .. })
    }
}
