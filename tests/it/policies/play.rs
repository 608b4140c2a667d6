//! What every cell has in common: a policy, a key of its own, and the three answers.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use idem::policy::OnStale;
use idem::record::{Record, State};
use idem::{Store, TaskOptions};

use super::process::{Process, answer};
use super::tasks::{self, Act, Form, OnError, Scene};

/// What becomes of a claim whose owner is gone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    Rerun,
    Park,
    Reconcile,
}

impl Policy {
    pub fn named(name: &str) -> Self {
        match name {
            "rerun" => Self::Rerun,
            "park" => Self::Park,
            "reconcile" => Self::Reconcile,
            _ => panic!("the table has a policy `{name}` that the test does not know"),
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The three answers of a cell, in the table's words.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub caller: String,
    pub record: String,
    pub next: String,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} · {} · {}", self.caller, self.record, self.next)
    }
}

/// A cell that is played, under a key of its own.
#[derive(Clone, Copy)]
pub struct Play<'a> {
    pub records: &'a Arc<dyn Store>,
    pub policy: Policy,
    pub strict: bool,
    pub id: usize,
}

impl Play<'_> {
    pub fn asks(self) -> bool {
        self.policy == Policy::Reconcile
    }

    /// A process in which the task has the cell's policy, and these settings.
    pub fn process(self, on_error: OnError, set: impl FnOnce(TaskOptions) -> TaskOptions) -> Process {
        let policy = |task: TaskOptions| match self.policy {
            Policy::Rerun => task.on_stale(OnStale::Rerun),
            Policy::Park => task.on_stale(OnStale::Park),
            // The attribute's, which has the function.
            Policy::Reconcile => task,
        };
        let task = tasks::name(on_error, self.asks());
        Process::start(self.records, task, |task| set(policy(task.strict(self.strict))))
    }

    /// What the record is now, and what a delivery to another process gets.
    pub async fn after(self, caller: String, on_error: OnError, set: impl FnOnce(TaskOptions) -> TaskOptions) -> Seen {
        let task = tasks::name(on_error, self.asks());
        let process = self.process(on_error, set);
        let found = self.found(&process, task).await;
        let record =
            found.as_ref().map_or("absent".to_owned(), |record| format!("{} {}", record.state, record.attempt));
        let scene = Scene::new(Act::Return(Form::Plain));
        let next = answer(process.call(task, self.id, &scene)).await;
        let mut words = Vec::new();
        if let Some(abandoned) = found.filter(|record| record.state == State::Running) {
            let then = self.found(&process, task).await.unwrap();
            words.push(if Some(then.updated_at) >= abandoned.lease_until { "lease" } else { "before the lease" });
        }
        if scene.asked.load(Ordering::SeqCst) > 0 {
            words.push("asked");
        }
        words.push(&next);
        let next = words.join(", ");
        process.ends().await;
        Seen { caller, record, next }
    }

    async fn found(self, process: &Process, task: &str) -> Option<Arc<Record>> {
        self.records.get(&process.key(task, self.id)).await.unwrap()
    }
}
