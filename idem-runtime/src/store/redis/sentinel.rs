//! Asking the sentinels who the primary is.

use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{ConnectionAddr, ConnectionInfo, RedisResult, TlsMode};

use super::shared::Shared;

/// A client of whoever is the primary now; `server` carries user, password and database of the primary.
pub(super) fn primary(
    sentinels: &[ConnectionInfo],
    primary: &str,
    server: &ConnectionInfo,
    #[cfg_attr(not(feature = "tls-rustls"), allow(unused_variables, reason = "it holds certificates only"))]
    shared: &Shared,
) -> RedisResult<SentinelClient> {
    let addresses = sentinels.iter().map(|sentinel| sentinel.addr().clone());
    let mut builder = SentinelClientBuilder::new(addresses, primary, SentinelServerType::Master)?;
    if matches!(server.addr(), ConnectionAddr::TcpTls { .. }) {
        builder =
            builder.set_client_to_redis_tls_mode(TlsMode::Secure).set_client_to_sentinel_tls_mode(TlsMode::Secure);
    }
    #[cfg(feature = "tls-rustls")]
    if let Some(roots) = super::wire::certificates(shared) {
        builder = builder.set_client_to_redis_certificates(roots.clone()).set_client_to_sentinel_certificates(roots);
    }
    let login = server.redis_settings();
    builder = builder.set_client_to_redis_db(login.db());
    if let Some(user) = login.username() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = login.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    builder.build()
}
