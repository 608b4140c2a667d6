//! Ports of this machine.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Below the ports that Linux gives to outgoing connections: while a server is down, no client of anybody takes its port.
const FIRST: u32 = 20_000;
const COUNT: u32 = 12_000;

/// A port of 127.0.0.1 on which nobody listens. Somebody else may be faster: its server then fails to start, and says so.
pub fn free() -> Result<u16, String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Processes of one test run have numbers that follow each other: far apart, they do not meet.
    let start = std::process::id().wrapping_mul(97);
    for _ in 0..COUNT {
        let number = FIRST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
        let port = u16::try_from(number).map_err(|error| error.to_string())?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(format!("all ports of 127.0.0.1 from {FIRST} to {} are in use", FIRST + COUNT - 1))
}

/// A connection whose every wait is bounded.
pub fn connect(port: u16) -> Result<TcpStream, String> {
    const PATIENCE: Option<Duration> = Some(Duration::from_secs(5));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(1));
    let stream = stream.map_err(|error| format!("does not answer: {error}"))?;
    let set = stream.set_read_timeout(PATIENCE).and_then(|()| stream.set_write_timeout(PATIENCE));
    set.map_err(|error| error.to_string())?;
    Ok(stream)
}
