CREATE TABLE idem_migrations (
    version bigint NOT NULL,
    name text NOT NULL,
    applied_at bigint NOT NULL,
    PRIMARY KEY (version)
);

CREATE TABLE idem_records (
    key bytea NOT NULL,
    label text NOT NULL,
    task text NOT NULL,
    version bigint NOT NULL,
    scope_label text,
    state text NOT NULL,
    owner bytea NOT NULL,
    fence bigint NOT NULL,
    attempt bigint NOT NULL,
    lease_until bigint,
    longest_lease bigint NOT NULL,
    fingerprint bytea,
    host text NOT NULL,
    process bigint NOT NULL,
    trace text,
    on_stale text NOT NULL,
    max_attempts bigint,
    grace bigint,
    error text,
    retry_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    completed_at bigint,
    expires_at bigint,
    format bigint NOT NULL,
    no_result text,
    result bytea,
    revision bigint NOT NULL,
    CHECK ((octet_length(key) = 32)),
    CHECK ((octet_length(owner) = 16)),
    PRIMARY KEY (key)
);

CREATE INDEX idem_records_expiring ON idem_records USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX idem_records_held ON idem_records USING btree (lease_until) WHERE ((state = 'running'::text) OR (state = 'parked'::text));
