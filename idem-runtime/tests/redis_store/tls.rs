//! TLS: the server is known by its certificate, or not spoken to.

use idem_runtime::{RedisStore, StoreError};

use crate::support::{done, key};

const AUTHORITY: &str = include_str!("tls/authority.pem");

#[tokio::test]
async fn a_server_with_a_certificate_of_a_known_authority_is_spoken_to_and_no_other() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redis_store/tls");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = |name: &str| format!("{folder}/{name}");
    let (certificate, secret, authority) = (file("server.pem"), file("server.key"), file("authority.pem"));
    let arguments = ["--tls-port", &port.to_string(), "--tls-cert-file", &certificate, "--tls-key-file", &secret];
    let more = ["--tls-ca-cert-file", &authority, "--tls-auth-clients", "no"];
    let _server = idem_test_servers::Redis::start(&[&arguments[..], &more[..]].concat());
    let url = format!("rediss://127.0.0.1:{port}");
    let store = RedisStore::builder(&url).root_certificate(AUTHORITY).connect().await.unwrap();
    done(&store, key("t", 1), b"x").await;
    assert!(format!("{store:?}").contains("(TLS)"));
    let error = RedisStore::connect(&url).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable { reason, .. } if reason.contains("certificate")), "{error}");
    let error = RedisStore::builder(&url).root_certificate("nonsense").connect().await.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable { .. }), "{error}");
}
