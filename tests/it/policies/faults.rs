//! The faults, by the names that the table gives them, and how each is made to happen.

use std::time::Duration;

use idem::ErrorDisposition;
use idem::testing::{Fault, Op};

use super::befall::{
    AS_IT_IS, Befallen, FAILS, Here, RETURNS, RUNS_UNPROTECTED, TWO_ATTEMPTS, asking, attempted_before,
    away_at_the_claim, expired, interfered, no_reply, operator, unrecorded,
};
use super::play::{Play, Seen};
use super::tasks::{Act, Fault as Mistake, Form, OnError, Says, Scene};

/// All of them, in the table's order.
pub const FAULTS: [&str; 43] = [
    "the store was away at the claim; `on_store_error = \"fail\"`",
    "the store was away at the claim; `on_store_error = \"run\"`",
    "the claim was applied and no reply came; `on_store_error = \"fail\"`",
    "the claim was applied and no reply came; `on_store_error = \"run\"`",
    "older than `expires_after`",
    "cancelled before it came",
    "dropped before its body",
    "killed before its body",
    "dropped in its body",
    "killed in its body",
    "returned an error; `on_error = \"release\"`",
    "returned an error; `on_error = \"store\"`",
    "returned an error; a function said `Retry`",
    "returned an error; a function said `Store`",
    "returned an error; a function said `Park`",
    "panicked",
    "its function over errors panicked",
    "its error's `Display` panicked",
    "ran longer than `max_runtime`",
    "cancelled while it ran",
    "cleared by force while it ran",
    "heard nothing of the store until its lease was over",
    "paused in its body until another delivery was answered",
    "returned an error in its last attempt",
    "panicked in its last attempt",
    "dropped in its body in its last attempt",
    "killed in its body in its last attempt",
    "dropped while its error was recorded",
    "the store was away when its error was recorded",
    "dropped while its result was recorded",
    "killed before its result was recorded",
    "paused before its result was recorded, until another delivery was answered",
    "the reply to its completion was lost",
    "the store was away after its effect; `on_store_error = \"fail\"`",
    "the store was away after its effect; `on_store_error = \"run\"`",
    "its completion was not answered, its keeper's was",
    "its result was larger than `max_result`",
    "its result could not be encoded",
    "its result's `Serialize` panicked",
    "its `reconcile` function said `DidNotHappen`",
    "its `reconcile` function said `Unknown`",
    "its `reconcile` function panicked",
    "its `reconcile` function was dropped",
];

pub async fn play(fault: &str, play: Play<'_>) -> Seen {
    let begins = |act| Befallen::new(play, act);
    let with = |on_error, act| Befallen::with(play, on_error, AS_IT_IS, Scene::new(act));
    let set = |set, act| Befallen::with(play, OnError::Release, set, Scene::new(act));
    let judged = |disposition| with(OnError::Judge, Act::Fail(Mistake::Judged(disposition)));
    match fault {
        "the store was away at the claim; `on_store_error = \"fail\"`" => away_at_the_claim(begins(RETURNS)).await,
        "the store was away at the claim; `on_store_error = \"run\"`" => {
            away_at_the_claim(set(RUNS_UNPROTECTED, RETURNS)).await
        }
        "the claim was applied and no reply came; `on_store_error = \"fail\"`" => no_reply(begins(RETURNS)).await,
        "the claim was applied and no reply came; `on_store_error = \"run\"`" => {
            no_reply(set(RUNS_UNPROTECTED, RETURNS)).await
        }
        "older than `expires_after`" => expired(set(|task| task.expires_after("1h"), RETURNS)).await,
        "cancelled before it came" => {
            let cancelled = begins(RETURNS);
            assert!(operator(&cancelled, async |runtime, key| runtime.cancel(key).await).await);
            cancelled.answered().await
        }
        "dropped before its body" => begins(RETURNS).dropped(Here::BeforeItsBody).await,
        "killed before its body" => begins(RETURNS).killed(Here::BeforeItsBody).await,
        "dropped in its body" => begins(Act::Wait).dropped(Here::InItsBody).await,
        "killed in its body" => begins(Act::Wait).killed(Here::InItsBody).await,
        "returned an error; `on_error = \"release\"`" => begins(FAILS).answered().await,
        "returned an error; `on_error = \"store\"`" => with(OnError::Store, FAILS).answered().await,
        "returned an error; a function said `Retry`" => judged(ErrorDisposition::Retry).answered().await,
        "returned an error; a function said `Store`" => {
            judged(ErrorDisposition::Store(Duration::from_secs(600))).answered().await
        }
        "returned an error; a function said `Park`" => judged(ErrorDisposition::Park).answered().await,
        "panicked" => begins(Act::Panic).answered().await,
        "its function over errors panicked" => with(OnError::Judge, Act::Fail(Mistake::Unjudgeable)).answered().await,
        "its error's `Display` panicked" => with(OnError::Store, Act::Fail(Mistake::Unspeakable)).answered().await,
        "ran longer than `max_runtime`" => set(|task| task.max_runtime("50ms"), Act::Wait).answered().await,
        "cancelled while it ran" => interfered(begins(Act::Wait), async |runtime, key| runtime.cancel(key).await).await,
        "cleared by force while it ran" => {
            interfered(begins(Act::Wait), async |runtime, key| runtime.clear_forced(key).await).await
        }
        "heard nothing of the store until its lease was over" => {
            let deaf = begins(Act::Wait);
            deaf.process.without_beats();
            deaf.answered().await
        }
        "paused in its body until another delivery was answered" => begins(Act::Wait).paused(Here::InItsBody).await,
        "returned an error in its last attempt" => {
            attempted_before(play).await;
            set(TWO_ATTEMPTS, FAILS).answered().await
        }
        "panicked in its last attempt" => {
            attempted_before(play).await;
            set(TWO_ATTEMPTS, Act::Panic).answered().await
        }
        "dropped in its body in its last attempt" => {
            attempted_before(play).await;
            set(TWO_ATTEMPTS, Act::Wait).dropped(Here::InItsBody).await
        }
        "killed in its body in its last attempt" => {
            attempted_before(play).await;
            set(TWO_ATTEMPTS, Act::Wait).killed(Here::InItsBody).await
        }
        "dropped while its error was recorded" => begins(FAILS).dropped(Here::At(Op::Fail)).await,
        "the store was away when its error was recorded" => {
            let unheard = begins(FAILS);
            unheard.process.away_from(Op::Fail);
            unheard.answered_and_cut_off().await
        }
        "dropped while its result was recorded" => begins(RETURNS).dropped(Here::At(Op::Complete)).await,
        "killed before its result was recorded" => begins(RETURNS).killed(Here::At(Op::Complete)).await,
        "paused before its result was recorded, until another delivery was answered" => {
            begins(RETURNS).paused(Here::At(Op::Complete)).await
        }
        "the reply to its completion was lost" => {
            let unheard = begins(RETURNS);
            unheard.process.store.faults().next(Op::Complete, Fault::LoseReply);
            unheard.answered().await
        }
        "the store was away after its effect; `on_store_error = \"fail\"`" => unrecorded(begins(RETURNS)).await,
        "the store was away after its effect; `on_store_error = \"run\"`" => {
            unrecorded(set(RUNS_UNPROTECTED, RETURNS)).await
        }
        "its completion was not answered, its keeper's was" => {
            let late = begins(RETURNS);
            late.process.store.faults().always(Op::Complete, Fault::LoseRequest);
            late.answered().await
        }
        "its result was larger than `max_result`" => {
            set(|task| task.max_result(1_000), Act::Return(Form::Large)).answered().await
        }
        "its result could not be encoded" => begins(Act::Return(Form::Odd)).answered().await,
        "its result's `Serialize` panicked" => begins(Act::Return(Form::Explosive)).answered().await,
        "its `reconcile` function said `DidNotHappen`" => asking(play, Says::DidNotHappen).await.answered().await,
        "its `reconcile` function said `Unknown`" => asking(play, Says::Unknown).await.answered().await,
        "its `reconcile` function panicked" => asking(play, Says::Panics).await.answered().await,
        "its `reconcile` function was dropped" => asking(play, Says::Waits).await.dropped(Here::InItsBody).await,
        other => panic!("the table has a fault `{other}` that the test cannot make"),
    }
}
