//! The runtime: stores and settings of one application, and the way a call of a task goes through them.

mod admit;
mod builder;
mod by_hand;
mod explain;
mod handle;
mod lock;
mod operate;
mod shutdown;
mod subject;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use self::admit::{Admission, Ticket};
pub use self::builder::RuntimeBuilder;
pub use self::by_hand::{CallBuilder, KeyBuilder};
pub use self::explain::Explanation;
pub use self::handle::{TaskHandle, task};
pub use self::lock::{Lock, LockBuilder};
pub use self::operate::Resolution;
pub use self::shutdown::Shutdown;
use crate::ambient::Frame;
use crate::clock::{Clock, Timestamp};
use crate::delivery::InForce;
use crate::error::{At, Error};
use crate::gate::{Gate, Pass};
use crate::key::{Fingerprint, Key, KeyError, KeySpace, KeyWriter};
use crate::policy::Retention;
use crate::record::Holder;
use crate::run::{Call, Slot};
use crate::settings::{Enforced, Settings};
use crate::task::Task;

/// The name under which the unnamed store stands.
pub(crate) const DEFAULT_STORE: &str = "default";

static INSTALLED: OnceLock<Runtime> = OnceLock::new();

tokio::task_local! {
    static ENTERED: Runtime;
}

/// Stores and settings of one application. Cheap to clone; clones are the same runtime.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    space: KeySpace,
    clock: Arc<dyn Clock>,
    holder: Arc<Holder>,
    slots: BTreeMap<String, Arc<Slot>>,
    default: Arc<Slot>,
    categories: BTreeMap<String, Retention>,
    /// How long a job may take from its admission into the queue.
    admit_ttl: Duration,
    /// The settings of each registered task, by the address of its description.
    tasks: HashMap<usize, Arc<Settings>>,
    gate: Arc<Gate>,
}

/// What finds the settings of a registered task: descriptions are statics, so their addresses are their names.
fn address(task: &'static Task) -> usize {
    std::ptr::from_ref(task).addr()
}

impl Runtime {
    /// A runtime to be: give it a store at least.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::new()
    }

    /// Makes this the runtime of the process: every task that no entered runtime serves goes through it.
    ///
    /// # Errors
    /// [`Error::AlreadyInstalled`]: the first one stays.
    pub fn install(&self) -> Result<(), Error> {
        INSTALLED.set(self.clone()).map_err(|_| Error::AlreadyInstalled)
    }

    /// Runs a future with this runtime in force, whatever is installed: for tests, and for several applications in one
    /// process. Tasks that the future spawns do not inherit it: spawn `runtime.enter(…)` itself then.
    ///
    /// # Cancel safety
    /// As the future's own.
    pub fn enter<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        ENTERED.scope(self.clone(), Box::pin(future))
    }

    /// The runtime in force: the one entered, else the one installed.
    pub(crate) fn current(task: &str) -> Result<Self, Error> {
        let entered = ENTERED.try_with(Clone::clone).ok();
        entered.or_else(|| INSTALLED.get().cloned()).ok_or_else(|| Error::NoRuntime { task: task.to_owned() })
    }

    /// The namespace of every key.
    pub fn namespace(&self) -> &str {
        self.inner.space.namespace()
    }

    /// The settings of a registered task.
    pub(crate) fn settings(&self, task: &'static Task) -> Result<Arc<Settings>, Error> {
        let unknown = || Error::UnknownTask { name: task.name().to_owned(), suggestion: None };
        self.inner.tasks.get(&address(task)).cloned().ok_or_else(unknown)
    }

    /// The store of a task with these settings; that it exists was checked when the runtime was built.
    pub(crate) fn slot(&self, settings: &Settings) -> &Arc<Slot> {
        settings.store.as_deref().and_then(|name| self.inner.slots.get(name)).unwrap_or(&self.inner.default)
    }

    /// Every store, by name.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.inner.slots.values()
    }

    /// Makes the key of a call and finds its store. The explicit key of the delivery is taken, if no other call has it.
    pub(crate) fn prepare(
        &self,
        settings: Arc<Settings>,
        plan: impl FnOnce(&mut KeyArgs<'_>) -> Result<(), KeyError>,
    ) -> Result<Call, Error> {
        let frame = Frame::current();
        let (key, fingerprint) = self.derive(&settings, &frame, InForce::take, plan)?;
        self.refuse_expired(&settings, &frame, &key)?;
        let pass = self.pass(&frame, &key)?;
        let slot = Arc::clone(self.slot(&settings));
        let holder = match frame.delivery.as_ref().and_then(|delivery| delivery.trace()) {
            None => Arc::clone(&self.inner.holder),
            trace => Arc::new(Holder { trace, ..(*self.inner.holder).clone() }),
        };
        Ok(Call { key, fingerprint, settings, slot, clock: Arc::clone(&self.inner.clock), holder, frame, pass })
    }

    /// The pass of a call, or of a lock. What is made in a body has that body's: it is a part of it.
    fn pass(&self, frame: &Frame, key: &Key) -> Result<Pass, Error> {
        let gate = &self.inner.gate;
        let callers = frame.running.as_ref().and_then(|running| running.pass(gate));
        callers.or_else(|| gate.pass()).ok_or_else(|| Error::ShutDown { at: At::new(key) })
    }

    /// A delivery that is too old is refused whatever is known of its key: nothing waits for its work any more.
    fn refuse_expired(&self, settings: &Settings, frame: &Frame, key: &Key) -> Result<(), Error> {
        let sent = frame.delivery.as_deref().and_then(InForce::enqueued_at);
        let Some((limit, sent)) = settings.expires_after.zip(sent) else { return Ok(()) };
        match self.inner.clock.now().since(sent) {
            age if age > limit && settings.enforced == Enforced::Shadow => {
                crate::events::shadowed(key, "it came too late for its `expires_after`");
                Ok(())
            }
            age if age > limit && settings.enforced.takes(key) => Err(Error::Expired { at: At::new(key), age, limit }),
            _ => Ok(()),
        }
    }

    /// The key that a call would use now; takes nothing.
    pub(crate) fn preview(
        &self,
        settings: &Settings,
        plan: impl FnOnce(&mut KeyArgs<'_>) -> Result<(), KeyError>,
    ) -> Result<(Key, Option<Fingerprint>), Error> {
        self.derive(settings, &Frame::current(), InForce::would_take, plan)
    }

    /// The key, and a fingerprint of the arguments where it is the delivery's.
    fn derive(
        &self,
        settings: &Settings,
        frame: &Frame,
        takes: impl FnOnce(&InForce, &(Key, Fingerprint)) -> bool,
        plan: impl FnOnce(&mut KeyArgs<'_>) -> Result<(), KeyError>,
    ) -> Result<(Key, Option<Fingerprint>), Error> {
        let delivery = frame.delivery.as_deref();
        let refused = |refusal| Error::key(settings.ident.name(), refusal);
        let mut args = KeyArgs { writer: KeyWriter::new(), delivery };
        plan(&mut args).map_err(refused)?;
        let mut writer = args.writer;
        if let Some(bucket) = &settings.bucket {
            let due = delivery.and_then(InForce::due).unwrap_or_else(|| self.inner.clock.now());
            writer.time(bucket.label(calendar_time(due)));
        }
        let (space, task) = (&self.inner.space, &settings.ident);
        if let Some((delivery, explicit)) = delivery.and_then(|delivery| Some((delivery, delivery.key()?))) {
            let call = writer.under_explicit(space, task, explicit).map_err(refused)?;
            if takes(delivery, &call) {
                return Ok((call.0, Some(call.1)));
            }
        }
        if let Some(template) = &settings.template {
            writer.template(template.text, template.places).map_err(refused)?;
        }
        writer.finish(space, task).map(|key| (key, None)).map_err(refused)
    }
}

/// A time beyond the calendar's range is its nearest end.
fn calendar_time(time: Timestamp) -> jiff::Timestamp {
    let beyond = if time.as_micros() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(time.as_micros()).unwrap_or(beyond)
}

/// Where the plan of a task writes its scopes and arguments.
#[derive(Debug)]
pub struct KeyArgs<'a> {
    pub(crate) writer: KeyWriter,
    pub(crate) delivery: Option<&'a InForce>,
}

impl KeyArgs<'_> {
    /// A scope whose value is the delivery's.
    ///
    /// # Errors
    /// [`KeyError::ScopeMissing`] where the delivery has none of that name.
    pub fn scope_from_delivery(&mut self, kind: &'static str) -> Result<(), KeyError> {
        match self.delivery.and_then(|delivery| delivery.scope(kind)) {
            Some(id) => self.writer.scope(kind, id),
            None => Err(KeyError::ScopeMissing { kind: kind.into() }),
        }
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stores: Vec<_> = self.inner.slots.keys().collect();
        f.debug_struct("Runtime").field("namespace", &self.namespace()).field("stores", &stores).finish_non_exhaustive()
    }
}
