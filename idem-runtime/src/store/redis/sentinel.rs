//! Asking the sentinels who the primary is.

use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{ConnectionAddr, ConnectionInfo, RedisResult, TlsMode};

/// A client of whoever is the primary now; `server` carries user, password and database of the primary.
pub(super) fn primary(
    sentinels: &[ConnectionInfo],
    primary: &str,
    server: &ConnectionInfo,
) -> RedisResult<SentinelClient> {
    let addresses = sentinels.iter().map(|sentinel| sentinel.addr().clone());
    let mut builder = SentinelClientBuilder::new(addresses, primary, SentinelServerType::Master)?;
    if matches!(server.addr(), ConnectionAddr::TcpTls { .. }) {
        builder =
            builder.set_client_to_redis_tls_mode(TlsMode::Secure).set_client_to_sentinel_tls_mode(TlsMode::Secure);
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
