//! PostgreSQL.

use std::io::{Read, Write};
use std::ops::Deref;
use std::path::Path;
use std::process::Command;

use crate::server::{Plan, Server};
use crate::{folder, port, process, programs};

/// A private PostgreSQL server: user and database `postgres`, no password.
#[derive(Debug)]
pub struct Postgres(Server);

/// It refuses to run as root: then it runs as this user, who comes with Debian's package.
const ACCOUNT: &str = "postgres";

impl Postgres {
    /// `postgres` with these settings, as in `postgresql.conf`: names and values.
    ///
    /// # Panics
    /// The programs are not there, or the server does not start.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        Self::try_start(settings).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn try_start(settings: &[(&str, &str)]) -> Result<Self, String> {
        let program = programs::find("postgres", "postgresql")?;
        let plan = |port: u16| {
            let folder = folder::make("postgres", process::is_root().then_some(ACCOUNT))?;
            let data = folder.join("data");
            initialize(&program, &data)?;
            let mut command = as_account();
            command.extend([program.display().to_string(), "-D".into(), data.display().to_string()]);
            let number = port.to_string();
            let own = [
                ("listen_addresses", "127.0.0.1"),
                ("port", &number),
                ("unix_socket_directories", ""),
                // In the folder instead of /dev/shm, where a killed server leaves it behind.
                ("dynamic_shared_memory_type", "mmap"),
            ];
            let settings = own.iter().chain(settings);
            command.extend(settings.flat_map(|(name, value)| ["-c".into(), format!("{name}={value}")]));
            Ok(Plan {
                kind: "PostgreSQL",
                folder,
                port,
                command,
                ready: "database system is ready to accept connections",
                answers: usable,
                orderly: "INT",
                // Killed, it would leave a piece of shared memory behind.
                last: "QUIT",
                url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            })
        };
        Server::launch(plan).map(Self)
    }
}

impl Deref for Postgres {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

fn as_account() -> Vec<String> {
    let words: &[&str] = if process::is_root() {
        &["setpriv", "--reuid", ACCOUNT, "--regid", ACCOUNT, "--init-groups", "--"]
    } else {
        &[]
    };
    words.iter().map(ToString::to_string).collect()
}

fn initialize(program: &Path, data: &Path) -> Result<(), String> {
    folder::fill(data, program, || {
        let initdb = programs::find("initdb", "postgresql")?;
        let mut words = as_account();
        words.extend([initdb.display().to_string(), "-D".into(), data.display().to_string()]);
        words.extend(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"].map(String::from));
        folder::run(Command::new(&words[0]).args(&words[1..]).current_dir("/"))
    })
}

/// Whether it lets in `postgres` without a password. The start of the protocol: a packet with the user and the database,
/// answered by `R` and 0 (you are in), by `R` and another number (prove it), or by `E` and an error.
pub fn usable(port: u16) -> Result<(), String> {
    let said = |error: std::io::Error| format!("does not answer: {error}");
    let mut stream = port::connect(port)?;
    let body = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    let length = u32::try_from(body.len() + 4).map_err(|error| error.to_string())?;
    stream.write_all(&[&length.to_be_bytes()[..], body].concat()).map_err(said)?;
    let mut answer = [0; 9];
    stream.read_exact(&mut answer).map_err(said)?;
    match (answer[0], &answer[5..]) {
        (b'R', [0, 0, 0, 0]) => stream.write_all(b"X\0\0\0\x04").map_err(said),
        (b'R', _) => Err("wants a password".into()),
        (b'E', _) => {
            let mut rest = [0; 200];
            let read = stream.read(&mut rest).map_err(said)?;
            Err(format!("refuses: {}", String::from_utf8_lossy(&rest[..read]).replace('\0', " ")))
        }
        (other, _) => Err(format!("is no PostgreSQL server: it answers {:?}", char::from(other))),
    }
}
