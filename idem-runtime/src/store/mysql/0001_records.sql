CREATE TABLE IF NOT EXISTS idem_records (
    `key`         BINARY(32) NOT NULL,
    label         LONGTEXT NOT NULL,
    task          LONGTEXT NOT NULL,
    version       BIGINT NOT NULL,
    scope_label   LONGTEXT,
    state         VARCHAR(32) NOT NULL,
    owner         BINARY(16) NOT NULL,
    fence         BIGINT NOT NULL,
    attempt       BIGINT NOT NULL,
    lease_until   BIGINT, -- times are microseconds since 1970 in UTC, durations microseconds
    longest_lease BIGINT NOT NULL,
    fingerprint   LONGBLOB,
    host          LONGTEXT NOT NULL,
    process       BIGINT NOT NULL,
    trace         LONGTEXT,
    on_stale      VARCHAR(32) NOT NULL,
    max_attempts  BIGINT,
    grace         BIGINT, -- null: forever
    error         LONGTEXT,
    retry_at      BIGINT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    completed_at  BIGINT,
    expires_at    BIGINT, -- null: never
    format        BIGINT NOT NULL,
    no_result     LONGTEXT, -- why a completed record has no result
    result        LONGBLOB,
    revision      BIGINT NOT NULL,
    PRIMARY KEY (`key`),
    KEY held (lease_until),
    KEY expiring (expires_at)
) ENGINE = InnoDB, DEFAULT CHARACTER SET = utf8mb4, COLLATE = utf8mb4_bin
