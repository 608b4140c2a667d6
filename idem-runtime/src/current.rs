//! The running claim, as its body sees it.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::ambient::Frame;
use crate::clock::Clock;
use crate::error::{At, Error};
use crate::flight::Waits;
use crate::gate::{Gate, Inside, Pass};
use crate::key::Key;
use crate::lease::Lease;
use crate::step::Steps;
use crate::store::Store;

/// A call whose body is running.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) key: Key,
    pub(crate) attempt: u32,
    pub(crate) fence: Option<u64>,
    /// None where the call runs unprotected, which has no fence either, and where a transaction holds its claim.
    pub(crate) lease: Option<Arc<Lease>>,
    pub(crate) store: Arc<dyn Store>,
    /// The clock on which the lease's deadline is measured.
    pub(crate) clock: Arc<dyn Clock>,
    /// The call from whose body this one was made.
    pub(crate) caller: Option<Arc<Running>>,
    /// The steps that the body takes.
    pub(crate) steps: Steps,
    /// What the body waits for.
    pub(crate) waits: Arc<Waits>,
    /// The pass that it is under way with.
    pub(crate) inside: Inside,
}

impl Running {
    /// Whether this call, or one that it was made from, has this key in this store: it would wait for itself.
    pub(crate) fn holds(&self, key: &Key, store: &Arc<dyn Store>) -> bool {
        let mut call = Some(self);
        while let Some(running) = call {
            if running.key == *key && Arc::ptr_eq(&running.store, store) {
                return true;
            }
            call = running.caller.as_deref();
        }
        false
    }

    /// The pass of this call, or of the nearest one that it was made from, through this gate: while its body runs.
    pub(crate) fn pass(&self, gate: &Arc<Gate>) -> Option<Pass> {
        let calls = std::iter::successors(Some(self), |running| running.caller.as_deref());
        calls.into_iter().find_map(|running| running.inside.pass(gate))
    }
}

/// The running claim of the task that calls this: inside the body of an idempotent handler, that handler's.
///
/// Tasks that a body spawns do not inherit its claim: carry it into them with [`in_current`].
///
/// Outside of any body it stands for no claim: `key` is `None`, `attempt` is 0, and what needs a claim is an error.
pub fn current() -> Current {
    Current { running: Frame::running() }
}

/// The key for an effect of the call of this key.
pub(crate) fn effect_key(key: &Key, name: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"idem1-effect");
    hash.update(key.digest());
    hash.update(name.as_bytes());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Carries the running claim and the delivery of the task that calls this into a future that is to be spawned. There
/// [`current`] is the claim of the body that spawned it; a call of that body's key, which would wait for the body, is
/// [`Error::Reentrant`]; and the delivery's scopes and times hold. The runtime that was entered is not carried: spawn
/// `runtime.enter(idem::in_current(…))` where none is installed.
///
/// The lease is the body's: once the body has ended, [`Current::ensure_owned`] answers [`Error::LeaseLost`].
///
/// ```
/// # use idem_runtime as idem;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), idem::Error> {
/// # let runtime = idem::Runtime::builder().store(idem::MemoryStore::new()).build()?;
/// # let call = runtime.call("shop.order").arg("order", &4711);
/// # call.run(async || {
/// // In the body of an idempotent handler:
/// let resized = tokio::spawn(idem::in_current(async { idem::current().derive_key("resize") }));
/// assert_eq!(resized.await.unwrap()?, idem::current().derive_key("resize")?);
/// # Ok::<_, idem::Error>(())
/// # }).await?;
/// # Ok(()) }
/// ```
///
/// # Cancel safety
/// As the future's own.
pub fn in_current<F: Future>(future: F) -> impl Future<Output = F::Output> {
    // Nobody waits for the outcome of a call that is made there.
    Frame { report: None, ..Frame::current() }.scope(Box::pin(future))
}

/// The running claim of a body; see [`current`].
#[derive(Debug, Clone)]
pub struct Current {
    running: Option<Arc<Running>>,
}

impl Current {
    /// The key of the call.
    pub fn key(&self) -> Option<&Key> {
        self.running.as_ref().map(|running| &running.key)
    }

    /// Which attempt this is, from 1; 0 outside of a body and in an unprotected run.
    pub fn attempt(&self) -> u32 {
        self.running.as_ref().map_or(0, |running| running.attempt)
    }

    /// The fencing token: higher than that of every earlier claim of the key. Hand it to a downstream system that refuses
    /// a lower one than it has seen, and a holder that outlived its lease cannot write. `None` where there is no claim.
    pub fn fence(&self) -> Option<u64> {
        self.running.as_ref().and_then(|running| running.fence)
    }

    /// Whether the call was cancelled since it began, as far as the last heartbeat knows. At its next await the body ends anyway.
    pub fn cancelled(&self) -> bool {
        self.running.as_ref().and_then(|running| running.lease.as_ref()).is_some_and(|lease| lease.is_cancelled())
    }

    /// Asks the store whether the claim is still this call's, and renews it: before a step that cannot be undone. In a
    /// transactional task the transaction holds the claim, and nothing is asked.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] where it is not; [`Error::StoreUnavailable`] where the store cannot be asked;
    /// [`Error::Config`] where there is no claim.
    ///
    /// # Cancel safety
    /// Safe: a renewal whose answer is not awaited does no harm.
    pub async fn ensure_owned(&self) -> Result<(), Error> {
        let running = self.claimed("ensure_owned")?;
        let Some(lease) = &running.lease else {
            return if running.fence.is_some() { Ok(()) } else { Err(no_claim("ensure_owned")) };
        };
        let confirmed = lease.confirm(&*running.store, &*running.clock).await;
        if confirmed.map_err(|source| Error::store(&running.key, source))? {
            return Ok(());
        }
        Err(Error::LeaseLost { at: At::new(&running.key) })
    }

    /// A key for an effect of this call, to hand to a provider that takes idempotency keys: the same on every attempt,
    /// another for every `name`. 64 hexadecimal digits: SHA-256 of `idem1-effect`, the key's digest and the name.
    ///
    /// # Errors
    /// [`Error::Config`] where there is no call.
    pub fn derive_key(&self, name: &str) -> Result<String, Error> {
        let running = self.claimed("derive_key")?;
        Ok(effect_key(&running.key, name))
    }

    fn claimed(&self, what: &str) -> Result<&Running, Error> {
        self.running.as_deref().ok_or_else(|| no_claim(what))
    }
}

fn no_claim(what: &str) -> Error {
    Error::Config(format!(
        "`idem::current().{what}` needs a running claim: call it inside the body of an idempotent handler"
    ))
}
