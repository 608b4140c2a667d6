//! What a child does: calls a task with many keys, many at once, and writes down what it saw.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use futures::{StreamExt, stream};
use idem::{Error, Runtime, idempotent};

const JOB: &str = "IDEM_TEST_CHILD";

/// What a child is to do.
pub struct Job {
    pub store: String,
    /// Where the child writes.
    pub folder: PathBuf,
    pub number: u32,
    pub keys: u32,
    pub at_once: usize,
}

impl Job {
    pub fn from_env() -> Option<Self> {
        let text = std::env::var(JOB).ok()?;
        let mut parts = text.split('\n').map(str::to_owned);
        let mut next = || parts.next();
        let (number, keys, at_once) = (next()?, next()?, next()?);
        let (number, keys, at_once) = (number.parse().ok()?, keys.parse().ok()?, at_once.parse().ok()?);
        Some(Self { number, keys, at_once, store: next()?, folder: next()?.into() })
    }

    pub fn spawn(&self) -> Child {
        let Self { store, folder, number, keys, at_once } = self;
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(JOB, format!("{number}\n{keys}\n{at_once}\n{store}\n{}", folder.display()));
        command.stdin(Stdio::null()).stdout(Stdio::inherit()).stderr(Stdio::inherit()).spawn().unwrap()
    }

    pub fn results(&self) -> PathBuf {
        self.folder.join(format!("results-{}", self.number))
    }
}

/// One line at a time, whole, from any process.
pub fn append(path: &Path, line: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

static ENTRIES: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Answers something that no other run would answer.
#[idempotent(name = "processes.draw", ttl = "1h")]
async fn draw(key: u32) -> Result<uuid::Uuid, Error> {
    let value = uuid::Uuid::new_v4();
    let entries = ENTRIES.lock().unwrap().clone().unwrap();
    append(&entries, &format!("{key} {value}"));
    tokio::task::yield_now().await;
    Ok(value)
}

/// Every key is called twice, `at_once` at a time. Children of odd numbers begin in the middle.
#[tokio::main]
pub async fn run(job: Job) {
    let store = idem::connect(&job.store).await.unwrap();
    Runtime::builder().store(store).namespace("processes").build().unwrap().install().unwrap();
    ENTRIES.lock().unwrap().replace(job.folder.join("entries"));
    let from = if job.number % 2 == 1 { job.keys / 2 } else { 0 };
    let keys = (0..job.keys * 2).map(|n| (n / 2 + from) % job.keys);
    let calls = stream::iter(keys).map(|key| async move { (key, draw(key).await.unwrap()) });
    let answers: Vec<_> = calls.buffer_unordered(job.at_once).collect().await;
    let lines: String = answers.iter().map(|(key, value)| format!("{key} {value}\n")).collect();
    std::fs::write(job.results(), lines).unwrap();
}
