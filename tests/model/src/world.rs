//! Workers, a network and one store, and everything that may happen next.

use stateright::Property;

use crate::call::{Ask, Call, How, Message, Phase};
use crate::canonical::normalise;
use crate::met::situations;
use crate::monitor::Seen;
use crate::mutant::Mutant;
use crate::properties::properties;
use crate::row::Row;
use crate::store::Rules;

/// How often a claim without an answer is sent again, and a completion.
pub(crate) const RESENDS: u8 = 1;

/// The tick at which everything begins: a store's clock is not at zero.
const START: u8 = 1;

/// How large a model is. Everything in it is bounded, so the search ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Workers, each of which has one delivery at a time.
    pub workers: u8,
    /// Deliveries of the one key.
    pub deliveries: u8,
    /// Workers that may die, at any point; fewer than there are.
    pub crashes: u8,
    /// Faults of any kind: a message lost, a message repeated, a request sent again though its answer is only late, a call
    /// dropped, a body that fails.
    pub faults: u8,
    /// Heartbeats.
    pub beats: u8,
    /// Ticks that may pass at any point: messages are as late, and workers pause as long. Once they are used up, time
    /// passes only where everybody waits for it.
    pub ticks: u8,
    /// The length of a lease in ticks.
    pub lease: u8,
    /// Whether abandoned claims are parked.
    pub parks: bool,
}

/// The model.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// How large it is.
    pub sizes: Sizes,
    /// What is wrong in it, if anything.
    pub mutant: Option<Mutant>,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    /// The store's clock.
    pub now: u8,
    /// The record of the key.
    pub row: Option<Row>,
    /// The record before its last change, where a wrong store looks at it.
    pub lagging: Option<Row>,
    /// The calls of the workers that have a delivery.
    pub calls: Vec<Call>,
    /// Workers without one.
    pub idle: u8,
    /// Deliveries that wait for a worker.
    pub queued: u8,
    /// Deliveries that are over.
    pub ended: u8,
    /// Messages under way.
    pub wire: Vec<Message>,
    /// Crashes that may still happen.
    pub crashes: u8,
    /// Faults that may still happen.
    pub faults: u8,
    /// Heartbeats that may still be sent.
    pub beats: u8,
    /// What an observer knows.
    pub seen: Seen,
}

/// What happens next. Numbers are places in `wire` and `calls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A worker takes a delivery, and claims.
    Take,
    /// A message arrives.
    Deliver(usize),
    /// A message arrives, and will again.
    Repeat(usize),
    /// A message is lost.
    Lose(usize),
    /// A request is sent again.
    Resend(usize),
    /// A call is given up, or dropped.
    GiveUp(usize),
    /// A call that waited claims anew.
    AskAgain(usize),
    /// The body has its effect and returns.
    Act(usize),
    /// The body returns an error.
    Fail(usize),
    /// The body is dropped, past its deadline.
    Stop(usize),
    /// A heartbeat is sent.
    Beat(usize),
    /// A worker dies.
    Crash(usize),
    /// Time passes.
    Tick,
}

impl Model {
    /// The protocol as it is.
    pub fn new(sizes: Sizes) -> Self {
        Self { sizes, mutant: None }
    }

    /// With this mistake.
    pub fn with(sizes: Sizes, mutant: Mutant) -> Self {
        Self { sizes, mutant: Some(mutant) }
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules { lease: self.sizes.lease, parks: self.sizes.parks, mutant: self.mutant }
    }

    pub(crate) fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// By this tick everything is over: each thing that may hold the key holds it for a lease, and is waited for.
    pub fn horizon(&self) -> u8 {
        let Sizes { deliveries, crashes, faults, ticks, lease, .. } = self.sizes;
        START + ticks + lease * (deliveries + crashes + faults)
    }

    /// What has to happen in the end, unless something else does.
    fn due(&self, world: &World, actions: &mut Vec<Action>) {
        if world.queued > 0 && world.idle > 0 {
            actions.push(Action::Take);
        }
        for place in distinct(&world.wire) {
            actions.push(Action::Deliver(place));
        }
        for (place, call) in world.calls.iter().enumerate() {
            match call.phase {
                Phase::Asking { more, .. } | Phase::Completing { more, .. } if world.is_silent(call.owner) => {
                    if more > 0 {
                        actions.push(Action::Resend(place));
                    }
                    actions.push(Action::GiveUp(place));
                }
                Phase::Confirming { .. } | Phase::Checking { .. } if world.is_silent(call.owner) => {
                    actions.push(Action::GiveUp(place));
                }
                Phase::Body { deadline, .. } => {
                    actions.push(Action::Act(place));
                    if deadline <= world.now {
                        actions.push(Action::Stop(place));
                    }
                }
                Phase::Waiting { until } if until <= world.now && !self.is(Mutant::WaitsForEver) => {
                    actions.push(Action::AskAgain(place));
                }
                _ => {}
            }
        }
    }

    /// What may happen besides.
    fn faults(world: &World, actions: &mut Vec<Action>) {
        for (place, call) in world.calls.iter().enumerate() {
            if world.crashes > 0 {
                actions.push(Action::Crash(place));
            }
            if world.beats > 0 && matches!(call.phase, Phase::Body { .. }) {
                actions.push(Action::Beat(place));
            }
        }
        if world.faults == 0 {
            return;
        }
        for place in distinct(&world.wire) {
            actions.push(Action::Lose(place));
            if matches!(world.wire[place], Message::Request(_)) {
                actions.push(Action::Repeat(place));
            }
        }
        for (place, call) in world.calls.iter().enumerate() {
            let silent = world.is_silent(call.owner);
            match call.phase {
                Phase::Asking { more, .. } | Phase::Completing { more, .. } if !silent => {
                    if more > 0 {
                        actions.push(Action::Resend(place));
                    }
                    actions.push(Action::GiveUp(place));
                }
                Phase::Confirming { .. } | Phase::Checking { .. } if !silent => actions.push(Action::GiveUp(place)),
                Phase::Body { .. } => actions.extend([Action::GiveUp(place), Action::Fail(place)]),
                _ => {}
            }
        }
    }

    /// Whether an action counts as a fault: what is due does not, nor what has a bound of its own.
    fn is_fault(&self, world: &World, action: Action) -> bool {
        match action {
            Action::Lose(_) | Action::Repeat(_) | Action::Fail(_) => true,
            Action::Resend(place) | Action::GiveUp(place) => {
                let call = world.calls[place];
                matches!(call.phase, Phase::Body { .. }) || !world.is_silent(call.owner)
            }
            _ => false,
        }
    }

    fn apply(&self, world: &mut World, action: Action) {
        match action {
            Action::Take => {
                (world.queued, world.idle) = (world.queued - 1, world.idle - 1);
                world.calls.push(Call { owner: 0, before: None, phase: Phase::Waiting { until: 0 } });
                world.ask(world.calls.len() - 1);
            }
            Action::Deliver(place) => {
                let message = world.wire.remove(place);
                self.deliver(world, message);
            }
            Action::Repeat(place) => self.deliver(world, world.wire[place]),
            Action::Lose(place) => _ = world.wire.remove(place),
            Action::Resend(place) => self.resend(world, place),
            Action::GiveUp(place) => self.give_up(world, place),
            Action::AskAgain(place) => world.ask(place),
            Action::Act(place) => {
                let Call { owner, phase, .. } = world.calls[place];
                if let Phase::Body { fence, deadline } = phase {
                    world.calls[place].phase = Phase::Completing { fence, deadline, more: RESENDS };
                    world.request(Ask::Complete { owner, fence, may_restore: world.now < deadline });
                }
            }
            Action::Fail(place) => {
                world.seen.failed(self.sizes.parks);
                world.request(Ask::Fail { owner: world.calls[place].owner, how: How::Release });
                world.requeue(place);
            }
            Action::Stop(place) => world.requeue(place),
            Action::Beat(place) => {
                world.beats -= 1;
                world.request(Ask::Renew { owner: world.calls[place].owner, sent: world.now });
            }
            Action::Crash(place) => {
                world.crashes -= 1;
                world.calls.remove(place);
                world.queued += 1;
            }
            Action::Tick => world.now += 1,
        }
    }
}

/// The places of the sorted messages, one of each.
fn distinct(wire: &[Message]) -> impl Iterator<Item = usize> {
    (0..wire.len()).filter(|place| *place == 0 || wire[*place] != wire[*place - 1])
}

impl stateright::Model for Model {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let Sizes { workers, deliveries, crashes, faults, beats, .. } = self.sizes;
        vec![World {
            now: START,
            row: None,
            lagging: None,
            calls: Vec::new(),
            idle: workers,
            queued: deliveries,
            ended: 0,
            wire: Vec::new(),
            crashes,
            faults,
            beats,
            seen: Seen::default(),
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        self.due(world, actions);
        let waits = actions.is_empty() && world.ended < self.sizes.deliveries && world.now < self.horizon();
        if world.now < START + self.sizes.ticks || waits {
            actions.push(Action::Tick);
        }
        Self::faults(world, actions);
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        if self.is_fault(last, action) {
            world.faults -= 1;
        }
        self.apply(&mut world, action);
        normalise(&mut world, self.sizes.lease);
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut all = properties();
        all.extend(situations(self));
        all
    }
}
