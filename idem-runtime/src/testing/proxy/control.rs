//! Which exchange fails, and how; what went through.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// How an exchange fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireFault {
    /// The connection is cut; the server does not get the request.
    LoseRequest,
    /// The server answers the request; instead of its reply the client gets the end of the connection.
    LoseReply,
    /// The client gets the first half of what the server answers, then the end of the connection.
    HalfReply,
    /// The reply comes so much later.
    LateReply(Duration),
    /// The request is under way until [`Proxy::release`](super::Proxy::release); then the server gets it, also where the
    /// client is gone by then.
    HoldRequest,
    /// The server answers the request; its reply is under way until [`Proxy::release`](super::Proxy::release).
    HoldReply,
}

/// What the handles and the thread share.
#[derive(Debug, Default)]
pub(super) struct Control {
    plan: Mutex<Plan>,
    /// Every change of the counts.
    counts: watch::Sender<Counts>,
    released: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Plan {
    at: HashMap<u64, WireFault>,
    next: VecDeque<WireFault>,
    holding: VecDeque<(Vec<u8>, WireFault)>,
    always: Option<WireFault>,
}

#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub connections: u64,
    pub exchanges: u64,
    pub answers: u64,
    pub faults: u64,
    pub held: u64,
}

/// What is to go wrong with an exchange that has begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun {
    pub fault: Option<WireFault>,
    held_since: u64,
}

impl Control {
    pub(super) fn at(&self, number: u64, fault: WireFault) {
        self.plan().at.insert(number, fault);
    }

    pub(super) fn next(&self, fault: WireFault) {
        self.plan().next.push_back(fault);
    }

    pub(super) fn next_holding(&self, bytes: &[u8], fault: WireFault) {
        self.plan().holding.push_back((bytes.to_vec(), fault));
    }

    pub(super) fn always(&self, fault: WireFault) {
        self.plan().always = Some(fault);
    }

    pub(super) fn heal(&self) {
        *self.plan() = Plan::default();
    }

    pub(super) fn release(&self) {
        self.released.send_modify(|times| *times += 1);
    }

    pub(super) fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// Until the counts are so.
    pub(super) async fn until(&self, done: impl FnMut(&Counts) -> bool) {
        // The sender lives in `self`: it cannot be gone.
        let _ = self.counts.subscribe().wait_for(done).await;
    }

    pub(super) fn connected(&self) {
        self.counts.send_modify(|counts| counts.connections += 1);
    }

    /// Takes an exchange down that begins with these bytes.
    pub(super) fn begin(&self, request: &[u8]) -> Begun {
        let held_since = *self.released.borrow();
        let number = self.counts().exchanges + 1;
        let mut plan = self.plan();
        let wanted = plan.holding.iter().position(|(bytes, _)| contains(request, bytes));
        let fault = plan.at.remove(&number);
        let fault = fault.or_else(|| plan.holding.remove(wanted?).map(|(_, fault)| fault));
        let fault = fault.or_else(|| plan.next.pop_front()).or(plan.always);
        drop(plan);
        self.counts.send_modify(|counts| {
            counts.exchanges = number;
            counts.faults += u64::from(fault.is_some());
        });
        Begun { fault, held_since }
    }

    pub(super) fn answered(&self) {
        self.counts.send_modify(|counts| counts.answers += 1);
    }

    /// Until the first release after the exchange began.
    pub(super) async fn held(&self, begun: Begun) {
        let _held = Held::new(self);
        // The sender lives in `self`: it cannot be gone.
        let _ = self.released.subscribe().wait_for(|released| *released > begun.held_since).await;
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts while something is held back, also where the connection is cut meanwhile.
struct Held<'a>(&'a Control);

impl<'a> Held<'a> {
    fn new(control: &'a Control) -> Self {
        control.counts.send_modify(|counts| counts.held += 1);
        Self(control)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.counts.send_modify(|counts| counts.held -= 1);
    }
}

fn contains(request: &[u8], bytes: &[u8]) -> bool {
    bytes.is_empty() || request.windows(bytes.len()).any(|window| window == bytes)
}
