//! The worker processes.

use std::collections::HashSet;
use std::process::Stdio;

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::wire::{FromWorker, Setup};

/// What the coordinator hears.
#[derive(Debug)]
pub enum News {
    Said {
        process: u32,
        message: FromWorker,
    },
    /// The output of a process is at its end.
    Gone {
        process: u32,
    },
    /// A pause is over.
    Resume {
        process: u32,
    },
    /// A fault is over.
    Over {
        number: u64,
        failed: Option<String>,
    },
}

/// One process.
pub struct Worker {
    pub process: u32,
    pub state: State,
    /// The copies that it was sent and has not answered.
    pub under_way: HashSet<u64>,
    child: Child,
    input: UnboundedSender<Vec<u8>>,
}

/// What a process can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It opens its store.
    Starting,
    Ready,
    Paused,
    /// Killed, or told to end; its end was not seen yet.
    Ending,
}

impl Worker {
    /// Starts this program as a worker.
    pub fn start(setup: &Setup, news: &UnboundedSender<News>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("worker").stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("a worker does not start")?;
        let (lines, queued) = unbounded_channel();
        tokio::spawn(tell(child.stdin.take().context("the worker has no input")?, queued));
        tokio::spawn(hear(child.stdout.take().context("the worker has no output")?, setup.process, news.clone()));
        let worker =
            Self { process: setup.process, state: State::Starting, under_way: HashSet::new(), child, input: lines };
        worker.say(setup)?;
        Ok(worker)
    }

    /// Sends a line. Where the process is gone, the end of its output says so.
    pub fn say(&self, message: &impl Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        let _ = self.input.send(line);
        Ok(())
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        // None once it was waited for, so the number is nobody else's.
        let Some(number) = self.child.id() else { return Ok(()) };
        let number = Pid::from_raw(i32::try_from(number)?).context("a process has a number")?;
        kill_process(number, signal).context("the signal was not sent")
    }

    /// Its end, once its output has ended.
    pub async fn wait(mut self) -> std::io::Result<std::process::ExitStatus> {
        drop(self.input);
        self.child.wait().await
    }
}

async fn tell(mut input: ChildStdin, mut lines: UnboundedReceiver<Vec<u8>>) {
    while let Some(line) = lines.recv().await {
        if input.write_all(&line).await.is_err() {
            return;
        }
    }
}

async fn hear(output: ChildStdout, process: u32, news: UnboundedSender<News>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        // The last line of a killed process may be torn.
        let Ok(message) = serde_json::from_str(&line) else { continue };
        if news.send(News::Said { process, message }).is_err() {
            return;
        }
    }
    let _ = news.send(News::Gone { process });
}
