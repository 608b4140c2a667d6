//! A delivery that a fault befalls, and the ways in which one does.

use std::time::{Duration, SystemTime};

use idem::policy::OnStoreError;
use idem::record::State;
use idem::testing::{Fault, Op};
use idem::{Delivery, ErrorDisposition, TaskOptions};

use super::play::{Play, Seen};
use super::process::{Process, answer, drive};
use super::tasks::{self, Act, Calling, Fault as Mistake, Form, OnError, Says, Scene};
use crate::support::until;

pub type Set = fn(TaskOptions) -> TaskOptions;

pub const AS_IT_IS: Set = |task| task;
pub const TWO_ATTEMPTS: Set = |task| task.max_attempts(2);
pub const RUNS_UNPROTECTED: Set = |task| task.on_store_error(OnStoreError::Run);
pub const RETURNS: Act = Act::Return(Form::Plain);
pub const FAILS: Act = Act::Fail(Mistake::Judged(ErrorDisposition::Retry));

/// How far a call comes.
#[derive(Clone, Copy)]
pub enum Here {
    /// Its claim was applied, and it has not heard of it.
    BeforeItsBody,
    InItsBody,
    /// This request of it is on its way.
    At(Op),
}

/// A delivery that a fault befalls, in a process of its own.
pub struct Befallen<'a> {
    pub play: Play<'a>,
    pub on_error: OnError,
    pub set: Set,
    pub process: Process,
    pub scene: Scene,
}

impl<'a> Befallen<'a> {
    pub fn new(play: Play<'a>, act: Act) -> Self {
        Self::with(play, OnError::Release, AS_IT_IS, Scene::new(act))
    }

    pub fn with(play: Play<'a>, on_error: OnError, set: Set, scene: Scene) -> Self {
        Self { play, on_error, set, process: play.process(on_error, set), scene }
    }

    pub fn task(&self) -> &'static str {
        tasks::name(self.on_error, self.play.asks())
    }

    pub fn call(&self) -> Calling<'_> {
        self.process.call(self.task(), self.play.id, &self.scene)
    }

    /// The call is answered, and its process ends in good order.
    pub async fn answered(self) -> Seen {
        let caller = answer(self.call()).await;
        self.ended(caller).await
    }

    /// The call is answered, and its process never reaches the store again.
    pub async fn answered_and_cut_off(self) -> Seen {
        let caller = answer(self.call()).await;
        self.process.dies();
        self.play.after(caller, self.on_error, self.set).await
    }

    pub async fn ended(self, caller: impl Into<String>) -> Seen {
        self.process.ends().await;
        self.play.after(caller.into(), self.on_error, self.set).await
    }

    /// A call that has come so far.
    async fn comes(&self, here: Here) -> Calling<'_> {
        let faults = self.process.store.faults();
        match here {
            Here::BeforeItsBody => faults.next(Op::Claim, Fault::HoldReply),
            Here::InItsBody => {}
            Here::At(op) => faults.next(op, Fault::HoldRequest),
        }
        let mut call = self.call();
        match here {
            Here::BeforeItsBody => drive(&mut call, self.claimed()).await,
            Here::InItsBody => drive(&mut call, self.scene.waiting()).await,
            Here::At(op) => drive(&mut call, faults.reached(op, 1)).await,
        }
        call
    }

    async fn claimed(&self) {
        let key = self.process.key(self.task(), self.play.id);
        let is_running = async || {
            let record = self.play.records.get(&key).await.unwrap();
            record.is_some_and(|record| record.state == State::Running)
        };
        until("the claim is applied", is_running).await;
    }

    pub async fn dropped(self, here: Here) -> Seen {
        drop(self.comes(here).await);
        self.process.store.faults().release();
        self.ended("dropped").await
    }

    pub async fn killed(self, here: Here) -> Seen {
        let call = self.comes(here).await;
        self.process.cut();
        drop(call);
        self.process.dies();
        self.play.after("killed".into(), self.on_error, self.set).await
    }

    /// Its process hears nothing until another delivery was answered, then it goes on.
    pub async fn paused(self, here: Here) -> Seen {
        self.process.without_beats();
        let call = self.comes(here).await;
        // What the other gets nobody asks.
        self.play.after(String::new(), self.on_error, self.set).await;
        self.process.store.faults().release();
        let caller = answer(call).await;
        self.ended(caller).await
    }
}

pub async fn away_at_the_claim(befallen: Befallen<'_>) -> Seen {
    befallen.process.cut();
    befallen.answered_and_cut_off().await
}

/// Each time that the claim is sent.
pub async fn no_reply(befallen: Befallen<'_>) -> Seen {
    befallen.process.store.faults().always(Op::Claim, Fault::LoseReply);
    befallen.answered().await
}

pub async fn expired(befallen: Befallen<'_>) -> Seen {
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 3_600);
    let caller = answer(Box::pin(Delivery::new().enqueued_at(long_ago).run(befallen.call()))).await;
    befallen.ended(caller).await
}

/// What an operator does from another process; whether it was done.
pub async fn operator(
    befallen: &Befallen<'_>,
    act: impl AsyncFnOnce(&idem::Runtime, &idem::Key) -> Result<bool, idem::Error>,
) -> bool {
    let desk = befallen.play.process(befallen.on_error, AS_IT_IS);
    let key = desk.key(befallen.task(), befallen.play.id);
    let done = act(&desk.runtime, &key).await.unwrap();
    desk.ends().await;
    done
}

pub async fn interfered(
    befallen: Befallen<'_>,
    act: impl AsyncFnOnce(&idem::Runtime, &idem::Key) -> Result<bool, idem::Error>,
) -> Seen {
    let call = befallen.comes(Here::InItsBody).await;
    assert!(operator(&befallen, act).await);
    let caller = answer(call).await;
    befallen.ended(caller).await
}

pub async fn unrecorded(befallen: Befallen<'_>) -> Seen {
    befallen.process.away_from(Op::Complete);
    befallen.answered_and_cut_off().await
}

/// One attempt of two has failed.
pub async fn attempted_before(play: Play<'_>) {
    let first = Befallen::with(play, OnError::Release, TWO_ATTEMPTS, Scene::new(FAILS));
    assert_eq!(answer(first.call()).await, "its error");
    first.process.ends().await;
}

/// A delivery that finds an abandoned attempt, and asks.
pub async fn asking(play: Play<'_>, says: Says) -> Befallen<'_> {
    let abandoned = Befallen::new(play, Act::Wait);
    let call = abandoned.comes(Here::InItsBody).await;
    abandoned.process.cut();
    drop(call);
    abandoned.process.dies();
    Befallen::with(play, OnError::Release, AS_IT_IS, Scene::saying(RETURNS, says))
}
