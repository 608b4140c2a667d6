//! MySQL's protocol, as MariaDB speaks it: that is what Debian has.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::path::Path;
use std::process::Command;

use crate::server::{Plan, Server};
use crate::{folder, port, process, programs};

/// A private MariaDB server: user `root`, no password.
#[derive(Debug)]
pub struct MySql(Server);

impl MySql {
    /// `mariadbd` with these arguments.
    ///
    /// # Panics
    /// The programs are not there, or the server does not start.
    pub fn start(arguments: &[&str]) -> Self {
        Self::try_start(arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn try_start(arguments: &[&str]) -> Result<Self, String> {
        let program = programs::find("mariadbd", "mariadb-server")?;
        let plan = |port: u16| {
            let folder = folder::make("mysql", None)?;
            let data = folder.join("data");
            initialize(&program, &folder, &data)?;
            let at = |option: &str, path: &Path| format!("--{option}={}", path.display());
            let mut command = vec![program.display().to_string(), "--no-defaults".into(), at("datadir", &data)];
            command.extend([at("socket", &folder.join("socket")), at("pid-file", &folder.join("pid"))]);
            // A server that starts removes the temporary tables of others that work in the same folder.
            command.push(at("tmpdir", &folder));
            command.extend([format!("--port={port}"), "--bind-address=127.0.0.1".into(), "--skip-name-resolve".into()]);
            command.extend(as_root().iter().chain(arguments).map(ToString::to_string));
            Ok(Plan {
                kind: "MariaDB",
                folder,
                port,
                command,
                ready: "ready for connections",
                answers: usable,
                orderly: "TERM",
                last: "KILL",
                url: format!("mysql://root@127.0.0.1:{port}/mysql"),
            })
        };
        Server::launch(plan).map(Self)
    }
}

impl Deref for MySql {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// It wants to be told that it may.
fn as_root() -> &'static [&'static str] {
    if process::is_root() { &["--user=root"] } else { &[] }
}

fn initialize(program: &Path, folder: &Path, data: &Path) -> Result<(), String> {
    folder::fill(data, program, || {
        let mut install = Command::new(programs::find("mariadb-install-db", "mariadb-server")?);
        install.arg("--no-defaults").arg(format!("--datadir={}", data.display())).args(as_root());
        install.env("TMPDIR", folder);
        folder::run(install.args(["--auth-root-authentication-method=normal", "--skip-test-db"]))
    })
}

/// Whether it lets in `root` without a password: its greeting, our answer with an empty password, its word on it.
pub fn usable(port: u16) -> Result<(), String> {
    let mut stream = port::connect(port)?;
    let greeting = read(&mut stream)?;
    if greeting.first() != Some(&10) {
        return Err(format!("is no MySQL server, or refuses: {}", String::from_utf8_lossy(&greeting)));
    }
    // Protocol of 4.1, passwords by plugins; largest packet; utf8mb4; filler; user; no password; the plugin.
    let able = 0x0000_0200_u32 | 0x0000_8000 | 0x0008_0000;
    let login = [&able.to_le_bytes()[..], &[0, 0, 0, 1, 45], &[0; 23], b"root\0\0mysql_native_password\0"].concat();
    write(&mut stream, 1, &login)?;
    let mut verdict = read(&mut stream)?;
    if verdict.first() == Some(&0xfe) {
        // It prefers another plugin, which has to be told the same.
        write(&mut stream, 3, &[])?;
        verdict = read(&mut stream)?;
    }
    match verdict.first() {
        Some(0) => write(&mut stream, 0, &[1]),
        _ => Err(format!("lets nobody in without a password: {}", String::from_utf8_lossy(&verdict))),
    }
}

/// One packet: three bytes of length, one of order, the content.
fn read(stream: &mut TcpStream) -> Result<Vec<u8>, String> {
    let said = |error: std::io::Error| format!("does not answer: {error}");
    let mut head = [0; 4];
    stream.read_exact(&mut head).map_err(said)?;
    let mut content = vec![0; usize::from(head[0]) | usize::from(head[1]) << 8];
    stream.read_exact(&mut content).map_err(said)?;
    Ok(content)
}

fn write(stream: &mut TcpStream, order: u8, content: &[u8]) -> Result<(), String> {
    let length = u8::try_from(content.len()).map_err(|error| error.to_string())?;
    let packet = [&[length, 0, 0, order], content].concat();
    stream.write_all(&packet).map_err(|error| format!("does not answer: {error}"))
}
