//! The URLs of stores: read or refused, never with a password in what is said.

use idem_fuzz::{fuzz, fuzz_text};
use idem_runtime::testing::stored::place_of;
use idem_runtime::{StoreError, connect};
use proptest::collection::vec;
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::Strategy;

const SECRET: &str = "Hunter2";

const SCHEMES: &[&str] = &[
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "redis",
    "rediss",
    "redis-cluster",
    "rediss-cluster",
    "redis-sentinel",
    "rediss-sentinel",
    "memory",
    "rdis",
    "",
];

const PIECES: &[&str] = &[
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "redis",
    "rediss",
    "redis-cluster",
    "redis-sentinel",
    "unix",
    "memory",
    "sqlite",
    "://",
    ":",
    "/",
    "//",
    "@",
    ",",
    "?",
    "&",
    "=",
    "#",
    "%",
    "%2F",
    "%00",
    "%zz",
    "[",
    "]",
    "[::1]",
    "host",
    "127.0.0.1",
    "6379",
    "65536",
    "user",
    "password",
    "db",
    "0",
    "9223372036854775808",
    "sslmode",
    "require",
    "options[",
    "statement-cache-capacity",
    "socket",
    "é",
    "\u{202e}",
    "\0",
    " ",
];

/// Nothing is asked of the network: what reads as an address is not connected to.
fn said(url: &str) -> Vec<String> {
    let place = place_of(url);
    let mut said = vec![format!("{place:?}")];
    match place {
        Ok(place) => said.push(place),
        Err(error) => {
            assert!(matches!(error, StoreError::Url { .. }), "{error}");
            said.push(error.to_string());
            // A path would be made. Any other URL is refused by its reader too, before anything is opened.
            if !url.starts_with("sqlite") && !url.starts_with("memory") {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let error = runtime.block_on(connect(url)).unwrap_err();
                assert!(matches!(error, StoreError::Url { .. }), "{error}");
                said.extend([error.to_string(), format!("{error:?}")]);
            }
        }
    }
    said
}

#[test]
fn urls() {
    let report = fuzz_text("urls", 1_500, PIECES, Vec::new(), |url| {
        for text in said(url) {
            assert!(text.chars().count() < 400 + 2 * url.len(), "{text}");
        }
    });
    println!("{report}");
}

/// A password with any letters, in its place or with the usual slips: `/`, `@`, `#` and `?` not escaped, a slash too many
/// or too few, no scheme, no user.
#[test]
fn passwords() {
    const LETTERS: &[&str] =
        &["", "/", "@", ":", ",", "#", "?", "&", "=", "%", "%2F", "[", "]", "12", "a", " ", "é", "\\"];
    let odd = || vec(select(LETTERS), 0..4).prop_map(|letters| letters.concat());
    let inputs = (
        select(SCHEMES),
        select(&["://", "://", "://", ":/", ":", ":///", "//", ""][..]),
        select(&["user", "", "u%40x"][..]),
        (odd(), odd()),
        select(&["host", "127.0.0.1:6379", "[::1]:1", "a:1,b:2", ""][..]),
        prop_oneof![
            select(&["", "/", "/0", "/primary/0", "/db?sslmode=require", "?db=1"][..]).prop_map(str::to_owned),
            odd()
        ],
    );
    let report = fuzz("passwords", 3_000, inputs, |(scheme, sep, user, (before, after), host, tail)| {
        let url = format!("{scheme}{sep}{user}:{before}{SECRET}{after}@{host}{tail}");
        for text in said(&url) {
            assert!(!text.contains(SECRET), "{url}: {text}");
        }
        // What follows the scheme is a path here, and may be shown; the password has a place of its own.
        let url = format!("unix:///run/redis.sock?pass={before}{SECRET}{after}");
        for text in said(&url) {
            assert!(!text.contains(SECRET), "{url}: {text}");
        }
        // Without a user and its colon.
        let url = format!("{scheme}{sep}{before}{SECRET}{after}@{host}{tail}");
        if scheme.is_empty() {
            for text in said(&url) {
                assert!(!text.contains(SECRET), "{url}: {text}");
            }
        }
    });
    println!("{report}");
}

/// The first was taken for the name of the primary that the sentinels watch; the others stand where a scheme would.
#[test]
fn passwords_that_once_were_shown() {
    for url in [
        "redis-sentinel://user:12/Hunter2@host/0",
        "redis-sentinel://user:/Hunter2@host",
        "Hunter2@localhost:6379",
        "//Hunter2@localhost:6379/0",
        "Hunter2",
    ] {
        for text in said(url) {
            assert!(!text.contains(SECRET), "{url}: {text}");
        }
    }
    assert!(place_of("redis-sentinel://user:Hunter%2F2@host:1/main-1/3").is_ok());
}
