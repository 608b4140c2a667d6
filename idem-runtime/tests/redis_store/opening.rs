//! What can be connected to, and what is said of the rest.

use idem_runtime::{RedisStore, StoreError, connect};

use crate::support::{Bench, done, key};

#[tokio::test]
async fn urls_that_cannot_be_used_say_what_to_write_and_show_no_password() {
    let cases = [
        ("redis://:hunter2@", "address of a server"),
        ("redis://user:hunter2@host:notaport", "address of a server"),
        ("redis://user:hunter2@host?db=1", "has options after `?`"),
        ("redis://user:hunter2@host/#insecure", "has options after `?`"),
        ("http://user:hunter2@host", "is not a scheme"),
        #[cfg(not(feature = "tls-rustls"))]
        ("rediss://user:hunter2@host", "feature `tls-rustls`"),
        #[cfg(not(feature = "redis-cluster"))]
        ("redis-cluster://user:hunter2@host", "feature `redis-cluster`"),
        #[cfg(not(feature = "redis-sentinel"))]
        ("redis-sentinel://user:hunter2@host/main", "feature `redis-sentinel`"),
    ];
    for (url, expected) in cases {
        let error = RedisStore::connect(url).await.unwrap_err();
        let said = error.to_string();
        assert!(matches!(error, StoreError::Url { .. }) && said.contains(expected), "{url}: {said}");
        assert!(!said.contains("hunter2") && !format!("{error:?}").contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn debug_shows_no_password() {
    let server = idem_test_servers::Redis::start(&["--requirepass", "hunter2"]);
    let url = server.url().replace("redis://", "redis://:hunter2@");
    let builder = RedisStore::builder(&url);
    assert!(!format!("{builder:?}").contains("hunter2"));
    let store = builder.connect().await.unwrap();
    let said = format!("{store:?} {:?}", idem_runtime::Store::describe(&store).await.unwrap());
    assert!(!said.contains("hunter2") && said.contains("127.0.0.1"), "{said}");
}

#[tokio::test]
async fn a_wrong_password_is_told_as_such() {
    let server = idem_test_servers::Redis::start(&["--requirepass", "right"]);
    for (login, expected) in
        [(":wrong@", "refuses the password"), ("nobody:wrong@", "refuses the password"), ("", "asks for a password")]
    {
        let url = server.url().replace("redis://", &format!("redis://{login}"));
        let error = RedisStore::connect(&url).await.unwrap_err();
        let said = error.to_string();
        assert!(matches!(error, StoreError::Unavailable { .. }) && said.contains(expected), "{login}: {said}");
        assert!(!said.contains("wrong"), "{said}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_told_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let begun = std::time::Instant::now();
    let error = RedisStore::connect(&format!("redis://127.0.0.1:{port}")).await.unwrap_err();
    assert!(begun.elapsed().as_millis() < 1_000, "{:?}", begun.elapsed());
    assert!(matches!(&error, StoreError::Unavailable { reason, .. } if reason.contains("refused")), "{error}");
    let error = RedisStore::connect("unix:///nowhere/redis.sock").await.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn a_unix_socket_is_a_server_too() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("redis.sock");
    let _server = idem_test_servers::Redis::start(&["--unixsocket", socket.to_str().unwrap()]);
    let store = connect(&format!("unix://{}", socket.display())).await.unwrap();
    assert!(store.describe().await.unwrap().location.contains("redis.sock"));
}

#[tokio::test]
async fn odd_prefixes_are_refused_before_anything_is_sent() {
    for prefix in ["", "a{b}", "a*", "a b", "a\n"] {
        let error = RedisStore::builder("redis://127.0.0.1:1").prefix(prefix).connect().await.unwrap_err();
        assert!(matches!(&error, StoreError::Schema { reason, .. } if reason.contains("prefix")), "{error}");
    }
}

#[tokio::test]
async fn a_wait_for_replicas_must_fit_into_an_operation() {
    let second = std::time::Duration::from_secs(1);
    let builder = RedisStore::builder("redis://127.0.0.1:1").response_timeout(second).wait_replicas(1, second);
    let error = builder.connect().await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Schema { reason, .. } if reason.contains("raise `response_timeout`")),
        "{error}"
    );
}

#[tokio::test]
async fn a_prefix_that_somebody_else_uses_is_refused() {
    let bench = Bench::new().await;
    let incarnation = format!("{}:incarnation", bench.prefix);
    for (set, expected) in [("SET", "somebody else"), ("NEWER", "upgrade this process"), ("RPUSH", "somebody else")] {
        let () = bench.ask(&["DEL", &incarnation]);
        let () = match set {
            "SET" => bench.ask(&["SET", &incarnation, "theirs"]),
            "NEWER" => bench.ask(&["SET", &incarnation, "idem:2:0123"]),
            _ => bench.ask(&["RPUSH", &incarnation, "theirs"]),
        };
        let error = bench.builder().connect().await.unwrap_err();
        assert!(matches!(&error, StoreError::Schema { reason, .. } if reason.contains(expected)), "{set}: {error}");
    }
    let () = bench.ask(&["DEL", &incarnation]);
    done(&bench.neighbour().await, key("t", 1), b"x").await;
}

#[test]
fn outside_a_tokio_runtime_it_says_so_and_does_not_panic() {
    let mut connect = std::pin::pin!(RedisStore::connect("redis://127.0.0.1:1"));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = connect.as_mut().poll(&mut context) else { panic!("no answer") };
    assert!(error.to_string().contains("within a Tokio runtime"), "{error}");
}
