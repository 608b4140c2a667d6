//! One delivery under the faults of its schedule.

use std::any::Any;
use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::process::Process;
use super::schedule::{Harm, Mishap, Point, Side};
use crate::ambient::{Entries, Frame};
use crate::policy::spelled;
use crate::testing::fault::{Fault, Op};

/// A delivery that waits more often than this goes round in circles.
const MOST_AWAITS: u64 = 100_000;

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
    /// It did not end; the text says how that showed.
    Hung(String),
}

/// What was seen of it.
pub(super) struct Seen {
    /// Where something could go wrong, in the order of time.
    pub(super) points: Vec<Point>,
    pub(super) ending: Ending,
    /// Whether a body was entered.
    pub(super) has_entered: bool,
}

/// Where the delivery is cut off, and how.
struct Cut {
    point: Point,
    is_killed: bool,
}

pub(super) fn deliver(
    process: &Process,
    future: impl Future<Output = Result<(), String>>,
    mishaps: &[Mishap],
    entries: &Arc<Entries>,
    patience: Duration,
) -> Seen {
    let mut future = Box::pin(future);
    mishaps.iter().for_each(|mishap| plan(process, mishap));
    let cut = mishaps.iter().find_map(Cut::of);
    let entered_before = entries.count();
    let frame = Frame { entries: Some(Arc::clone(entries)), ..Frame::default() };
    let mut points = Vec::new();
    let driven = drive(process, future.as_mut(), cut, patience, &mut points);
    let mut ending = process.executor.block_on(process.runtime.enter(frame.scope(driven)));
    let has_entered = entries.count() > entered_before;
    if let Ending::Cut { is_killed, inside } = &mut ending {
        *inside = entries.innermost(entered_before);
        if *is_killed {
            // A process that is killed runs no destructor. The memory is lost: what it lent must look lent.
            std::mem::forget(future);
            return Seen { points, ending, has_entered };
        }
    }
    let dropped = async { catch_unwind(AssertUnwindSafe(|| drop(future))) };
    if let Err(panic) = process.executor.block_on(process.runtime.enter(dropped)) {
        ending = Ending::Refused(format!("a panic of a destructor: {}", message(&*panic)));
    }
    Seen { points, ending, has_entered }
}

/// Polls the delivery until it ends, is to be cut off, or has waited for too long.
async fn drive<F: Future<Output = Result<(), String>>>(
    process: &Process,
    mut future: Pin<&mut F>,
    cut: Option<Cut>,
    patience: Duration,
    points: &mut Vec<Point>,
) -> Ending {
    let faults = process.store.faults();
    let mut logged = faults.log().len();
    let mut calls: HashMap<Op, u64> = HashMap::new();
    let mut awaits = 0;
    let mut limit = Box::pin(tokio::time::sleep(patience));
    let ending = poll_fn(|cx| {
        if limit.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ending::Hung(format!("it did not end within {} of virtual time", spelled(patience))));
        }
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
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
        if matches!(polled, Ok(Poll::Pending)) {
            awaits += 1;
            points.push(Point::Await(awaits));
        }
        if let Some(Cut { is_killed, .. }) = cut.as_ref().filter(|cut| points[known..].contains(&cut.point)) {
            return Poll::Ready(Ending::Cut { is_killed: *is_killed, inside: None });
        }
        match polled {
            Ok(Poll::Ready(Ok(()))) => Poll::Ready(Ending::Answered),
            Ok(Poll::Ready(Err(error))) => Poll::Ready(Ending::Refused(error)),
            Err(panic) => Poll::Ready(Ending::Refused(format!("a panic: {}", message(&*panic)))),
            Ok(Poll::Pending) if awaits >= MOST_AWAITS => {
                Poll::Ready(Ending::Hung(format!("it waited {awaits} times")))
            }
            Ok(Poll::Pending) => Poll::Pending,
        }
    });
    let ending = ending.await;
    process.note_time();
    ending
}

impl Cut {
    fn of(mishap: &Mishap) -> Option<Self> {
        let is_killed = match mishap.harm {
            Harm::Kill(_) => true,
            Harm::Drop(_) => false,
            Harm::LoseRequest | Harm::LoseReply | Harm::Late | Harm::Away => return None,
        };
        Some(Self { point: mishap.point, is_killed })
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
        Harm::Kill(Side::After) | Harm::Drop(Side::After) => faults.at(op, number, Fault::HoldReply),
        Harm::Kill(_) | Harm::Drop(_) => faults.at(op, number, Fault::HoldRequest),
    }
}

/// What a panic says.
pub(super) fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it says nothing")
}
