//! What happened, one line each, written so that a kill loses nothing that was written.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::time::{Micros, now};
use crate::wire::{Answer, Policy};

/// The number of the coordinator; those of workers are higher.
pub const COORDINATOR: u32 = 0;

/// Something that happened in a process.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub at: Micros,
    pub process: u32,
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// A worker entered a body.
    Entered { run: u64, key: u64, attempt: u32, fence: Option<u64> },
    /// The body came to its end; `ok` is false where it answered an error.
    Exited { run: u64, key: u64, ok: bool },
    /// The body was dropped before its end.
    Dropped { run: u64, key: u64 },
    /// A delivery was answered.
    Answered { copy: u64, key: u64, answer: Answer },
    /// The coordinator owes so many copies of this key: the copies `key * COPIES ..`.
    Owed { key: u64, policy: Policy, copies: u32 },
    /// A copy went to a process: who notes it is the coordinator, or the process itself where a broker sent it.
    Sent { copy: u64, key: u64, to: u32 },
    /// The system downstream took an effect, or refused it.
    Effect { run: u64, key: u64, fence: Option<u64>, accepted: bool },
    /// A row that a transaction left in the database, seen at the end.
    Row { run: u64, key: u64 },
    /// A worker was killed.
    Killed { process: u32 },
    /// A worker ended and nobody had killed it.
    Died { process: u32 },
    /// A worker was stopped.
    Paused { process: u32 },
    /// It goes on.
    Resumed { process: u32 },
    /// A fault of a server, or of the network between one process and a server.
    Trouble { number: u64, kind: Trouble, process: Option<u32> },
    /// Its end.
    TroubleOver { number: u64 },
}

/// The kinds of faults that are not a worker's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Trouble {
    /// A server was killed and started again.
    Restart,
    /// A server died for good, and its replica, which had not heard of the last writes, took its place.
    Promotion,
    /// The network between a worker and a server.
    Network,
    /// Redis takes nothing more.
    Full,
}

/// The number of a key's first copy is the key's own times this.
pub const COPIES: u64 = 16;

/// A file of one process.
#[derive(Debug)]
pub struct Writer(File);

impl Writer {
    /// Opens the file of a process in the folder of a run.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.map(Self).with_context(|| path.display().to_string())
    }

    /// Writes one line, at once and whole: the kernel has it when this returns.
    pub fn note(&mut self, what: &What) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(&(now(), what))?;
        line.push(b'\n');
        self.0.write_all(&line)
    }
}

/// The name of a process's file.
pub fn file_name(process: u32) -> String {
    format!("{process}.history")
}

/// All files of a run, in the order in which things happened.
pub fn read(folder: &Path) -> anyhow::Result<Vec<Event>> {
    let mut events = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".history")?.parse().ok());
        let Some(process) = number else { continue };
        for line in BufReader::new(File::open(&path)?).lines() {
            let (at, what) = serde_json::from_str(&line?).with_context(|| path.display().to_string())?;
            events.push(Event { at, process, what });
        }
    }
    // Lines of one file stay in their order.
    events.sort_by_key(|event| event.at);
    Ok(events)
}
