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

    /// What another delivery gets meanwhile, which nobody asks.
    pub async fn another_comes(&self) {
        self.play.after(String::new(), self.on_error, self.set).await;
    }

    /// The call is answered, and its process ends in good order.
    pub async fn answered(self) -> Seen {
        let caller = answer(self.call()).await;
        self.ended(caller).await
    }

    /// The call is answered, and its process never reaches the store again.
    pub async fn answered_and_cut_off(self) -> Seen {
        let caller = answer(self.call()).await;
        self.process.is_killed();
        self.play.after(caller, self.on_error, self.set).await
    }

    pub async fn ended(self, caller: impl Into<String>) -> Seen {
        self.process.ends().await;
        self.play.after(caller.into(), self.on_error, self.set).await
    }

    pub async fn dropped(self, here: impl Future<Output = ()>) -> Seen {
        drive(&mut self.call(), here).await;
        self.process.store.faults().release();
        self.ended("dropped").await
    }

    pub async fn dropped_in_its_body(self) -> Seen {
        drive(&mut self.call(), self.scene.waiting()).await;
        self.ended("dropped").await
    }

    pub async fn killed_in_its_body(self) -> Seen {
        let mut call = self.call();
        drive(&mut call, self.scene.waiting()).await;
        self.process.cut();
        drop(call);
        self.process.is_killed();
        self.play.after("killed".into(), self.on_error, self.set).await
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

pub async fn before_its_body(befallen: Befallen<'_>) -> Seen {
    befallen.process.store.faults().next(Op::Claim, Fault::HoldReply);
    let key = befallen.process.key(befallen.task(), befallen.play.id);
    let records = befallen.play.records;
    let applied = until("the claim is applied", async || {
        records.get(&key).await.unwrap().is_some_and(|record| record.state == State::Running)
    });
    befallen.dropped(applied).await
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
    let mut call = befallen.call();
    drive(&mut call, befallen.scene.waiting()).await;
    assert!(operator(&befallen, act).await);
    let caller = answer(call).await;
    befallen.ended(caller).await
}

pub async fn paused_in_its_body(befallen: Befallen<'_>) -> Seen {
    befallen.process.without_beats();
    let mut call = befallen.call();
    drive(&mut call, befallen.scene.waiting()).await;
    befallen.another_comes().await;
    let caller = answer(call).await;
    befallen.ended(caller).await
}

pub async fn paused_before_its_result(befallen: Befallen<'_>) -> Seen {
    befallen.process.without_beats();
    let faults = befallen.process.store.faults();
    faults.next(Op::Complete, Fault::HoldRequest);
    let mut call = befallen.call();
    drive(&mut call, faults.reached(Op::Complete, 1)).await;
    befallen.another_comes().await;
    faults.release();
    let caller = answer(call).await;
    befallen.ended(caller).await
}

pub async fn dropped_at(befallen: Befallen<'_>, op: Op) -> Seen {
    let faults = befallen.process.store.faults().clone();
    faults.next(op, Fault::HoldRequest);
    befallen.dropped(async { faults.reached(op, 1).await }).await
}

pub async fn killed_before_its_result(befallen: Befallen<'_>) -> Seen {
    let faults = befallen.process.store.faults();
    faults.next(Op::Complete, Fault::HoldRequest);
    let mut call = befallen.call();
    drive(&mut call, faults.reached(Op::Complete, 1)).await;
    befallen.process.cut();
    drop(call);
    befallen.process.is_killed();
    befallen.play.after("killed".into(), befallen.on_error, befallen.set).await
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
    let mut call = abandoned.call();
    drive(&mut call, abandoned.scene.waiting()).await;
    abandoned.process.cut();
    drop(call);
    abandoned.process.is_killed();
    Befallen::with(play, OnError::Release, AS_IT_IS, Scene::saying(RETURNS, says))
}
