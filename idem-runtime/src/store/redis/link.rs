//! The connection of a store: one, for all calls at once, replaced where it breaks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Pipeline, RedisResult, Value};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use super::fault;
use super::script::Call;
use super::shared::Shared;
use super::sweep::Bookmark;
use super::wire::{Node, Wire};
use crate::store::StoreError;

/// Pauses before each try of a question whose connection broke. Requests name their owner, so asking again is safe.
const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(5), Duration::from_millis(50)];

/// What one command was answered.
pub(super) type Reply = RedisResult<Value>;

pub(super) struct Link {
    pub(super) shared: Arc<Shared>,
    live: Mutex<Option<Live>>,
    /// Of many callers without a connection one makes it.
    connecting: tokio::sync::Mutex<()>,
    made: AtomicU64,
    pub(super) bookmark: Bookmark,
}

/// A connection, and which one it is.
#[derive(Clone)]
struct Live {
    wire: Wire,
    number: u64,
}

impl Link {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let (live, connecting, made) = (Mutex::default(), tokio::sync::Mutex::default(), AtomicU64::new(0));
        Self { shared, live, connecting, made, bookmark: Bookmark::default() }
    }

    /// The beginning of one operation, and of its time.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] outside a Tokio runtime.
    pub(super) fn talk(&self) -> Result<Talk<'_>, StoreError> {
        if Handle::try_current().is_err() {
            return Err(fault::unavailable(&self.shared.name, "it must be asked from within a Tokio runtime"));
        }
        Ok(Talk { link: self, deadline: self.shared.time.uptime() + self.shared.limits.response })
    }

    /// Makes the connection, where there is none.
    ///
    /// # Errors
    /// What keeps it from being made.
    pub(super) async fn meet(&self) -> Result<(), StoreError> {
        let talk = self.talk()?;
        match timeout(talk.left(), self.live()).await {
            Ok(live) => live.map(drop),
            Err(_) => Err(fault::late(&self.shared.name, self.shared.limits.response)),
        }
    }

    /// Asks once more what was asked when the connection was made: a server can forget everything without closing it.
    ///
    /// # Errors
    /// As [`Link::meet`].
    pub(super) async fn meet_again(&self) -> Result<(), StoreError> {
        self.meet().await?;
        let Some(live) = self.current() else { return Ok(()) };
        match timeout(self.talk()?.left(), live.wire.greet(&self.shared)).await {
            // It was broken before: the next one is asked when it is made.
            Ok(Err(StoreError::Unavailable { .. })) => {
                self.forget(live.number);
                self.meet().await
            }
            Ok(met) => met,
            Err(_) => {
                self.forget(live.number);
                Err(fault::late(&self.shared.name, self.shared.limits.response))
            }
        }
    }

    fn current(&self) -> Option<Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The connection, made now where there is none.
    async fn live(&self) -> Result<Live, StoreError> {
        if let Some(live) = self.current() {
            return Ok(live);
        }
        let _one = self.connecting.lock().await;
        if let Some(live) = self.current() {
            return Ok(live);
        }
        let wire = Wire::connect(&self.shared).await?;
        let live = Live { wire, number: self.made.fetch_add(1, Ordering::Relaxed) };
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Some(live.clone());
        Ok(live)
    }

    /// Nobody uses this connection from now on; those that do go on to their end.
    fn forget(&self, number: u64) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.take_if(|live| live.number == number);
    }
}

/// One operation's questions, which have one limit together.
pub(super) struct Talk<'a> {
    link: &'a Link,
    /// In uptime.
    deadline: Duration,
}

impl Talk<'_> {
    /// How much of the operation's time is left.
    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.shared().time.uptime())
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.link.shared
    }

    /// Sends commands together, to the server of their key, and answers each. Commands may arrive twice, where a connection
    /// breaks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where nothing was answered within the limit.
    pub(super) async fn ask(&self, commands: &Pipeline) -> Result<Vec<Reply>, StoreError> {
        self.ask_at(&Node::OfTheKey, commands).await
    }

    /// As [`Talk::ask`], to one server of a cluster.
    ///
    /// # Errors
    /// As [`Talk::ask`].
    pub(super) async fn ask_at(&self, node: &Node, commands: &Pipeline) -> Result<Vec<Reply>, StoreError> {
        let shared = &self.link.shared;
        let mut last = fault::late(&shared.name, shared.limits.response);
        for pause in PAUSES {
            if pause >= self.left() {
                break;
            }
            if !pause.is_zero() {
                sleep(pause).await;
            }
            let live = match self.link.current() {
                Some(live) => Ok(Ok(live)),
                None => timeout(self.left(), self.link.live()).await,
            };
            let live = match live {
                Ok(Ok(live)) => live,
                Ok(Err(error @ StoreError::Unavailable { .. })) => {
                    last = error;
                    continue;
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => break,
            };
            match timeout(self.left(), live.wire.send(node, commands)).await {
                Ok(Ok(replies)) if replies.len() == commands.len() => {
                    if replies.iter().filter_map(|reply| reply.as_ref().err()).any(fault::ends_connection) {
                        self.link.forget(live.number);
                    }
                    return Ok(replies);
                }
                Ok(Ok(_)) => return Err(fault::odd(&shared.name)),
                Ok(Err(error)) => {
                    self.link.forget(live.number);
                    last = fault::of(&shared.name, &error);
                }
                // The connection may be to a machine that is gone: the next call makes another.
                Err(_) => {
                    self.link.forget(live.number);
                    return Err(fault::late(&shared.name, shared.limits.response));
                }
            }
        }
        Err(last)
    }

    /// Runs scripts together and answers each. Those that the server does not know are sent again with their text.
    ///
    /// # Errors
    /// As [`Talk::ask`].
    pub(super) async fn run(&self, calls: &[Call<'_>]) -> Result<Vec<Reply>, StoreError> {
        #[cfg(feature = "redis-cluster")]
        if calls.len() > 1 && matches!(self.shared().address, super::address::Address::Cluster(_)) {
            return super::cluster::run_each(self, calls).await;
        }
        let mut commands = pipeline();
        for call in calls {
            commands.add_command(call.by_hash());
        }
        let mut replies = self.ask(&commands).await?;
        let is_unknown = |reply: &Reply| reply.as_ref().err().is_some_and(fault::is_unknown_script);
        if !replies.iter().any(is_unknown) {
            return Ok(replies);
        }
        let mut commands = pipeline();
        for (call, _) in calls.iter().zip(&replies).filter(|(_, reply)| is_unknown(reply)) {
            commands.add_command(call.by_text());
        }
        let mut again = self.ask(&commands).await?.into_iter();
        for reply in replies.iter_mut().filter(|reply| is_unknown(reply)) {
            *reply = again.next().unwrap_or(Ok(Value::Nil));
        }
        Ok(replies)
    }

    /// Runs one script.
    ///
    /// # Errors
    /// As [`Talk::ask`].
    pub(super) async fn run_one(&self, call: Call<'_>) -> Result<Reply, StoreError> {
        self.run(&[call]).await?.pop().ok_or_else(|| fault::odd(&self.link.shared.name))
    }
}

/// Commands that are answered one by one: an error of one is not the others'.
pub(super) fn pipeline() -> Pipeline {
    let mut pipeline = redis::pipe();
    pipeline.ignore_errors();
    pipeline
}
