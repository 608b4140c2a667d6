//! The server of a test that shares one with others.

use crate::services::{KINDS, Kind};

/// Where Redis is: `IDEM_TEST_REDIS_URL`, else the standard port of this machine. Use a prefix of your own.
///
/// # Panics
/// Neither is there.
pub fn redis_url() -> String {
    url(&KINDS[0])
}

/// Where PostgreSQL is: `IDEM_TEST_POSTGRES_URL`, else the standard port of this machine, as `postgres` without a password.
/// Use a schema or a database of your own.
///
/// # Panics
/// Neither is there.
pub fn postgres_url() -> String {
    url(&KINDS[1])
}

/// Where MySQL or MariaDB is: `IDEM_TEST_MYSQL_URL`, else the standard port of this machine, as `root` without a password.
/// Use a database of your own.
///
/// # Panics
/// Neither is there.
pub fn mysql_url() -> String {
    url(&KINDS[2])
}

fn url(kind: &Kind) -> String {
    kind.given().or_else(|| kind.standard().ok()).unwrap_or_else(|| {
        let Kind { name, variable, port, .. } = kind;
        let why = kind.standard().err().unwrap_or_default();
        panic!(
            "no {name} for this test: {variable} is not set, and 127.0.0.1:{port} {why}. Run `cargo xtask test` (or \
             `cargo xtask tests`), which starts private servers, or set {variable}"
        )
    })
}
