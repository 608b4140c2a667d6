//! Owners that are stopped for longer than their lease, and go on while another has taken over.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use idem::idempotent;
use idem::testing::{Explorer, Promise};
use tokio::time::Instant;

use crate::world::{AppError, Payments, charge_at_once, charge_safely, lock};

/// A row of somebody's table, on which the newest attempt is to have the last word.
#[derive(Debug, Default)]
struct Row {
    /// Which attempts wrote, in the order in which they did.
    attempts: Mutex<Vec<u32>>,
    fence: Mutex<u64>,
}

impl Row {
    /// Writes, whoever asks.
    fn write(&self, attempt: u32) {
        lock(&self.attempts).push(attempt);
    }

    /// Writes, unless somebody newer has.
    fn write_under(&self, fence: u64, attempt: u32) -> Result<(), AppError> {
        let mut highest = lock(&self.fence);
        if fence < *highest {
            return Err(AppError::Refused("a newer attempt has written"));
        }
        *highest = fence;
        self.write(attempt);
        Ok(())
    }

    fn is_in_order(&self) -> bool {
        lock(&self.attempts).is_sorted()
    }

    fn is_written(&self) -> bool {
        !lock(&self.attempts).is_empty()
    }
}

#[idempotent(name = "explore.unfenced")]
async fn unfenced(#[idem(skip)] row: &Row, id: u32) -> Result<u32, AppError> {
    tokio::task::yield_now().await;
    row.write(idem::current().attempt());
    Ok(id)
}

#[idempotent(name = "explore.asked_before")]
async fn asked_before(#[idem(skip)] row: &Row, id: u32) -> Result<u32, AppError> {
    tokio::task::yield_now().await;
    idem::current().ensure_owned().await?;
    row.write(idem::current().attempt());
    Ok(id)
}

#[idempotent(name = "explore.fenced")]
async fn fenced(#[idem(skip)] row: &Row, id: u32) -> Result<u32, AppError> {
    tokio::task::yield_now().await;
    let current = idem::current();
    row.write_under(current.fence().unwrap_or_default(), current.attempt())?;
    Ok(id)
}

/// Planted: the owner that was stopped before its write makes it after the next one's. No other fault shows that.
#[test]
fn a_write_without_the_fence_comes_after_the_next_owners() {
    let explorer = || {
        let deliver = async |row: &Row| unfenced(row, 1).await;
        Explorer::new(Row::default, deliver).always(Row::is_in_order).at_the_end(Row::is_written)
    };
    let found = explorer().run();
    let violation = found.violation().unwrap_or_else(|| panic!("nothing was found\n{found}"));
    assert_eq!((violation.promise(), violation.seed()), (Promise::Invariant, "1@await1=pause"));
    let steps = violation.steps();
    assert_eq!(
        steps[..2],
        [
            "delivery 1: paused the 1st time it waited, in the body of `explore.unfenced`, for longer than its lease",
            "delivery 2: answered",
        ]
    );
    assert!(steps[2].starts_with("delivery 1 goes on, and answered an error: ") && steps[2].contains("lost its lease"));
    let told = found.to_string();
    assert!(told.contains("it does not hold after delivery 1\n"), "{told}");
    // Pauses are tried last: what any other single fault does is no harm.
    let others = ["1@await1=kill", "1@await1=drop", "1@complete1=kill-before", "1@complete1=away"];
    others.into_iter().for_each(|seed| explorer().replay(seed).run().assert_holds());
}

/// Planted: the answer was true when it was given.
#[test]
fn to_ask_before_the_write_is_not_enough() {
    let deliver = async |row: &Row| asked_before(row, 1).await;
    let explorer = || Explorer::new(Row::default, deliver).always(Row::is_in_order);
    let found = explorer().run();
    let violation = found.violation().unwrap_or_else(|| panic!("nothing was found\n{found}"));
    assert_eq!((violation.promise(), violation.seed()), (Promise::Invariant, "1@renew1=pause-after"));
    explorer().replay("1@await1=pause").run().assert_holds();
    explorer().replay("1@renew1=pause-before").run().assert_holds();
}

/// Mended: the row knows the newest fence.
#[test]
fn a_write_under_the_fence_is_refused_to_the_owner_that_was_replaced() {
    let deliver = async |row: &Row| fenced(row, 1).await;
    let found = Explorer::new(Row::default, deliver).always(Row::is_in_order).at_the_end(Row::is_written).run();
    found.assert_holds();
    assert_eq!(found.entries(), (1, 3), "{found}");
}

/// Both bodies ran, the record is the second's, and the first is told.
#[test]
fn the_completion_of_an_owner_that_was_replaced_is_refused() {
    let answers = Mutex::new(Vec::new());
    let deliver = async |payments: &Payments| {
        let answer = charge_at_once::call(payments, 1).await;
        lock(&answers).push(answer.as_ref().map(|outcome| outcome.kind()).map_err(ToString::to_string));
        answer
    };
    let twice = |payments: &Payments| payments.charges() == 2;
    Explorer::new(Payments::default, deliver).at_the_end(twice).replay("1@complete1=pause-before").run().assert_holds();
    let answers = answers.into_inner().unwrap();
    let [Ok("fresh"), Err(refused), Ok("replayed")] = &answers[..] else { panic!("{answers:?}") };
    assert!(refused.contains("lost its lease"), "{refused}");
}

/// Its completion had been applied: the next delivery is a duplicate, and the one that was stopped hears that it is done.
#[test]
fn an_owner_that_hears_late_of_its_completion_was_not_replaced() {
    let deliver = async |payments: &Payments| charge_at_once(payments, 1).await;
    let once = |payments: &Payments| payments.charges() == 1;
    let explorer = |seed: &str| Explorer::new(Payments::default, deliver).at_the_end(once).replay(seed).run();
    explorer("1@complete1=pause-after").assert_holds();
    // Nobody took over: the delivery that came meanwhile was given up before it asked.
    explorer("1@complete1=pause-before,2@claim1=drop-before").assert_holds();
}

/// What was set aside meanwhile is completed by the owner, who knows; the last delivery comes after it.
#[test]
fn an_owner_completes_what_was_set_aside_meanwhile() {
    #[idempotent(name = "explore.parked", on_stale = "park")]
    async fn parked(#[idem(skip)] payments: &Payments, order: u32) -> Result<u32, AppError> {
        payments.charge_at_once();
        Ok(order)
    }
    let refused = AtomicU32::new(0);
    let deliver = async |payments: &Payments| {
        let answer = parked(payments, 1).await;
        refused.fetch_add(u32::from(answer.is_err()), Ordering::SeqCst);
        answer
    };
    let explorer = Explorer::new(Payments::default, deliver).at_the_end(|payments| payments.charges() == 1);
    explorer.replay("1@complete1=pause-before").run().assert_holds();
    assert_eq!(refused.into_inner(), 1, "the one that came meanwhile");
}

/// Amends made for a lost lease: the other owner's work is undone.
#[test]
fn amends_of_an_owner_that_was_replaced_are_found() {
    let deliver = async |payments: &Payments| {
        let answer = charge_safely(payments, 1).await;
        if let Err(AppError::Idem(idem::Error::LeaseLost { .. })) = &answer {
            payments.refund();
        }
        answer
    };
    let found = Explorer::new(Payments::default, deliver).at_the_end(|payments| payments.charges() == 1).run();
    let violation = found.violation().unwrap_or_else(|| panic!("nothing was found\n{found}"));
    assert_eq!(violation.promise(), Promise::AtTheEnd, "{found}");
    assert!(violation.seed().contains("pause"), "{found}");
}

#[test]
fn each_delivery_may_be_paused() {
    let deliver = async |payments: &Payments| charge_safely(payments, 1).await;
    let once = |payments: &Payments| payments.charges() == 1;
    let found =
        Explorer::new(Payments::default, deliver).at_the_end(once).replay("1@await1=pause,2@await1=pause").run();
    found.assert_holds();
    assert_eq!(found.entries(), (3, 3), "the third comes while the second is paused");
}

/// What waits for a time goes on when it has come, by whichever clock.
#[test]
fn time_passes_for_a_paused_process_too() {
    type Times = Mutex<Vec<Instant>>;
    #[idempotent(name = "explore.long", lease = "30s", key())]
    async fn long(#[idem(skip)] times: &Times) -> Result<u32, AppError> {
        // tidy: allow sleep: in virtual time
        tokio::time::sleep(Duration::from_secs(100)).await;
        lock(times).push(Instant::now());
        Ok(1)
    }
    let deliver = async |times: &Times| {
        let answer = long(times).await;
        lock(times).push(Instant::now());
        answer
    };
    let found =
        Explorer::new(Times::default, deliver).at_the_end(|times| lock(times).len() == 5 && lock(times).is_sorted());
    let found = found.replay("1@await1=pause").run();
    assert!(found.violation().is_none(), "{found}");
}
