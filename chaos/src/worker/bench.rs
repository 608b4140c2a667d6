//! What all deliveries of a worker share: its history, its output, its effects.

use std::collections::HashMap;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::oneshot;

use super::database::Database;
use crate::history::{What, Writer};
use crate::wire::{Broken, FromWorker, Setup};

static BENCH: OnceLock<Bench> = OnceLock::new();

/// Makes it the one of this process.
pub fn install(bench: Bench) -> anyhow::Result<&'static Bench> {
    let mut new = false;
    let bench = BENCH.get_or_init(|| {
        new = true;
        bench
    });
    anyhow::ensure!(new, "a process is one worker");
    Ok(bench)
}

/// Handlers get their arguments from the queue alone, so they find the rest here.
pub fn installed() -> std::io::Result<&'static Bench> {
    BENCH.get().ok_or_else(|| std::io::Error::other("this process is no worker"))
}

pub struct Bench {
    pub database: Option<Database>,
    pub broken: Option<Broken>,
    pub process: u32,
    runs: AtomicU32,
    history: Mutex<Writer>,
    effects: Mutex<HashMap<u64, oneshot::Sender<bool>>>,
}

impl Bench {
    pub fn new(setup: &Setup, history: Writer, database: Option<Database>) -> Self {
        Self {
            database,
            broken: setup.broken,
            process: setup.process,
            runs: AtomicU32::new(0),
            history: Mutex::new(history),
            effects: Mutex::default(),
        }
    }

    /// A number that no other run has.
    pub fn next_run(&self) -> u64 {
        u64::from(self.process) << 32 | u64::from(self.runs.fetch_add(1, Ordering::Relaxed))
    }

    pub fn note(&self, what: &What) -> std::io::Result<()> {
        locked(&self.history).note(what)
    }

    pub fn say(&self, message: &FromWorker) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        let mut output = std::io::stdout().lock();
        output.write_all(&line)?;
        output.flush()
    }

    /// Asks the system downstream for an effect; whether it took it.
    pub async fn effect(&self, run: u64, key: u64, fence: Option<u64>) -> std::io::Result<bool> {
        let (told, answer) = oneshot::channel();
        locked(&self.effects).insert(run, told);
        self.say(&FromWorker::Effect { run, key, fence })?;
        answer.await.map_err(std::io::Error::other)
    }

    /// The answer to it. A body that was dropped meanwhile does not hear it.
    pub fn effect_was(&self, run: u64, accepted: bool) {
        if let Some(told) = locked(&self.effects).remove(&run) {
            let _ = told.send(accepted);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
