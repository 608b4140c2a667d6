//! Host and port of a server's URL.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::Range;

/// The ports that a scheme stands for.
const PORTS: &[(&str, u16)] =
    &[("redis", 6379), ("rediss", 6379), ("postgres", 5432), ("postgresql", 5432), ("mysql", 3306), ("mariadb", 3306)];

/// The address of the server that a URL names.
pub(super) fn target(url: &str) -> io::Result<SocketAddr> {
    // The rest may hold a password.
    let scheme = url.split(':').next().unwrap_or_default();
    let refused =
        |what| io::Error::new(io::ErrorKind::InvalidInput, format!("the URL with the scheme `{scheme}` {what}"));
    let host = host(url).and_then(|range| url.get(range)).ok_or_else(|| refused("names no host"))?;
    // The port is behind the last colon, but an IPv6 address has colons inside of brackets.
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
    let mut addresses = if has_port {
        host.to_socket_addrs()?
    } else {
        let port = PORTS.iter().find(|(known, _)| *known == scheme).map(|(_, port)| *port);
        format!("{host}:{}", port.ok_or_else(|| refused("names no port"))?).to_socket_addrs()?
    };
    addresses.next().ok_or_else(|| refused("names a host without an address"))
}

/// The URL with another host and port.
pub(super) fn with_host(url: &str, address: &str) -> Option<String> {
    let Range { start, end } = host(url)?;
    Some(format!("{}{address}{}", url.get(..start)?, url.get(end..)?))
}

/// Where host and port stand: after `//` and what ends with the last `@`, before path, options and fragment.
fn host(url: &str) -> Option<Range<usize>> {
    let start = url.find("://")? + 3;
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    let start = url[start..end].rfind('@').map_or(start, |at| start + at + 1);
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::{target, with_host};

    #[test]
    fn host_and_port_are_replaced_and_nothing_else() {
        for (url, expected) in [
            ("redis://10.0.0.1:7000", Some("redis://NEW")),
            ("redis://:p@s:s@10.0.0.1/2?protocol=resp3", Some("redis://:p@s:s@NEW/2?protocol=resp3")),
            ("postgres://u:p@[::1]:5433/db?sslmode=disable", Some("postgres://u:p@NEW/db?sslmode=disable")),
            ("mysql://root@localhost?a=b@c", Some("mysql://root@NEW?a=b@c")),
            ("sqlite:file", None),
            ("redis://", None),
        ] {
            assert_eq!(with_host(url, "NEW").as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn a_missing_port_is_that_of_the_scheme() {
        for (url, expected) in [
            ("redis://127.0.0.1", "127.0.0.1:6379"),
            ("postgres://u:p@127.0.0.1/db", "127.0.0.1:5432"),
            ("mysql://127.0.0.1:3307/db", "127.0.0.1:3307"),
            ("mariadb://[::1]/db", "[::1]:3306"),
            ("redis://[::1]:1", "[::1]:1"),
        ] {
            assert_eq!(target(url).unwrap().to_string(), expected, "{url}");
        }
        let error = target("http://user:secret@127.0.0.1").unwrap_err().to_string();
        assert_eq!(error, "the URL with the scheme `http` names no port");
    }
}
