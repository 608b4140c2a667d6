//! A state of the model, and what happens to it whoever does it.

use idem_runtime::record::State;

use crate::canonical::{clip_row, rename, rename_fences};
use crate::row::Row;
use crate::store::Admitted;

/// A producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Producer {
    /// It has not asked yet, or asks again from that tick on.
    Idle(u8),
    /// It asked with this ticket, and may do so again so many times.
    Asking(u8, u8),
    /// It was told to enqueue.
    Admitted(u8),
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Letter {
    /// Am I to enqueue?
    Admit(u8),
    /// I shall not.
    GiveBack(u8),
    /// The answer.
    Told(u8, Admitted),
}

/// A rule that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Broken {
    /// ADMIT-1: two were told to at one time.
    TwoAdmitted,
    /// ADMIT-2: what is known was admitted.
    KnownAdmitted,
    /// ADMIT-3: a claim that was lost to an admission completed, or an attempt was miscounted.
    LostCompletes,
    /// ADMIT-4: a ticket was admitted after it was given back.
    LateTicket,
    /// ADMIT-4: a ticket gave back what was not its own.
    GaveBackAnothers,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Desk {
    /// The store's clock.
    pub now: u8,
    /// The record.
    pub row: Option<Row>,
    /// Those that are not done.
    pub producers: Vec<Producer>,
    /// Messages under way.
    pub wire: Vec<Letter>,
    /// Jobs in the queue.
    pub jobs: u8,
    /// Deliveries whose body runs: owner and fence.
    pub running: Vec<(u8, u64)>,
    /// Crashes that may still happen.
    pub crashes: u8,
    /// Faults that may still happen.
    pub faults: u8,
    /// The ticket that was admitted, and until when; until it is given back, or a delivery has the key.
    pub ticket: Option<(u8, u8)>,
    /// The claim that holds.
    pub claim: Option<(u8, u64)>,
    /// Attempts.
    pub attempts: u8,
    /// The ticket that was given back last.
    pub used: Option<u8>,
    /// Whether the job is done.
    pub done: bool,
    /// The first rule that was broken.
    pub broken: Option<Broken>,
}

impl Desk {
    pub(super) fn is_silent(&self, ticket: u8) -> bool {
        !self.wire.iter().any(|letter| letter.ticket() == ticket)
    }

    pub(super) fn breaks(&mut self, broken: Broken) {
        self.broken = self.broken.or(Some(broken));
    }

    pub(super) fn holds(&self, row: Row) -> bool {
        match row.state {
            State::Running => true,
            State::Pending => self.ticket.is_some_and(|(_, until)| until > self.now),
            _ => false,
        }
    }

    pub(super) fn admitted(&mut self, ticket: u8, before: Option<Row>, hold: u8) {
        if self.ticket.is_some_and(|(current, _)| current == ticket) {
            return;
        }
        if self.ticket.is_some_and(|(_, until)| until > self.now) {
            self.breaks(Broken::TwoAdmitted);
        }
        let runs = |row: Row| row.state == State::Running && row.lease_until.is_some_and(|until| until > self.now);
        if self.done || before.is_some_and(runs) {
            self.breaks(Broken::KnownAdmitted);
        }
        if self.used == Some(ticket) {
            self.breaks(Broken::LateTicket);
        }
        (self.ticket, self.claim, self.used) = (Some((ticket, self.now + hold)), None, None);
    }

    /// What nothing in its future can tell apart is made one.
    pub(super) fn normalise(&mut self) {
        let now = self.now;
        if let Some(row) = &mut self.row {
            clip_row(row, now);
        }
        for producer in &mut self.producers {
            if let Producer::Idle(from) = producer {
                *from = (*from).max(now);
            }
        }
        self.ticket = self.ticket.map(|(ticket, until)| (ticket, until.max(now)));
        let producers = &self.producers;
        self.wire.retain(|letter| match *letter {
            Letter::Told(ticket, _) => {
                producers.iter().any(|producer| matches!(*producer, Producer::Asking(asks, _) if asks == ticket))
            }
            Letter::Admit(_) | Letter::GiveBack(_) => true,
        });
        rename(self, names, |_, rank| rank);
        rename_fences(self, now, fences);
        self.producers.sort_unstable();
        self.wire.sort_unstable();
        self.running.sort_unstable();
    }

    /// A name that nothing has.
    pub(super) fn fresh(&mut self) -> u8 {
        let mut highest = 0;
        names(self, &mut |name| highest = highest.max(*name));
        highest + 1
    }
}

impl Letter {
    pub(super) const fn ticket(&self) -> u8 {
        match *self {
            Self::Admit(ticket) | Self::GiveBack(ticket) | Self::Told(ticket, _) => ticket,
        }
    }
}

/// Every ticket and owner.
fn names(desk: &mut Desk, each: &mut dyn FnMut(&mut u8)) {
    if let Some(row) = &mut desk.row {
        each(&mut row.owner);
        row.value.iter_mut().for_each(&mut *each);
    }
    for producer in &mut desk.producers {
        if let Producer::Asking(ticket, _) | Producer::Admitted(ticket) = producer {
            each(ticket);
        }
    }
    for letter in &mut desk.wire {
        let (Letter::Admit(ticket) | Letter::GiveBack(ticket) | Letter::Told(ticket, _)) = letter;
        each(ticket);
    }
    desk.running.iter_mut().chain(&mut desk.claim).for_each(|(owner, _)| each(owner));
    desk.ticket.iter_mut().for_each(|(ticket, _)| each(ticket));
    desk.used.iter_mut().for_each(each);
}

fn fences(desk: &mut Desk, each: &mut dyn FnMut(&mut u64)) {
    desk.row.iter_mut().for_each(|row| each(&mut row.fence));
    desk.running.iter_mut().chain(&mut desk.claim).for_each(|(_, fence)| each(fence));
}
