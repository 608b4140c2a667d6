//! One delivery under the faults of its schedule.

use std::any::Any;
use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::process::Process;
use super::schedule::{Harm, Mishap, Point, Side};
use crate::ambient::{Entries, Frame};
use crate::policy::spelled;
use crate::testing::fault::{Fault, Op};

/// A delivery that waits more often than this goes round in circles.
const MOST_AWAITS: u64 = 100_000;

/// A delivery on its way.
pub(super) type Calling<'f> = Pin<Box<dyn Future<Output = Result<(), String>> + 'f>>;

/// How a delivery ended.
pub(super) enum Ending {
    Answered,
    /// With an error or a panic, whose text this is.
    Refused(String),
    Cut {
        /// Killed; else dropped.
        is_killed: bool,
        /// The task whose body was running.
        inside: Option<String>,
    },
    /// Its process is paused.
    Paused {
        /// The task whose body was running.
        inside: Option<String>,
    },
    /// It did not end; the text says how that showed.
    Hung(String),
}

/// What was seen of it.
pub(super) struct Seen<'f> {
    /// Where something could go wrong, in the order of time.
    pub(super) points: Vec<Point>,
    pub(super) ending: Ending,
    /// Whether a body was entered.
    pub(super) has_entered: bool,
    /// What is left of it, where its process is paused.
    pub(super) paused: Option<Calling<'f>>,
}

/// Where the delivery is cut off, and how.
struct Cut {
    point: Point,
    how: How,
}

#[derive(Clone, Copy)]
enum How {
    Kill,
    Drop,
    /// At once; else when it is about to go on.
    Pause {
        at_once: bool,
    },
}

pub(super) fn deliver<'f>(
    process: &Process,
    mut future: Calling<'f>,
    mishaps: &[Mishap],
    entries: &Arc<Entries>,
    patience: Duration,
) -> Seen<'f> {
    mishaps.iter().for_each(|mishap| plan(process, mishap));
    let cut = mishaps.iter().find_map(Cut::of);
    let entered_before = entries.count();
    let mut points = Vec::new();
    let driven = drive(process, &mut future, cut, patience, &mut points);
    let mut ending = process.executor.block_on(process.runtime.enter(frame(entries).scope(driven)));
    let has_entered = entries.count() > entered_before;
    if let Ending::Cut { inside, .. } | Ending::Paused { inside } = &mut ending {
        *inside = entries.innermost(entered_before);
    }
    let mut paused = None;
    match &ending {
        Ending::Paused { .. } => paused = Some(future),
        // A process that is killed runs no destructor. The memory is lost: what it lent must look lent.
        Ending::Cut { is_killed: true, .. } => std::mem::forget(future),
        _ => ending = drop_inside(process, future).unwrap_or(ending),
    }
    Seen { points, ending, has_entered, paused }
}

/// The process of a paused delivery goes on from where it was stopped, with what it knew by then: its next step is one
/// that it was about to make. What was held back on the way to the store and from it arrives.
pub(super) fn go_on(process: &Process, mut future: Calling<'_>, entries: &Arc<Entries>, patience: Duration) -> Ending {
    process.store.faults().heal();
    process.store.keeper_faults().heal();
    process.store.faults().release();
    let goes_on = async {
        match process.goes_on_with(|cx| step(&mut future, cx)).await {
            Poll::Ready(ending) => ending,
            Poll::Pending => drive(process, &mut future, None, patience, &mut Vec::new()).await,
        }
    };
    let ending = process.executor.block_on(process.runtime.enter(frame(entries).scope(goes_on)));
    drop_inside(process, future).unwrap_or(ending)
}

/// The frame in which a delivery's bodies are noted.
fn frame(entries: &Arc<Entries>) -> Frame {
    Frame { entries: Some(Arc::clone(entries)), ..Frame::default() }
}

/// Drops what is left of a delivery. How it ended, where a destructor panics.
fn drop_inside(process: &Process, future: Calling<'_>) -> Option<Ending> {
    let dropped = async { catch_unwind(AssertUnwindSafe(|| drop(future))) };
    let panic = process.executor.block_on(process.runtime.enter(dropped)).err()?;
    Some(Ending::Refused(format!("a panic of a destructor: {}", message(&*panic))))
}

/// One step of a delivery.
fn step(future: &mut Calling<'_>, cx: &mut Context<'_>) -> Poll<Ending> {
    match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Ok(()))) => Poll::Ready(Ending::Answered),
        Ok(Poll::Ready(Err(error))) => Poll::Ready(Ending::Refused(error)),
        Err(panic) => Poll::Ready(Ending::Refused(format!("a panic: {}", message(&*panic)))),
    }
}

/// Polls the delivery until it ends, is to be cut off, or has waited for too long.
async fn drive(
    process: &Process,
    future: &mut Calling<'_>,
    cut: Option<Cut>,
    patience: Duration,
    points: &mut Vec<Point>,
) -> Ending {
    let faults = process.store.faults();
    let mut logged = faults.log().len();
    let mut calls: HashMap<Op, u64> = HashMap::new();
    let mut awaits = 0;
    let mut stops = false;
    let mut limit = Box::pin(tokio::time::sleep(patience));
    let ending = poll_fn(|cx| {
        if limit.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ending::Hung(format!("it did not end within {} of virtual time", spelled(patience))));
        }
        if stops {
            return Poll::Ready(Ending::Paused { inside: None });
        }
        let polled = step(future, cx);
        let known = points.len();
        for call in faults.log_after(logged) {
            logged += 1;
            let number = calls.entry(call.op).or_default();
            *number += 1;
            points.extend(Point::operation(call.op, *number));
        }
        if faults.is_cut() {
            process.store.keeper_faults().cut();
        }
        if polled.is_pending() {
            awaits += 1;
            points.push(Point::Await(awaits));
        }
        if let Some(Cut { how, .. }) = cut.as_ref().filter(|cut| points[known..].contains(&cut.point)) {
            match how {
                How::Pause { at_once: false } => stops = true,
                How::Pause { at_once: true } => return Poll::Ready(Ending::Paused { inside: None }),
                How::Kill => return Poll::Ready(Ending::Cut { is_killed: true, inside: None }),
                How::Drop => return Poll::Ready(Ending::Cut { is_killed: false, inside: None }),
            }
        }
        if polled.is_pending() && awaits >= MOST_AWAITS {
            return Poll::Ready(Ending::Hung(format!("it waited {awaits} times")));
        }
        polled
    });
    let ending = ending.await;
    process.note_time();
    ending
}

impl Cut {
    fn of(mishap: &Mishap) -> Option<Self> {
        let how = match mishap.harm {
            Harm::Kill(_) => How::Kill,
            Harm::Drop(_) => How::Drop,
            Harm::Pause(side) => How::Pause { at_once: side != Side::Here },
            Harm::LoseRequest | Harm::LoseReply | Harm::Late | Harm::Away => return None,
        };
        Some(Self { point: mishap.point, how })
    }
}

/// Makes the store fail as the schedule says.
fn plan(process: &Process, mishap: &Mishap) {
    let Point::Operation(op, number) = mishap.point else { return };
    let faults = process.store.faults();
    let number = faults.count(op) + number;
    match mishap.harm {
        Harm::LoseRequest => faults.at(op, number, Fault::LoseRequest),
        Harm::LoseReply => faults.at(op, number, Fault::LoseReply),
        Harm::Late => faults.at(op, number, Fault::Late),
        Harm::Away => faults.cut_from(op, number),
        // Held back, so that the delivery waits there, where it is cut off.
        Harm::Kill(Side::After) | Harm::Drop(Side::After) | Harm::Pause(Side::After) => {
            faults.at(op, number, Fault::HoldReply);
        }
        Harm::Kill(_) | Harm::Drop(_) | Harm::Pause(_) => faults.at(op, number, Fault::HoldRequest),
    }
}

/// What a panic says.
pub(super) fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it says nothing")
}
