//! RabbitMQ.

use std::io::{Read, Write};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::server::{Plan, Server};
use crate::{folder, port, programs};

/// What Debian has in the PATH goes on as a user of its own, whose folders are not a test's.
const DEBIAN: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// The node finds its own port through a server of names, which by itself would outlive it: this one ends with the node.
const START: &str = "setpriv --pdeathsig KILL epmd & exec \"$0\"";

/// A private RabbitMQ server.
#[derive(Debug)]
pub struct RabbitMq(Server);

impl RabbitMq {
    /// `rabbitmq-server` without plugins; it takes some five seconds.
    ///
    /// # Panics
    /// The program is not there, or the server does not start.
    pub fn start() -> Self {
        let server = program().and_then(|program| Server::launch(|port| plan(&program, port)));
        Self(server.unwrap_or_else(|error| panic!("{error}")))
    }
}

fn program() -> Result<PathBuf, String> {
    let debian = PathBuf::from(DEBIAN);
    if debian.is_file() { Ok(debian) } else { programs::find("rabbitmq-server", "rabbitmq-server") }
}

fn plan(program: &Path, port: u16) -> Result<Plan, String> {
    let folder = folder::make("rabbitmq", None)?;
    let (data, nodes, names) = (folder.display().to_string(), port::free()?, port::free()?);
    let environment = [
        // Where Erlang writes the secret that nodes know each other by.
        format!("HOME={data}"),
        format!("ERL_EPMD_PORT={names}"),
        "ERL_EPMD_ADDRESS=127.0.0.1".into(),
        "RABBITMQ_NODENAME=idem-test@127.0.0.1".into(),
        "RABBITMQ_USE_LONGNAME=true".into(),
        "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1".into(),
        format!("RABBITMQ_NODE_PORT={port}"),
        format!("RABBITMQ_DIST_PORT={nodes}"),
        format!("RABBITMQ_MNESIA_BASE={data}/mnesia"),
        format!("RABBITMQ_LOG_BASE={data}"),
        "RABBITMQ_LOGS=-".into(),
        format!("RABBITMQ_PID_FILE={data}/pid"),
        // Nothing of the machine's own server.
        "RABBITMQ_CONF_ENV_FILE=/dev/null".into(),
        format!("RABBITMQ_CONFIG_FILE={data}/none"),
        format!("RABBITMQ_ENABLED_PLUGINS_FILE={data}/plugins"),
        // It then takes the place of its shell, so that a signal meets the server.
        "RABBITMQ_ALLOW_INPUT=1".into(),
        // `+sbwt` and its like: it does not spin while it has nothing to do, beside tests that have.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-noinput -kernel inet_dist_use_interface {127,0,0,1} \
         +sbwt none +sbwtdcpu none +sbwtdio none"
            .into(),
    ];
    let command = ["/bin/sh".into(), "-c".into(), START.into(), program.display().to_string()];
    Ok(Plan {
        kind: "RabbitMQ",
        command: std::iter::once("env".into()).chain(environment).chain(command).collect(),
        folder,
        port,
        ready: "Server startup complete",
        answers,
        orderly: "TERM",
        last: "KILL",
        url: format!("amqp://guest:guest@127.0.0.1:{port}"),
    })
}

impl Deref for RabbitMq {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// Whether a server of AMQP asks who is there: a frame of a method, on the channel that is the connection's own.
fn answers(port: u16) -> Result<(), String> {
    let mut stream = port::connect(port)?;
    let mut frame = [0; 3];
    let asked = stream.write_all(b"AMQP\x00\x00\x09\x01").and_then(|()| stream.read_exact(&mut frame));
    asked.map_err(|error| format!("does not answer: {error}"))?;
    if frame == [1, 0, 0] { Ok(()) } else { Err(format!("answers {frame:?}")) }
}
