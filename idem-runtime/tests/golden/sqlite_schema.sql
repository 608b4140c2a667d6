CREATE TABLE idem_migrations (
    version    INTEGER NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;

CREATE TABLE idem_records (
    key           BLOB NOT NULL PRIMARY KEY CHECK (length(key) = 32),
    label         TEXT NOT NULL,
    task          TEXT NOT NULL,
    version       INTEGER NOT NULL,
    scope_label   TEXT,
    state         TEXT NOT NULL,
    owner         BLOB NOT NULL CHECK (length(owner) = 16),
    fence         INTEGER NOT NULL,
    attempt       INTEGER NOT NULL,
    lease_until   INTEGER, -- times are microseconds since 1970, durations microseconds
    longest_lease INTEGER NOT NULL,
    fingerprint   BLOB,
    host          TEXT NOT NULL,
    process       INTEGER NOT NULL,
    trace         TEXT,
    on_stale      TEXT NOT NULL,
    max_attempts  INTEGER,
    grace         INTEGER, -- null: forever
    error         TEXT,
    retry_at      INTEGER,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    completed_at  INTEGER,
    expires_at    INTEGER, -- null: never
    format        INTEGER NOT NULL,
    no_result     TEXT,    -- why a completed record has no result
    result        BLOB     -- last, since it may be long
) STRICT, WITHOUT ROWID;

CREATE INDEX idem_records_expiring ON idem_records (expires_at) WHERE expires_at IS NOT NULL;

CREATE INDEX idem_records_held ON idem_records (lease_until) WHERE state = 'running' OR state = 'parked';
