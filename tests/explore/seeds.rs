//! A failure is run again by its seed.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use idem::testing::{Explorer, Promise};

use crate::world::{Payments, charge};

fn explorer<'a>() -> Explorer<
    'a,
    Payments,
    impl Fn() -> Payments + Send,
    impl AsyncFn(&Payments) -> Result<u32, crate::world::AppError> + Send,
> {
    let deliver = async |payments: &Payments| charge(payments, 4711).await;
    Explorer::new(Payments::default, deliver).always(|payments| payments.charges() <= 1)
}

#[test]
fn a_seed_replays_the_same_failure() {
    let first = explorer().run();
    let violation = first.violation().unwrap();
    let again = explorer().replay(violation.seed()).run();
    assert_eq!(again.schedules(), 1);
    assert_eq!(again.violation().unwrap().to_string(), violation.to_string());
    assert!(again.to_string().contains("the replay of 1@await2=kill"), "{again}");
}

#[test]
fn a_seed_whose_schedule_holds_holds() {
    let again = explorer().replay("1@await1=kill").run();
    again.assert_holds();
    assert!(!again.is_complete());
}

/// The test whose child runs under the variable.
#[test]
fn the_variable_replays_too() {
    const CHILD: &str = "IDEM_EXPLORE_TEST_CHILD";
    if std::env::var(CHILD).is_ok() {
        explorer().run().assert_holds();
        return;
    }
    let child = |seed: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "seeds::the_variable_replays_too", "--nocapture"]);
        let output = command.env(CHILD, "1").env("IDEM_EXPLORE", seed).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (passed, told) = child("1@complete1=kill-before");
    assert!(!passed && told.contains("again: `IDEM_EXPLORE=1@complete1=kill-before cargo test"), "{told}");
    let (passed, told) = child("1@await1=kill");
    assert!(passed, "{told}");
}

#[test]
fn a_seed_that_a_changed_handler_does_not_reach_says_so() {
    let found = explorer().replay("1@await9=kill").run();
    assert_eq!(found.violation().unwrap().promise(), Promise::Repeatable);
    let told = found.to_string();
    assert!(told.contains("delivery 1 does not come to await9 this time"), "{told}");
}

#[test]
fn what_is_no_seed_is_refused() {
    for wrong in [
        "",
        "kill",
        "1@await2",
        "1@await0=kill",
        "1@await2=kill-before",
        "1@claim1=kill",
        "0@await1=kill",
        "1@keeper1=late",
        "1@await1=kill;",
        "1@await1=kill,",
    ] {
        let refused = explorer().replay(wrong).run();
        assert_eq!((refused.violation().unwrap().promise(), refused.schedules()), (Promise::Starts, 0));
        assert!(
            refused.to_string().contains("is no fault: copy what a failed exploration printed"),
            "{wrong}: {refused}"
        );
    }
}

/// A claim that arrives late holds up the next delivery, which asks again and again, with pauses that are random elsewhere.
#[test]
fn a_replay_waits_as_often_as_the_first_time() {
    let waits = || {
        let count = AtomicU32::new(0);
        let deliver = async |payments: &Payments| {
            let mut call = std::pin::pin!(charge(payments, 4711));
            std::future::poll_fn(|cx| {
                count.fetch_add(1, Ordering::SeqCst);
                call.as_mut().poll(cx)
            })
            .await
        };
        Explorer::new(Payments::default, deliver).replay("1@claim1=late,1@await1=kill").run().assert_holds();
        count.into_inner()
    };
    let first = waits();
    assert!(first > 50, "{first}");
    assert_eq!(waits(), first);
}
