//! Before the queue: producers that ask whether a job is to be enqueued, over a network that loses and repeats, and the
//! deliveries of what they enqueue. A model of its own: the way of a call is in [`crate::Model`].

mod desk;
mod properties;

use stateright::{Model, Property};

use crate::call::Answer;
use crate::mutant::Mutant;
use crate::store::{Admitted, Rules, Served};

pub use self::desk::{Broken, Desk, Letter, Producer};
use self::properties::properties;

const START: u8 = 1;

/// How large the model is, and what is wrong in it.
#[derive(Debug, Clone, Copy)]
pub struct Admission {
    /// Producers that want the one job done.
    pub producers: u8,
    /// Producers, and workers, that may die; whoever sent them asks again.
    pub crashes: u8,
    /// Messages lost or repeated, producers that give up.
    pub faults: u8,
    /// Ticks that may pass at any point.
    pub ticks: u8,
    /// What is wrong, if anything.
    pub mutant: Option<Mutant>,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A producer asks.
    Ask(usize),
    /// A message arrives.
    Deliver(usize),
    /// A message arrives, and will again.
    Repeat(usize),
    /// A message is lost.
    Lose(usize),
    /// A producer that hears nothing asks again.
    Resend(usize),
    /// A producer gives its ticket back, and is asked again later.
    GiveUp(usize),
    /// A producer enqueues its job.
    Enqueue(usize),
    /// A producer dies.
    Crash(usize),
    /// A delivery claims the key.
    Claim,
    /// A delivery completes.
    Complete(usize),
    /// A worker dies.
    Die(usize),
    /// Time passes.
    Tick,
}

impl Admission {
    const fn rules(&self) -> Rules {
        Rules { lease: 1, parks: false, mutant: self.mutant }
    }

    fn horizon(&self) -> u8 {
        START + self.ticks + self.producers + self.crashes + self.faults
    }

    fn due(&self, desk: &Desk, next: &mut Vec<Next>) {
        next.extend((0..desk.wire.len()).map(Next::Deliver));
        for (place, producer) in desk.producers.iter().enumerate() {
            match *producer {
                Producer::Idle(from) if from <= desk.now => next.push(Next::Ask(place)),
                Producer::Asking(ticket, more) if desk.is_silent(ticket) => {
                    next.push(if more > 0 { Next::Resend(place) } else { Next::GiveUp(place) });
                }
                Producer::Admitted(_) => next.push(Next::Enqueue(place)),
                _ => {}
            }
        }
        let kept_out = desk.row.is_some_and(|row| self.rules().keeps_out(row, desk.now));
        if desk.jobs > 0 && !kept_out {
            next.push(Next::Claim);
        }
        next.extend((0..desk.running.len()).map(Next::Complete));
    }

    fn faults(desk: &Desk, next: &mut Vec<Next>) {
        if desk.crashes > 0 {
            next.extend((0..desk.producers.len()).map(Next::Crash));
            next.extend((0..desk.running.len()).map(Next::Die));
        }
        if desk.faults > 0 {
            next.extend((0..desk.wire.len()).flat_map(|place| [Next::Lose(place), Next::Repeat(place)]));
            let gives_up = |place: &usize| !matches!(desk.producers[*place], Producer::Idle(_));
            next.extend((0..desk.producers.len()).filter(gives_up).map(Next::GiveUp));
        }
    }

    fn deliver(&self, desk: &mut Desk, letter: Letter) {
        match letter {
            Letter::Admit(ticket) => {
                let before = desk.row;
                let (row, told) = self.rules().admit(before, ticket, desk.now);
                desk.row = row;
                if told == Admitted::Yes {
                    desk.admitted(ticket, before, self.rules().lease);
                }
                desk.wire.push(Letter::Told(ticket, told));
            }
            Letter::GiveBack(ticket) => {
                let before = desk.row;
                let (row, settled) = self.rules().give_back(before, ticket, desk.now);
                desk.row = row;
                let anothers = before.filter(|row| row.owner != ticket && desk.holds(*row));
                if anothers.is_some() && row != before {
                    desk.breaks(Broken::GaveBackAnothers);
                }
                if settled {
                    desk.used = Some(ticket);
                    desk.ticket = desk.ticket.filter(|(current, _)| *current != ticket);
                }
            }
            Letter::Told(ticket, told) => {
                let asks = |producer: &Producer| matches!(*producer, Producer::Asking(of, _) if of == ticket);
                let Some(place) = desk.producers.iter().position(asks) else { return };
                match told {
                    Admitted::Yes => desk.producers[place] = Producer::Admitted(ticket),
                    Admitted::Queued => desk.producers[place] = Producer::Idle(desk.now + self.rules().lease),
                    Admitted::Stale => desk.producers[place] = Producer::Idle(desk.now),
                    Admitted::No => _ = desk.producers.remove(place),
                }
            }
        }
    }

    fn claim(&self, desk: &mut Desk) {
        let owner = desk.fresh();
        let Served { row, answer } = self.rules().claim(desk.row, owner, desk.now);
        desk.row = row;
        match answer {
            Answer::Claimed { fence, attempt } => {
                desk.jobs -= 1;
                if attempt != desk.attempts + 1 {
                    desk.breaks(Broken::LostCompletes);
                }
                (desk.attempts, desk.claim, desk.ticket, desk.used) = (attempt, Some((owner, fence)), None, None);
                desk.running.push((owner, fence));
            }
            _ => desk.jobs -= 1,
        }
    }

    fn complete(&self, desk: &mut Desk, place: usize) {
        let (owner, fence) = desk.running.remove(place);
        let Served { row, answer } = self.rules().complete(desk.row, owner, fence, false, desk.now);
        desk.row = row;
        if let Answer::Kept(_) = answer {
            if desk.claim != Some((owner, fence)) {
                desk.breaks(Broken::LostCompletes);
            }
            desk.done = true;
        } else {
            desk.jobs += 1;
        }
    }
}

impl Model for Admission {
    type State = Desk;
    type Action = Next;

    fn init_states(&self) -> Vec<Desk> {
        vec![Desk {
            now: START,
            row: None,
            producers: vec![Producer::Idle(0); self.producers.into()],
            wire: Vec::new(),
            jobs: 0,
            running: Vec::new(),
            crashes: self.crashes,
            faults: self.faults,
            ticket: None,
            claim: None,
            attempts: 0,
            used: None,
            done: false,
            broken: None,
        }]
    }

    fn actions(&self, desk: &Desk, next: &mut Vec<Next>) {
        self.due(desk, next);
        let waits = next.is_empty() && (desk.jobs > 0 || !desk.producers.is_empty()) && desk.now < self.horizon();
        if desk.now < START + self.ticks || waits {
            next.push(Next::Tick);
        }
        Self::faults(desk, next);
    }

    fn next_state(&self, last: &Desk, next: Next) -> Option<Desk> {
        let mut desk = last.clone();
        match next {
            Next::Ask(place) => {
                let ticket = desk.fresh();
                desk.producers[place] = Producer::Asking(ticket, 1);
                desk.wire.push(Letter::Admit(ticket));
            }
            Next::Deliver(place) => {
                let letter = desk.wire.remove(place);
                self.deliver(&mut desk, letter);
            }
            Next::Repeat(place) => {
                desk.faults -= 1;
                self.deliver(&mut desk, last.wire[place]);
            }
            Next::Lose(place) => {
                desk.faults -= 1;
                desk.wire.remove(place);
            }
            Next::Resend(place) => {
                if let Producer::Asking(ticket, more) = &mut desk.producers[place] {
                    *more -= 1;
                    desk.wire.push(Letter::Admit(*ticket));
                }
            }
            Next::GiveUp(place) => {
                if let Producer::Asking(ticket, _) | Producer::Admitted(ticket) = desk.producers[place] {
                    let silent = matches!(desk.producers[place], Producer::Asking(_, 0)) && last.is_silent(ticket);
                    desk.faults -= u8::from(!silent);
                    desk.wire.push(Letter::GiveBack(ticket));
                    desk.producers[place] = Producer::Idle(desk.now);
                }
            }
            Next::Enqueue(place) => {
                desk.producers.remove(place);
                desk.jobs += 1;
            }
            Next::Crash(place) => {
                desk.crashes -= 1;
                desk.producers[place] = Producer::Idle(desk.now);
            }
            Next::Claim => self.claim(&mut desk),
            Next::Complete(place) => self.complete(&mut desk, place),
            Next::Die(place) => {
                desk.crashes -= 1;
                desk.running.remove(place);
                desk.jobs += 1;
            }
            Next::Tick => desk.now += 1,
        }
        desk.normalise();
        Some(desk)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties()
    }
}
