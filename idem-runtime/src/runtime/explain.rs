//! Why a call of a key is, or is not, blocked: in words, for the person who has to decide.

use std::fmt;

use super::Runtime;
use super::operate::look;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::key::Key;
use crate::policy::{OnStale, spelled};
use crate::record::{Record, State, Status};

/// What a delivery of a key would meet now; see [`Runtime::explain`]. `Display` says it in a few lines.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Explanation {
    /// The key.
    pub key: Key,
    /// Whether the next delivery's body would be kept from running.
    pub blocked: bool,
    /// What the record says, where there is one.
    pub record: Option<Record>,
    /// What it means, in a sentence.
    pub because: String,
    /// Until when that lasts, by the store's clock; `None` where nothing ends it by itself, or nothing is blocked.
    pub until: Option<Timestamp>,
    /// What would free the key, in a sentence; `None` where it is free.
    pub freed_by: Option<String>,
}

impl Runtime {
    /// Tells what a delivery of this key would meet now, and why: since when, by whom, until when, and what would free it.
    /// Whether a lease is over is judged by the store's clock, as a delivery would be; this machine's may be wrong.
    ///
    /// # Errors
    /// As [`Runtime::status`].
    ///
    /// # Cancel safety
    /// Safe: reads only.
    pub async fn explain(&self, key: &Key) -> Result<Explanation, Error> {
        let Some((slot, _)) = self.home(key).await? else {
            return Ok(unknown(key));
        };
        // The time first: a lease that is over by then was not renewed when the record is read.
        let now = slot.store.now(key).await.map_err(|error| Error::store(key, error))?;
        Ok(explained(key, look(slot, key).await?, now))
    }
}

fn unknown(key: &Key) -> Explanation {
    let because = "there is no record of it: the next delivery runs".to_owned();
    Explanation { key: key.clone(), blocked: false, record: None, because, until: None, freed_by: None }
}

fn explained(key: &Key, record: Option<Record>, now: Timestamp) -> Explanation {
    let Some(found) = &record else {
        return unknown(key);
    };
    let (blocked, because, until, freed_by) = match found.status(now) {
        Status::Is(State::Running) => running(found, now),
        Status::Stale => stale(found, now),
        Status::Is(State::Completed) => (
            true,
            format!("attempt {} completed{}: duplicates are answered", found.attempt, at(found.completed_at)),
            found.expires_at,
            Some("`runtime.clear(&key)` forgets it; a higher `version` of the task begins anew".to_owned()),
        ),
        Status::Is(State::Failed) => (
            true,
            format!("attempt {} failed, and the failure is remembered: {}", found.attempt, message(found)),
            found.retry_at,
            Some("its time; `runtime.clear(&key)` forgets it at once".to_owned()),
        ),
        Status::Is(State::Parked) => (
            true,
            format!("it was set aside at {}, after attempt {}: {}", found.updated_at, found.attempt, message(found)),
            None,
            Some("`runtime.resolve(&key, …)`, once you know whether the effect of that attempt took place".to_owned()),
        ),
        Status::Is(State::Cancelled) => (
            true,
            format!("it was cancelled at {}: deliveries are refused", found.updated_at),
            found.expires_at,
            Some("`runtime.clear(&key)`".to_owned()),
        ),
        Status::Is(State::Pending) => {
            let until = found.retry_at.map_or_else(String::new, |until| format!(", and is expected until {until}"));
            let stands =
                if found.completed_at.is_some() { "it is in the queue" } else { "a producer is about to enqueue it" };
            let because = format!("{stands}, since {} {}{until}", found.updated_at, by(found));
            (
                false,
                format!("{because}; the next delivery runs, and no other producer is told to enqueue it"),
                None,
                None,
            )
        }
        Status::Is(State::Retryable) if found.attempt == 0 => {
            let because =
                format!("since {} nobody has it: it was given up, or admitted and never came", found.updated_at);
            (false, format!("{because}; the next delivery runs"), None, None)
        }
        Status::Is(State::Retryable) => {
            let last = found.error.as_deref().map_or_else(String::new, |why| format!(": {why}"));
            let because = format!("attempt {} ended without a result at {}{last}", found.attempt, found.updated_at);
            (false, format!("{because}; the next delivery runs"), None, None)
        }
        Status::Is(State::Cleared) | Status::Absent => {
            (false, "its time is over, or it was cleared: the next delivery runs".to_owned(), None, None)
        }
    };
    Explanation { key: key.clone(), blocked, because, until, freed_by, record }
}

type Told = (bool, String, Option<Timestamp>, Option<String>);

fn running(found: &Record, now: Timestamp) -> Told {
    let left = found.lease_left(now).map_or_else(String::new, |left| format!(", its lease has {} left", spelled(left)));
    let because = format!(
        "attempt {} has been running for {} {}{left}",
        found.attempt,
        spelled(now.since(found.updated_at)),
        by(found)
    );
    let freed_by =
        "its end; the end of its lease, if that process is gone; `runtime.cancel(&key)` stops it at its next heartbeat";
    (true, because, found.lease_until, Some(freed_by.to_owned()))
}

fn stale(found: &Record, now: Timestamp) -> Told {
    let over = found.lease_until.map_or_else(String::new, |end| format!(" {} ago", spelled(now.since(end))));
    let because = format!("attempt {} {} is gone: its lease ended{over}", found.attempt, by(found));
    let used_up = found.max_attempts.is_some_and(|max| found.attempt >= max);
    match found.on_stale {
        _ if used_up => (
            true,
            format!("{because}; its attempts are used up, so that the next delivery sets it aside"),
            None,
            resolved(),
        ),
        OnStale::Rerun => (false, format!("{because}; the next delivery takes it over and runs"), None, None),
        OnStale::Park => {
            (true, format!("{because}; the next delivery sets it aside, as its task says"), None, resolved())
        }
        OnStale::Reconcile => {
            (false, format!("{because}; the next delivery asks what became of it, then runs or answers"), None, None)
        }
    }
}

fn resolved() -> Option<String> {
    Some("`runtime.resolve(&key, …)`, once you know whether the effect of that attempt took place".to_owned())
}

/// Who made the claim.
fn by(found: &Record) -> String {
    let trace = found.holder.trace.as_ref().map_or_else(String::new, |trace| format!(" ({trace})"));
    format!("in process {} on {}{trace}", found.holder.process, found.holder.host)
}

fn message(found: &Record) -> &str {
    found.error.as_deref().unwrap_or("no reason was kept")
}

fn at(time: Option<Timestamp>) -> String {
    time.map_or_else(String::new, |time| format!(" at {time}"))
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stands = if self.blocked { "is blocked" } else { "is free" };
        write!(f, "task `{}` (key {}) {stands}: {}", self.key.task(), self.key, self.because)?;
        if let Some(until) = self.until {
            write!(f, "\n  until: {until}")?;
        }
        match &self.freed_by {
            Some(freed_by) => write!(f, "\n  freed by: {freed_by}"),
            None => Ok(()),
        }
    }
}
