//! Redis.

use std::io::{Read, Write};
use std::ops::Deref;
use std::path::Path;

use crate::server::{Plan, Server};
use crate::{folder, port, programs};

/// A private Redis server.
#[derive(Debug)]
pub struct Redis(Server);

impl Redis {
    /// `redis-server` with these arguments; without any, nothing is written to disk.
    ///
    /// # Panics
    /// The program is not there, or the server does not start.
    pub fn start(arguments: &[&str]) -> Self {
        Self::try_start(arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn try_start(arguments: &[&str]) -> Result<Self, String> {
        let program = programs::find("redis-server", "redis-server")?;
        Server::launch(|port| plan(&program, port, arguments)).map(Self)
    }
}

fn plan(program: &Path, port: u16, arguments: &[&str]) -> Result<Plan, String> {
    let folder = folder::make("redis", None)?;
    let (program, number, data) = (program.display().to_string(), port.to_string(), folder.display().to_string());
    let own = [&program, "--port", &number, "--dir", &data, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    Ok(Plan {
        kind: "Redis",
        command: own.iter().chain(arguments).map(ToString::to_string).collect(),
        folder,
        port,
        ready: "Ready to accept connections",
        answers,
        orderly: "TERM",
        last: "KILL",
        url: format!("redis://127.0.0.1:{port}"),
    })
}

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// Whether a Redis server answers; that it wants a password is an answer.
fn answers(port: u16) -> Result<(), String> {
    match ping(port)?.as_str() {
        text if text.starts_with("+PONG") || text.starts_with("-NOAUTH") => Ok(()),
        text => Err(format!("answers {text:?}")),
    }
}

/// Whether it serves everybody who asks.
pub fn usable(port: u16) -> Result<(), String> {
    match ping(port)?.as_str() {
        text if text.starts_with("+PONG") => Ok(()),
        text => Err(format!("answers {text:?}")),
    }
}

fn ping(port: u16) -> Result<String, String> {
    let mut stream = port::connect(port)?;
    let mut answer = [0; 64];
    let said = |error: std::io::Error| format!("does not answer: {error}");
    stream.write_all(b"PING\r\n").map_err(said)?;
    let read = stream.read(&mut answer).map_err(said)?;
    Ok(String::from_utf8_lossy(&answer[..read]).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::net::TcpListener;

    use super::{Server, plan, programs};

    #[test]
    fn a_port_that_somebody_else_takes_first_costs_one_more_try() {
        let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = somebody.local_addr().unwrap().port();
        let program = programs::find("redis-server", "redis-server").unwrap();
        let first = Cell::new(true);
        let server = Server::launch(|port| plan(&program, if first.replace(false) { taken } else { port }, &[]));
        assert_ne!(server.unwrap().port(), taken);
        let always = Server::launch(|_| plan(&program, taken, &[])).unwrap_err();
        assert!(always.contains("already in use"), "{always}");
    }
}
