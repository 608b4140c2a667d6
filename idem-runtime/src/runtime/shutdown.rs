//! The end of a process in good order.

use std::fmt;
use std::time::Duration;

use super::Runtime;
use crate::events;
use crate::key::Key;
use crate::sync::time;

/// What was under way when a shutdown ended; see [`Runtime::shutdown`]. `Display` says it in a line, with the keys.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Shutdown {
    /// How many calls, locks and tickets there still were. What a body calls is a part of it, and not counted apart.
    pub calls: usize,
    /// The keys of the bodies that still ran, those that they had called among them, and of the locks that were held
    /// (task `idem.lock`). Not those of calls that waited for the answer of a store.
    pub running: Vec<Key>,
    /// The keys of dropped calls whose claims the store could not be told of: their leases have to run out.
    pub unsettled: Vec<Key>,
}

impl Shutdown {
    /// Whether nothing was under way any more, and the store was told of all that is to be told: the process may end. What a task's
    /// `reconcile` is to be asked for after a drop stays claimed until its lease is over.
    pub fn is_complete(&self) -> bool {
        self.calls == 0 && self.unsettled.is_empty()
    }
}

impl Runtime {
    /// Ends the work of this runtime, before its process ends. From the moment this is called, awaited or not, no body begins any
    /// more: new calls, and those that wait for another, get [`Error::ShutDown`](crate::Error::ShutDown), and no record is changed
    /// for them. Bodies that run may go on, with all that they call, and so may holders of locks. The future ends when none is
    /// left and the store was told of what dropped calls left behind, or when it was awaited for as long as `deadline`.
    ///
    /// What runs beyond the deadline is not freed: its claims hold as long as their heartbeats are sent. Drop those calls,
    /// or end the process; their tasks' `on_stale` says then what a later delivery does. The report says which they are.
    ///
    /// ```
    /// # use idem_runtime as idem;
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), idem::Error> {
    /// let runtime = idem::Runtime::builder().store(idem::MemoryStore::new()).build()?;
    /// # let asked_to_end = async {};
    /// let work = runtime.call("shop.order").arg("order", &4711).run(async || Ok::<_, idem::Error>("done".to_owned()));
    /// let worker = async {
    ///     assert_eq!(work.await?.into_value(), "done");
    ///     Ok::<_, idem::Error>(())
    /// };
    /// let end = async {
    ///     asked_to_end.await; // `tokio::signal::ctrl_c()`, in a service
    ///     runtime.shutdown(Duration::from_secs(20)).await
    /// };
    /// let (worked, ended) = tokio::join!(worker, end);
    /// worked?;
    /// assert!(ended.is_complete(), "{ended}");
    /// let late = runtime.call("shop.order").arg("order", &4712).run(async || Ok::<_, idem::Error>(())).await;
    /// assert!(late.unwrap_err().is_retryable()); // for another process: give it back to the queue
    /// # Ok(()) }
    /// ```
    ///
    /// A second shutdown waits as well, for its own deadline. Looking, clearing and sweeping go on as before. Called inside a
    /// body, it waits for that body: spawn it.
    ///
    /// # Panics
    /// Where the future is polled outside a tokio runtime with its time driver, as tokio's own timers do.
    ///
    /// # Cancel safety
    /// Safe: dropped, also before it was awaited, nothing waits any more, and no body begins all the same.
    pub fn shutdown(&self, deadline: Duration) -> impl Future<Output = Shutdown> + Send + use<> {
        let runtime = self.clone();
        runtime.inner.gate.close();
        async move {
            _ = time::timeout(deadline, runtime.ended()).await;
            let left = runtime.under_way();
            events::shut_down(left.calls, left.unsettled.len());
            left
        }
    }

    /// Waits until nothing is under way. Calls that are dropped leave to the keeper before they are gone.
    async fn ended(&self) {
        self.inner.gate.emptied().await;
        for slot in self.slots() {
            slot.keeper.settled().await;
        }
    }

    fn under_way(&self) -> Shutdown {
        let gate = &self.inner.gate;
        let leased = self.slots().flat_map(|slot| slot.keeper.held());
        Shutdown {
            calls: gate.count(),
            running: leased.chain(gate.unleased()).collect(),
            unsettled: self.slots().flat_map(|slot| slot.keeper.unsettled()).collect(),
        }
    }
}

impl fmt::Display for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_complete() {
            return f.write_str("nothing is under way");
        }
        write!(f, "under way: {}{}", self.calls, Keys(&self.running))?;
        if !self.unsettled.is_empty() {
            write!(f, "; not settled: {}{}", self.unsettled.len(), Keys(&self.unsettled))?;
        }
        Ok(())
    }
}

/// Keys in brackets, where there are any.
struct Keys<'a>(&'a [Key]);

impl fmt::Display for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.0.split_first() else { return Ok(()) };
        write!(f, " ({first}")?;
        others.iter().try_for_each(|key| write!(f, ", {key}"))?;
        f.write_str(")")
    }
}
