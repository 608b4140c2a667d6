//! NATS with JetStream.

use std::io::Read;
use std::ops::Deref;
use std::path::Path;

use crate::server::{Plan, Server};
use crate::{folder, port, programs};

/// A private NATS server with JetStream.
#[derive(Debug)]
pub struct Nats(Server);

impl Nats {
    /// `nats-server`; its streams are on the disk.
    ///
    /// # Panics
    /// The program is not there, or the server does not start.
    pub fn start() -> Self {
        let program = programs::find("nats-server", "nats-server").unwrap_or_else(|error| panic!("{error}"));
        let server = Server::launch(|port| plan(&program, port));
        Self(server.unwrap_or_else(|error| panic!("{error}")))
    }
}

fn plan(program: &Path, port: u16) -> Result<Plan, String> {
    let folder = folder::make("nats", None)?;
    let (program, number, data) = (program.display().to_string(), port.to_string(), folder.display().to_string());
    let command = [&program, "-js", "-sd", &data, "-a", "127.0.0.1", "-p", &number];
    Ok(Plan {
        kind: "NATS",
        command: command.map(ToOwned::to_owned).to_vec(),
        folder,
        port,
        ready: "Server is ready",
        answers,
        orderly: "TERM",
        last: "KILL",
        url: format!("nats://127.0.0.1:{port}"),
    })
}

impl Deref for Nats {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// Whether a NATS server greets.
fn answers(port: u16) -> Result<(), String> {
    let mut greeting = [0; 5];
    let read = port::connect(port)?.read_exact(&mut greeting);
    read.map_err(|error| format!("does not answer: {error}"))?;
    if &greeting == b"INFO " { Ok(()) } else { Err(format!("greets with {:?}", String::from_utf8_lossy(&greeting))) }
}
