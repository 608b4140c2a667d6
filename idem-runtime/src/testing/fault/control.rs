//! Which call fails, and how; what was called.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::store::StoreError;

/// The operations of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `Store::claim`.
    Claim,
    /// `Store::admit`.
    Admit,
    /// `Store::renew`, once for each batch.
    Renew,
    /// `Store::complete`.
    Complete,
    /// `Store::fail`.
    Fail,
    /// `Store::cancel`.
    Cancel,
    /// `Store::clear`.
    Clear,
    /// `Store::resolve`.
    Resolve,
    /// `Store::get`.
    Get,
    /// `Store::now`.
    Now,
    /// `Store::list`.
    List,
    /// `Store::sweep`.
    Sweep,
    /// `Store::describe`.
    Describe,
    /// `Store::keeper`: opening the keeper's own connection.
    Keeper,
}

/// How a call fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The request is lost on its way: nothing is applied, the caller gets [`StoreError::Unavailable`].
    LoseRequest,
    /// The reply is lost on its way back: the request is applied, the caller gets [`StoreError::Unavailable`].
    LoseReply,
    /// The request is under way until [`Faults::release`]; then it is applied and answered. A caller that gives up before takes it back.
    HoldRequest,
    /// The request is applied at once; its reply is under way until [`Faults::release`].
    HoldReply,
    /// The caller gets [`StoreError::Unavailable`] at once; the request arrives at the store with [`Faults::deliver`].
    Late,
    /// Nothing is applied, the caller gets this error.
    Error(StoreError),
}

/// One call that reached a [`FaultStore`](super::FaultStore).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The operation.
    pub op: Op,
    /// The how many-th call of this operation it was, from 1.
    pub number: u64,
    /// The key's label, where the operation has one key.
    pub key: Option<String>,
    /// What was done to it.
    pub fault: Option<Fault>,
    /// What came back: `answered`, the error's text, or nothing while it is under way (or was given up).
    pub outcome: Option<String>,
}

/// `claim 2 of idem1:…: LoseReply: … cannot be used now`
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.op, self.number)?;
        if let Some(key) = &self.key {
            write!(f, " of {key}")?;
        }
        if let Some(fault) = &self.fault {
            write!(f, ": {fault:?}")?;
        }
        write!(f, ": {}", self.outcome.as_deref().unwrap_or("under way"))
    }
}

/// The faults of one handle: what is to go wrong, and what was called. Clones are the same control.
#[derive(Debug, Clone)]
pub struct Faults {
    plan: Arc<Mutex<Plan>>,
    released: Arc<watch::Sender<u64>>,
    called: Arc<watch::Sender<()>>,
}

#[derive(Default)]
struct Plan {
    at: HashMap<(Op, u64), Fault>,
    next: HashMap<Op, VecDeque<Fault>>,
    always: HashMap<Op, Fault>,
    cut: Cut,
    counts: HashMap<Op, u64>,
    log: Vec<Call>,
    late: Vec<Arrival>,
}

/// Whether requests arrive at all.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Cut {
    #[default]
    No,
    /// From this call on they do not.
    From(Op, u64),
    Now,
}

/// A request that arrives late.
pub(super) type Arrival = Pin<Box<dyn Future<Output = ()> + Send>>;

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("at", &self.at)
            .field("next", &self.next)
            .field("always", &self.always)
            .field("cut", &self.cut)
            .field("late", &self.late.len())
            .finish_non_exhaustive()
    }
}

impl Plan {
    fn fault(&mut self, op: Op, number: u64) -> Option<Fault> {
        if self.cut == Cut::Now {
            return Some(Fault::LoseRequest);
        }
        let planned = self.at.remove(&(op, number));
        let planned = planned.or_else(|| self.next.get_mut(&op).and_then(VecDeque::pop_front));
        planned.or_else(|| self.always.get(&op).cloned())
    }
}

impl Faults {
    pub(super) fn new() -> Self {
        Self { plan: Arc::default(), released: Arc::default(), called: Arc::default() }
    }

    /// The `number`-th call of `op`, from 1 and over the life of the handle, fails so.
    pub fn at(&self, op: Op, number: u64, fault: Fault) {
        self.plan().at.insert((op, number), fault);
    }

    /// The next call of `op` fails so; said again, the one after it.
    pub fn next(&self, op: Op, fault: Fault) {
        self.plan().next.entry(op).or_default().push_back(fault);
    }

    /// The next `times` calls of `op` fail so.
    pub fn times(&self, op: Op, times: usize, fault: Fault) {
        self.plan().next.entry(op).or_default().extend(std::iter::repeat_n(fault, times));
    }

    /// Every call of `op` fails so, until [`heal`](Self::heal).
    pub fn always(&self, op: Op, fault: Fault) {
        self.plan().always.insert(op, fault);
    }

    /// The store is away: from now on no request of any operation arrives, until [`heal`](Self::heal).
    pub fn cut(&self) {
        self.plan().cut = Cut::Now;
    }

    /// The same from the `number`-th call of `op` on, that one included.
    pub fn cut_from(&self, op: Op, number: u64) {
        self.plan().cut = Cut::From(op, number);
    }

    /// Whether no request arrives now.
    pub fn is_cut(&self) -> bool {
        self.plan().cut == Cut::Now
    }

    /// From now on nothing fails. What is under way stays so until [`release`](Self::release) or [`deliver`](Self::deliver).
    pub fn heal(&self) {
        let mut plan = self.plan();
        plan.at.clear();
        plan.next.clear();
        plan.always.clear();
        plan.cut = Cut::No;
    }

    /// Lets everything go on that is held back now.
    pub fn release(&self) {
        self.released.send_modify(|times| *times += 1);
    }

    /// Lets the late requests arrive at the store, in the order they were sent; how many there were.
    ///
    /// # Cancel safety
    /// Dropped, the requests that have not arrived yet are lost.
    pub async fn deliver(&self) -> usize {
        let late = std::mem::take(&mut self.plan().late);
        let count = late.len();
        for arrival in late {
            arrival.await;
        }
        count
    }

    /// How many calls of `op` there were, failed ones included.
    pub fn count(&self, op: Op) -> u64 {
        self.plan().counts.get(&op).copied().unwrap_or(0)
    }

    /// Every call, in the order they came.
    pub fn log(&self) -> Vec<Call> {
        self.plan().log.clone()
    }

    /// The calls after the first `skip`, in the order they came.
    pub(crate) fn log_after(&self, skip: usize) -> Vec<Call> {
        self.plan().log.iter().skip(skip).cloned().collect()
    }

    /// Until the `number`-th call of `op` has come in; at once where it has. So a test knows that a call is held back.
    ///
    /// # Cancel safety
    /// It only looks.
    pub async fn reached(&self, op: Op, number: u64) {
        let mut called = self.called.subscribe();
        while self.count(op) < number {
            // The sender lives in `self`: it cannot be gone.
            let _ = called.changed().await;
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a call down.
    pub(super) fn begin(&self, op: Op, key: Option<String>) -> Begun {
        let held_since = *self.released.borrow();
        let mut plan = self.plan();
        let count = plan.counts.entry(op).or_default();
        *count += 1;
        let number = *count;
        if plan.cut == Cut::From(op, number) {
            plan.cut = Cut::Now;
        }
        let fault = plan.fault(op, number);
        let place = plan.log.len();
        plan.log.push(Call { op, number, key, fault: fault.clone(), outcome: None });
        drop(plan);
        self.called.send_replace(());
        Begun { place, fault, held_since }
    }

    pub(super) fn end(&self, begun: &Begun, outcome: String) {
        if let Some(call) = self.plan().log.get_mut(begun.place) {
            call.outcome = Some(outcome);
        }
    }

    pub(super) fn arrives_late(&self, arrival: Arrival) {
        self.plan().late.push(arrival);
    }

    /// Until the first release after the call came in.
    pub(super) async fn held(&self, begun: &Begun) {
        // The sender lives in `self`: it cannot be gone.
        let _ = self.released.subscribe().wait_for(|released| *released > begun.held_since).await;
    }
}

/// A call that has come in.
pub(super) struct Begun {
    place: usize,
    pub(super) fault: Option<Fault>,
    held_since: u64,
}
