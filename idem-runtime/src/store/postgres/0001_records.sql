CREATE TABLE idem_records (
    key           bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    label         text NOT NULL,
    task          text NOT NULL,
    version       bigint NOT NULL,
    scope_label   text,
    state         text NOT NULL,
    owner         bytea NOT NULL CHECK (octet_length(owner) = 16),
    fence         bigint NOT NULL,
    attempt       bigint NOT NULL,
    lease_until   bigint, -- times are microseconds since 1970, durations microseconds
    longest_lease bigint NOT NULL,
    fingerprint   bytea,
    host          text NOT NULL,
    process       bigint NOT NULL,
    trace         text,
    on_stale      text NOT NULL,
    max_attempts  bigint,
    grace         bigint, -- null: forever
    error         text,
    retry_at      bigint,
    created_at    bigint NOT NULL,
    updated_at    bigint NOT NULL,
    completed_at  bigint,
    expires_at    bigint, -- null: never
    format        bigint NOT NULL,
    no_result     text,   -- why a completed record has no result
    result        bytea,
    revision      bigint NOT NULL
);

CREATE INDEX idem_records_held ON idem_records (lease_until) WHERE state = 'running' OR state = 'parked';

CREATE INDEX idem_records_expiring ON idem_records (expires_at) WHERE expires_at IS NOT NULL;
