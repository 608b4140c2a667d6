//! The URLs of the servers that tests share.
#![allow(missing_docs)]

use idem_test_servers::{mysql_url, postgres_url, redis_url};

#[test]
fn every_test_finds_its_server_or_says_what_to_do() {
    assert!(redis_url().starts_with("redis"));
    assert!(postgres_url().starts_with("postgres"));
    assert!(mysql_url().starts_with("m"));
}
