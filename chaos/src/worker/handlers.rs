//! The handlers, and what their calls answer.

use std::time::Duration;

use idem::sqlx::{self, MySqlConnection, PgConnection, SqliteConnection};
use idem::{Error, Outcome, idempotent};

use super::bench::{Bench, installed};
use crate::history::What;
use crate::wire::{Answer, Broken, Message, Policy};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Idem(#[from] Error),
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error(transparent)]
    History(#[from] std::io::Error),
    #[error("this attempt was to fail")]
    Asked,
}

#[idempotent(name = "chaos.rerun", ttl = "7d", key(key))]
async fn rerun(key: u64, message: Message) -> Result<u64, Failure> {
    body(message).await
}

#[idempotent(name = "chaos.park", ttl = "7d", on_stale = "park", key(key))]
async fn park(key: u64, message: Message) -> Result<u64, Failure> {
    body(message).await
}

#[idempotent(name = "chaos.transfer.sqlite", ttl = "7d", key(key), transaction = tx)]
pub async fn transfer_sqlite(tx: &mut SqliteConnection, key: u64, message: Message) -> Result<u64, Failure> {
    let insert = sqlx::query("INSERT INTO chaos_effects (work, run) VALUES (?1, ?2)");
    row(message, async |run| insert.bind(key.cast_signed()).bind(run).execute(tx).await.map(drop)).await
}

#[idempotent(name = "chaos.transfer.postgres", ttl = "7d", key(key), transaction = tx)]
pub async fn transfer_postgres(tx: &mut PgConnection, key: u64, message: Message) -> Result<u64, Failure> {
    let insert = sqlx::query("INSERT INTO chaos_effects (work, run) VALUES ($1, $2)");
    row(message, async |run| insert.bind(key.cast_signed()).bind(run).execute(tx).await.map(drop)).await
}

#[idempotent(name = "chaos.transfer.mysql", ttl = "7d", key(key), transaction = tx)]
pub async fn transfer_mysql(tx: &mut MySqlConnection, key: u64, message: Message) -> Result<u64, Failure> {
    let insert = sqlx::query("INSERT INTO chaos_effects (work, run) VALUES (?, ?)");
    row(message, async |run| insert.bind(key.cast_signed()).bind(run).execute(tx).await.map(drop)).await
}

/// A body whose effect is in a system downstream, which asks for the fence.
async fn body(message: Message) -> Result<u64, Failure> {
    let entry = Entry::new(message.key)?;
    if message.fails && entry.attempt == 1 {
        entry.exit(false)?;
        return Err(Failure::Asked);
    }
    let half = Duration::from_millis(message.work_ms) / 2;
    let (bench, run, fence) = (entry.bench, entry.run, idem::current().fence());
    // A request that is under way is not called back by dropping the body: only the fence stops it.
    let effect = tokio::spawn(async move {
        tokio::time::sleep(half).await;
        bench.effect(run, message.key, fence).await
    });
    // Refused, somebody else has the key by now; the completion will be told so too.
    effect.await.map_err(std::io::Error::other)??;
    tokio::time::sleep(half).await;
    entry.exit(true)
}

/// A body whose effect is a row of the caller's transaction.
async fn row(message: Message, insert: impl AsyncFnOnce(i64) -> Result<(), sqlx::Error>) -> Result<u64, Failure> {
    let entry = Entry::new(message.key)?;
    if let Err(error) = insert(entry.run.cast_signed()).await {
        entry.exit(false)?;
        return Err(error.into());
    }
    tokio::time::sleep(Duration::from_millis(message.work_ms)).await;
    entry.exit(true)
}

/// The run of a body, from its entry to its end.
struct Entry {
    bench: &'static Bench,
    run: u64,
    key: u64,
    attempt: u32,
    over: bool,
}

impl Entry {
    fn new(key: u64) -> std::io::Result<Self> {
        let (bench, current) = (installed()?, idem::current());
        let entry = Self { bench, run: bench.next_run(), key, attempt: current.attempt(), over: false };
        bench.note(&What::Entered { run: entry.run, key, attempt: entry.attempt, fence: current.fence() })?;
        Ok(entry)
    }

    fn exit(mut self, ok: bool) -> Result<u64, Failure> {
        self.over = true;
        self.bench.note(&What::Exited { run: self.run, key: self.key, ok })?;
        Ok(self.run)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.over {
            // Where it cannot be written, the coordinator is gone.
            let _ = self.bench.note(&What::Dropped { run: self.run, key: self.key });
        }
    }
}

/// Calls the handler of a message.
pub async fn answer(bench: &Bench, message: Message) -> Answer {
    let answered = match (message.policy, &bench.database) {
        _ if bench.broken == Some(Broken::NoAttribute) => {
            body(message).await.map(|run| Answer::Fresh { run, recorded: true })
        }
        (Policy::Park, _) if bench.broken != Some(Broken::RerunsParked) => {
            park::call(message.key, message).await.map(|outcome| answer_of(&outcome))
        }
        (Policy::Rerun | Policy::Park, _) => rerun::call(message.key, message).await.map(|outcome| answer_of(&outcome)),
        (Policy::Transaction, Some(database)) => database.transact(message).await,
        (Policy::Transaction, None) => return Answer::Wrong("a transaction on a store that has none".into()),
    };
    answered.unwrap_or_else(|failure| match failure {
        Failure::Idem(Error::OutcomeUnknown { .. }) => Answer::SetAside,
        Failure::Idem(error) if error.is_retryable() => Answer::Again(error.to_string()),
        Failure::Idem(error) => Answer::Wrong(error.to_string()),
        Failure::Sql(error) => Answer::Again(error.to_string()),
        Failure::Asked => Answer::Again(Failure::Asked.to_string()),
        Failure::History(error) => Answer::Wrong(error.to_string()),
    })
}

pub fn answer_of(outcome: &Outcome<u64>) -> Answer {
    let run = *outcome.value();
    match outcome {
        Outcome::Fresh { call, .. } => Answer::Fresh { run, recorded: call.recorded },
        Outcome::Replayed { .. } => Answer::Replayed { run },
        Outcome::Unprotected { .. } => Answer::Unprotected { run },
        other => Answer::Wrong(format!("a call that was {}", other.kind())),
    }
}
