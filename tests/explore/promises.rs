//! Each promise: who keeps it, who breaks it, and what is said then.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use idem::testing::{Exploration, Explorer, Promise, explore};
use idem::{Error, idempotent};

use crate::world::{AppError, Payments, charge, charge_at_once, charge_safely, lock};

/// The promise that was broken, and the seed of the smallest schedule.
fn broken(found: &Exploration) -> (Promise, &str) {
    let violation = found.violation().unwrap_or_else(|| panic!("nothing was found\n{found}"));
    (violation.promise(), violation.seed())
}

#[test]
fn an_effect_under_the_providers_key_is_safe() {
    let once = |payments: &Payments| payments.charges() == 1;
    let at_most_once = |payments: &Payments| payments.charges() <= 1;
    let deliver = async |payments: &Payments| charge_safely(payments, 4711).await;
    let found = Explorer::new(Payments::default, deliver).always(at_most_once).at_the_end(once).run();
    found.assert_holds();
    assert!(found.is_complete() && found.schedules_of(2) > found.schedules_of(1), "{found}");
    assert_eq!((found.awaits(), found.operations(), found.entries().0), (2, 2, 1), "{found}");
    assert!(found.entries().1 > 1, "{found}");
}

#[test]
fn an_effect_without_one_is_done_twice_when_the_owner_is_killed_after_it() {
    let deliver = async |payments: &Payments| charge(payments, 4711).await;
    let found = explore(Payments::default, deliver, |payments| payments.charges() <= 1);
    assert_eq!(broken(&found), (Promise::Invariant, "1@await2=kill"));
    let steps = [
        "delivery 1: killed the 2nd time it waited, in the body of `explore.unsafe`",
        "the leases ran out, and another process took over",
        "delivery 2: answered",
    ];
    assert_eq!(found.violation().unwrap().steps(), steps);
    let told = found.to_string();
    for part in [
        "it does not hold after delivery 2",
        "12 (1 without a fault, 11 with one)",
        "IDEM_EXPLORE=1@await2=kill cargo test <this test>",
        "up to the first that fails",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

/// The body waits nowhere, so it is killed where its completion is sent.
#[test]
fn a_body_without_awaits_is_killed_between_its_effect_and_its_completion() {
    let deliver = async |payments: &Payments| charge_at_once(payments, 4711).await;
    let found = explore(Payments::default, deliver, |payments| payments.charges() <= 1);
    assert_eq!(broken(&found), (Promise::Invariant, "1@complete1=kill-before"));
    let step = "delivery 1: killed before the 1st `complete` reached the store, outside of any body";
    assert_eq!(found.violation().unwrap().steps()[0], step);
}

/// Planted: the charge comes before the claim.
#[test]
fn an_effect_before_the_claim_needs_no_fault_to_fail() {
    let deliver = async |payments: &Payments| {
        payments.charge().await;
        charge_safely(payments, 4711).await
    };
    let found = explore(Payments::default, deliver, |payments| payments.charges() <= 2);
    assert_eq!(broken(&found), (Promise::Invariant, "none"));
}

/// The claim is confirmed after the effect, and a lost answer fails the body.
#[test]
fn an_error_after_the_effect_runs_it_again() {
    #[idempotent(name = "explore.late_doubt")]
    async fn late_doubt(#[idem(skip)] payments: &Payments, order: u32) -> Result<u32, AppError> {
        payments.charge_at_once();
        idem::current().ensure_owned().await?;
        Ok(order)
    }
    let deliver = async |payments: &Payments| late_doubt(payments, 1).await;
    let seeds = ["1@renew1=lose-request", "1@renew1=lose-reply"];
    for seed in seeds {
        let explorer = Explorer::new(Payments::default, deliver).always(|payments| payments.charges() <= 1);
        assert_eq!(broken(&explorer.replay(seed).run()), (Promise::Invariant, seed));
    }
    let found = explore(Payments::default, deliver, |payments| payments.charges() <= 1);
    assert_eq!(broken(&found), (Promise::Invariant, seeds[0]));
}

#[test]
fn what_is_lost_is_found_at_the_end() {
    #[idempotent(name = "explore.gives_up")]
    async fn gives_up(#[idem(skip)] payments: &Payments, order: u32) -> Result<u32, AppError> {
        if idem::current().attempt() == 1 {
            payments.charge().await;
        }
        Ok(order)
    }
    let deliver = async |payments: &Payments| gives_up(payments, 1).await;
    let at_most_once = |payments: &Payments| payments.charges() <= 1;
    let once = |payments: &Payments| payments.charges() == 1;
    explore(Payments::default, deliver, at_most_once).assert_holds();
    let found = Explorer::new(Payments::default, deliver).always(at_most_once).at_the_end(once).run();
    assert_eq!(broken(&found), (Promise::AtTheEnd, "1@claim1=kill-after"));
}

#[test]
fn what_an_assert_says_is_told() {
    let deliver = async |payments: &Payments| charge(payments, 4711).await;
    let found = explore(Payments::default, deliver, |payments| {
        assert!(payments.charges() <= 1, "customer charged {} times", payments.charges());
        true
    });
    assert!(found.to_string().contains("customer charged 2 times"), "{found}");
}

#[test]
fn a_handler_that_hangs_is_reported() {
    #[idempotent(name = "explore.hangs")]
    async fn hangs(id: u32) -> Result<u32, AppError> {
        if idem::current().attempt() == 2 {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
        Ok(id)
    }
    #[idempotent(name = "explore.circles")]
    async fn circles(id: u32) -> Result<u32, AppError> {
        loop {
            tokio::task::yield_now().await;
            if id != 1 {
                return Ok(id);
            }
        }
    }
    let found = explore(|| (), async |()| hangs(1).await, |()| true);
    assert_eq!(broken(&found), (Promise::Ends, "1@claim1=kill-after"));
    assert!(found.to_string().contains("delivery 2 hangs: it did not end within 1d of virtual time"), "{found}");
    let found = explore(|| (), async |()| circles(1).await, |()| true);
    assert_eq!(broken(&found), (Promise::Ends, "none"));
    assert!(found.to_string().contains("delivery 1 hangs: it waited 100000 times"), "{found}");
}

#[test]
fn a_patient_explorer_waits_longer() {
    #[idempotent(name = "explore.slow", lease = "1h")]
    async fn slow(id: u32) -> Result<u32, AppError> {
        // tidy: allow sleep: in virtual time
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        Ok(id)
    }
    let explorer = || Explorer::new(|| (), async |()| slow(1).await).max_faults(1);
    explorer().run().assert_holds();
    assert_eq!(broken(&explorer().patience(Duration::from_secs(60)).run()), (Promise::Ends, "none"));
}

#[test]
fn a_last_delivery_that_is_refused_is_reported() {
    #[idempotent(name = "explore.once_only")]
    async fn once_only(id: u32) -> Result<u32, AppError> {
        tokio::task::yield_now().await;
        if idem::current().attempt() > 1 { Err(AppError::Refused("seen before")) } else { Ok(id) }
    }
    let found = explore(|| (), async |()| once_only(1).await, |()| true);
    assert_eq!(broken(&found), (Promise::Answers, "1@claim1=kill-after"));
    assert!(found.to_string().contains("answered an error: refused: seen before"), "{found}");
    let found =
        explore(|| (), async |()| once_only(1).await.map_err(|_| panic!("no error")).map(drop).or(Err("")), |()| true);
    assert!(found.to_string().contains("answered an error: a panic: no error"), "{found}");
}

/// A strict task refuses duplicates, and a cancelled one whatever comes: the record says so.
#[test]
fn a_refusal_that_the_record_explains_is_none() {
    #[idempotent(name = "explore.strict", strict)]
    async fn strict(id: u32) -> Result<u32, AppError> {
        tokio::task::yield_now().await;
        Ok(id)
    }
    #[idempotent(name = "explore.cancelled")]
    async fn cancelled(id: u32) -> Result<u32, AppError> {
        let key = idem::current().key().unwrap().clone();
        idem::task("explore.cancelled")?.cancel(&key).await?;
        Ok(id)
    }
    explore(|| (), async |()| strict(1).await, |()| true).assert_holds();
    let found = Explorer::new(|| (), async |()| strict(1).await).at_the_end(|()| false).run();
    assert_eq!(broken(&found), (Promise::AtTheEnd, "none"), "its work is done, and can be judged");
    // Nothing promises the effect of what was set aside.
    let found = Explorer::new(|| (), async |()| cancelled(1).await).at_the_end(|()| false).replay("none").run();
    found.assert_holds();
    assert_eq!(found.entries(), (1, 1), "{found}");
    // A duplicate of a strict task enters no body: where one was entered, the error is another's.
    #[idempotent(name = "explore.refuses")]
    async fn refuses(id: u32) -> Result<u32, AppError> {
        if id == 0 { Ok(id) } else { Err(AppError::Refused("always")) }
    }
    let deliver = async |(): &()| {
        strict(2).await.ok();
        refuses(1).await
    };
    assert_eq!(broken(&explore(|| (), deliver, |()| true)), (Promise::Answers, "none"));
}

/// Cleared by force and killed, the key runs again although its lease would hold.
#[test]
fn a_second_body_under_a_live_lease_is_reported() {
    #[idempotent(name = "explore.forced")]
    async fn forced(id: u32) -> Result<u32, AppError> {
        let key = idem::current().key().unwrap().clone();
        idem::task("explore.forced")?.clear_forced(&key).await?;
        tokio::task::yield_now().await;
        Ok(id)
    }
    let found = Explorer::new(|| (), async |()| forced(1).await).replay("1@await1=kill").run();
    assert_eq!(broken(&found), (Promise::OneBody, "1@await1=kill"));
    let told = "delivery 2 entered the body of `explore.forced` while another's lease held";
    assert!(found.to_string().contains(told), "{found}");
}

#[test]
fn a_handler_that_does_not_do_the_same_twice_is_reported() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    #[idempotent(name = "explore.moody")]
    async fn moody(id: u32) -> Result<u32, AppError> {
        if RUNS.fetch_add(1, Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        Ok(id)
    }
    let found = explore(|| (), async |()| moody(1).await, |()| true);
    assert_eq!(broken(&found), (Promise::Repeatable, "1@await1=kill"));
    assert!(found.to_string().contains("delivery 1 does not come to await1 this time"), "{found}");
}

/// A task of a store of its own, and one that needs a secret: the explorer has both.
#[test]
fn named_stores_and_secrets_need_not_be_given() {
    #[idempotent(name = "explore.billing", store = "billing", pii)]
    async fn billing(email: String) -> Result<usize, AppError> {
        tokio::task::yield_now().await;
        Ok(email.len())
    }
    explore(|| (), async |()| billing("a@example.org".into()).await, |()| true).assert_holds();
}

#[test]
fn a_runtime_that_cannot_be_built_is_reported() {
    let found = Explorer::new(|| (), async |()| Ok::<_, Error>(()))
        .runtime(|builder| builder.task("no.such", |task| task))
        .run();
    assert_eq!(broken(&found), (Promise::Starts, "none"));
    assert!(found.to_string().contains("no.such"), "{found}");
}

#[test]
fn an_exploration_that_was_cut_short_says_so() {
    let explorer = || {
        let deliver = async |payments: &Payments| charge_safely(payments, 4711).await;
        Explorer::new(Payments::default, deliver).max_faults(1)
    };
    let all = explorer().run();
    assert!(all.is_complete() && all.to_string().contains("which are all"), "{all}");
    assert!(explorer().max_schedules(all.schedules()).run().is_complete());
    let cut = explorer().max_schedules(all.schedules() - 1).run();
    assert!(!cut.is_complete() && cut.violation().is_none(), "{cut}");
    let told = std::panic::catch_unwind(|| cut.assert_holds()).unwrap_err();
    let told = told.downcast_ref::<String>().unwrap();
    assert!(told.contains("`max_schedules` ended it: raise it, or lower `max_faults`"), "{told}");
}

#[test]
fn where_nothing_can_go_wrong_the_exploration_ends() {
    let found = Explorer::new(|| (), async |()| Ok::<_, Error>(())).max_faults(usize::MAX).run();
    assert!(found.is_complete() && found.schedules() == 1, "{found}");
    assert_eq!((found.awaits(), found.operations(), found.entries()), (0, 0, (0, 0)));
}

/// An async runtime cannot run in another one's thread.
#[tokio::test]
async fn it_may_be_called_in_an_async_test() {
    let deliver = async |payments: &Payments| charge_safely(payments, 4711).await;
    Explorer::new(Payments::default, deliver).max_faults(1).run().assert_holds();
}

#[test]
fn handlers_that_call_handlers_are_explored() {
    #[idempotent(name = "explore.outer")]
    async fn outer(#[idem(skip)] steps: &Mutex<Vec<&'static str>>, id: u32) -> Result<u32, AppError> {
        tokio::task::yield_now().await;
        inner(steps, id).await?;
        tokio::task::yield_now().await;
        Ok(id)
    }
    #[idempotent(name = "explore.inner")]
    async fn inner(#[idem(skip)] steps: &Mutex<Vec<&'static str>>, id: u32) -> Result<u32, AppError> {
        lock(steps).push("inner");
        Ok(id)
    }
    let deliver = async |steps: &Mutex<Vec<_>>| outer(steps, 1).await;
    let found =
        Explorer::new(Mutex::default, deliver).at_the_end(|steps: &Mutex<Vec<_>>| !lock(steps).is_empty()).run();
    found.assert_holds();
    assert_eq!((found.awaits(), found.operations()), (2, 4), "{found}");
}

/// A claim that arrives late gets its lease again, though its owner was killed: that is waited for, not reported.
#[test]
fn a_late_claim_holds_up_no_delivery() {
    #[idempotent(name = "explore.busy", on_in_progress = "error")]
    async fn busy(#[idem(skip)] payments: &Payments, order: u32) -> Result<u32, AppError> {
        payments.charge_under(&idem::current().derive_key("charge")?).await;
        Ok(order)
    }
    let deliver = async |payments: &Payments| busy(payments, 4711).await;
    Explorer::new(Payments::default, deliver).replay("1@claim1=late,1@await1=kill").run().assert_holds();
}
