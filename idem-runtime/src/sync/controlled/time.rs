//! Time that passes only where [`passes`] or [`advance`] says so. Each schedule has its own, from zero.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::switch;

thread_local! {
    /// One operating-system thread runs a whole schedule.
    static TIME: RefCell<Time> = RefCell::default();
}

#[derive(Default)]
struct Time {
    now: Duration,
    /// Who sleeps until when. The number tells sleepers until the same moment apart.
    sleepers: BTreeMap<(Duration, u64), Waker>,
    slept: u64,
    /// Waits for somebody to sleep.
    hand: Option<Waker>,
}

/// A new schedule begins.
pub(crate) fn begin() {
    let before = TIME.take();
    drop(before);
}

/// What has passed.
pub(crate) fn passed() -> Duration {
    TIME.with_borrow(|time| time.now)
}

/// Lets time pass, whatever else there is to do, as in a process that is paused.
pub(crate) fn advance(by: Duration) {
    switch();
    let woken = TIME.with_borrow_mut(|time| {
        time.now += by;
        let later = time.sleepers.split_off(&(time.now, u64::MAX));
        std::mem::replace(&mut time.sleepers, later)
    });
    woken.into_values().for_each(Waker::wake);
}

/// Lets time pass to the next moment for which somebody sleeps, again and again. The scheduler lets it go on only when
/// nobody else can.
pub(crate) async fn passes() {
    loop {
        let next = poll_fn(|cx| {
            TIME.with_borrow_mut(|time| match time.sleepers.first_key_value() {
                Some(((until, _), _)) => Poll::Ready(until.saturating_sub(time.now)),
                None => {
                    time.hand = Some(cx.waker().clone());
                    Poll::Pending
                }
            })
        });
        advance(next.await);
        shuttle::future::yield_now().await;
    }
}

/// As tokio's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Duration);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(passed())
    }

    pub(crate) fn checked_add(self, by: Duration) -> Option<Self> {
        self.0.checked_add(by).map(Self)
    }
}

#[derive(Debug)]
pub(crate) struct Sleep {
    until: Duration,
    number: u64,
}

pub(crate) fn sleep(pause: Duration) -> Sleep {
    sleep_until(Instant(passed().saturating_add(pause)))
}

fn sleep_until(until: Instant) -> Sleep {
    let number = TIME.with_borrow_mut(|time| {
        time.slept += 1;
        time.slept
    });
    Sleep { until: until.0, number }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        switch();
        let (slept, hand) = TIME.with_borrow_mut(|time| {
            if time.now >= self.until {
                return (Poll::Ready(()), None);
            }
            time.sleepers.insert((self.until, self.number), cx.waker().clone());
            (Poll::Pending, time.hand.take())
        });
        if let Some(hand) = hand {
            hand.wake();
        }
        slept
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        _ = TIME.try_with(|time| time.borrow_mut().sleepers.remove(&(self.until, self.number)));
    }
}

/// It took too long.
#[derive(Debug)]
pub(crate) struct Elapsed;

pub(crate) fn timeout<F: Future>(limit: Duration, future: F) -> impl Future<Output = Result<F::Output, Elapsed>> {
    timeout_at(Instant(passed().saturating_add(limit)), future)
}

pub(crate) fn timeout_at<F: Future>(until: Instant, future: F) -> impl Future<Output = Result<F::Output, Elapsed>> {
    let sleep = sleep_until(until);
    async move {
        let (mut future, mut sleep) = (pin!(future), pin!(sleep));
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => sleep.as_mut().poll(cx).map(|()| Err(Elapsed)),
        })
        .await
    }
}
