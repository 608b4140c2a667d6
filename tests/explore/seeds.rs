//! A failure is run again by its seed.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Mutex;

use idem::testing::{Explorer, Promise};

use tokio::time::Instant;

use crate::world::{Payments, charge, charge_safely, lock};

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
        "1@claim1=pause",
        "1@await1=pause-after",
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

/// A call that was given up holds up the next one, whose pauses are random elsewhere.
#[test]
fn a_replay_takes_as_long_as_the_first_time() {
    let times = Mutex::new(BTreeSet::new());
    let deliver = async |payments: &Payments| {
        let begun = Instant::now();
        let given_up = futures::poll!(Box::pin(charge_safely(payments, 4711))).is_ready();
        let second = charge_safely(payments, 4711).await;
        lock(&times).insert((given_up, begun.elapsed()));
        second
    };
    for _ in 0..20 {
        Explorer::new(Payments::default, deliver).replay("none").run().assert_holds();
    }
    let times = times.into_inner().unwrap();
    // The replay in the second delivery takes no time.
    assert_eq!(times.len(), 2, "{times:?}");
    assert!(times.iter().any(|(given_up, elapsed)| !given_up && !elapsed.is_zero()), "{times:?}");
}
