//! The shell between a test and its server, which outlives the test just long enough to clean up.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

#[derive(Debug)]
pub struct Supervisor {
    shell: Child,
    /// Taken when the supervisor is dropped: the shell sees the end of its input.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Supervisor {
    /// Starts nothing yet. `last` is the signal that ends the server when its time is over.
    pub fn new(folder: &Path, log: &Path, last: &str, command: &[String]) -> Result<Self, String> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", include_str!("supervisor.sh"), "idem-test-server"]);
        shell.arg(folder).arg(log).arg(last).args(command).current_dir("/");
        // In a group of its own: what kills the group of the test (a test runner, Ctrl-C) must leave it to clean up.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = shell.spawn().map_err(|error| format!("/bin/sh: {error}"))?;
        let input = shell.stdin.take();
        let output = BufReader::new(shell.stdout.take().ok_or("/bin/sh has no output")?);
        Ok(Self { shell, input, output })
    }

    /// Starts the server, which must not be running; its process.
    pub fn start(&mut self) -> Result<u32, String> {
        let input = self.input.as_mut().ok_or("the supervisor has ended")?;
        input.write_all(b"start\n").map_err(|error| format!("the supervisor does not listen: {error}"))?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|error| format!("the supervisor does not answer: {error}"))?;
        line.trim().parse().map_err(|_| format!("the supervisor named no process, but {line:?}"))
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.shell.wait();
    }
}
