//! A model that lives by the store's own clock, where time really passes.

use std::time::Duration;

use crate::clock::{Clock, SystemClock, Timestamp};
use crate::record::Record;
use crate::testing::conformance::bench::{Checked, Stop};

/// What clocks differ by though they are one: milliseconds that were rounded up, a time that was read a moment ago.
const BLUR: Duration = Duration::from_millis(15);

/// The model is told the store's time before each act. The store itself acts a little later, at some moment until its
/// answer is here; so the model's deadlines are early, by no more than the longest act took, and only what is the same
/// throughout that time can be compared.
#[derive(Debug)]
pub(super) struct Real {
    began: Duration,
    /// How much time was to pass since then.
    due: Duration,
    /// When the act under way began.
    asked: Duration,
    /// How long the longest act took.
    longest: Duration,
}

impl Real {
    pub(super) fn new() -> Self {
        Self::since(SystemClock.uptime())
    }

    pub(super) fn since(began: Duration) -> Self {
        Self { began, due: Duration::ZERO, asked: began, longest: Duration::ZERO }
    }

    /// So much more is to pass; how much of it is left. What the acts took is part of it, so that time does not drift towards
    /// a deadline; but half of it is waited for, however slow they were.
    pub(super) fn pass(&mut self, time: Duration) -> Duration {
        let now = since(self.began);
        let rest = (self.due + time).saturating_sub(now).max(time / 2);
        self.due = now + rest;
        rest
    }

    /// An act begins: the store is asked the time.
    pub(super) fn ask(&mut self) {
        self.asked = SystemClock.uptime();
    }

    /// By how much a time may be off that the store wrote.
    pub(super) fn slack(&self) -> Duration {
        self.longest.max(since(self.asked)) + BLUR
    }

    pub(super) fn took(&mut self, time: Duration) {
        self.longest = self.longest.max(time);
    }

    /// How long to wait, at this time of the store's, until no deadline is near an act that begins then.
    pub(super) fn near(&self, now: Timestamp, records: &[Record]) -> Option<Duration> {
        let wait = self.longest + BLUR * 2;
        let likely_end = now + wait * 2;
        let near = |(_, deadline): &(_, Timestamp)| *deadline + wait >= now && *deadline <= likely_end;
        records.iter().flat_map(deadlines).filter(near).map(|(_, deadline)| (deadline + wait).since(now)).max()
    }

    /// The act that began at this time of the store's is over. Whether one of these deadlines was too near to compare
    /// anything.
    pub(super) fn judge<'r>(&mut self, began: Timestamp, mut records: impl Iterator<Item = &'r Record>) -> Checked {
        let took = since(self.asked);
        self.took(took);
        let ended = began + took + BLUR;
        // Not earlier than the store's, and not later than the end of the act.
        let near = |(_, deadline): &(_, Timestamp)| *deadline + self.longest + BLUR >= began && *deadline <= ended;
        match records.find_map(|record| deadlines(record).find(near)) {
            None => Ok(()),
            Some((what, deadline)) => {
                let why = format!("the end of a {what} at {deadline}, in an act of {took:?} from {began} on");
                Err(Stop::Unclear(why))
            }
        }
    }
}

fn since(moment: Duration) -> Duration {
    SystemClock.uptime().saturating_sub(moment)
}

/// What a record says will end. What was over when it was written is so on both sides from then on.
fn deadlines(record: &Record) -> impl Iterator<Item = (&'static str, Timestamp)> {
    let end = record.expires_at.filter(|end| *end > record.updated_at);
    let all = [("lease", record.lease_until), ("wait", record.retry_at), ("record", end)];
    all.into_iter().filter_map(|(what, deadline)| Some((what, deadline?)))
}
