//! Running the checks.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};

use super::bench::{Bench, Stop};
use super::checks::{CHECKS, Check};
use super::fixture::{BoxError, Fixture};
use super::report::{Finding, Outcome, Report};

/// A check that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// Checks that really wait for leases run so many at once: they sleep most of the time.
const AT_ONCE: usize = 8;

/// Runs all checks, each on a store of its own: one after the other by a manual clock, several at once where time really
/// passes.
///
/// It needs a Tokio runtime with time; one of several threads lets the checks of concurrency collide for real.
///
/// # Cancel safety
/// Dropped, it leaves the stores of the checks that ran as they were.
pub async fn run(open: impl AsyncFn() -> Result<Fixture, BoxError>) -> Report {
    run_where(open, |_| true).await
}

/// Runs the checks that `wanted` takes.
///
/// # Cancel safety
/// As [`run`].
pub async fn run_where(open: impl AsyncFn() -> Result<Fixture, BoxError>, wanted: impl Fn(&Check) -> bool) -> Report {
    let mut findings: Vec<(usize, Finding)> = Vec::new();
    let mut waiting = JoinSet::new();
    for (number, check) in CHECKS.iter().enumerate().filter(|(_, check)| wanted(check)) {
        let fixture = match open().await {
            Ok(fixture) => fixture,
            Err(error) => {
                let outcome = Outcome::Failed { found: format!("no store: {error}"), steps: Vec::new() };
                findings.push((number, Finding { check, outcome }));
                continue;
            }
        };
        let really_waits = fixture.clock.is_none();
        waiting.spawn(async move { (number, Finding { check, outcome: outcome(check, fixture).await }) });
        while waiting.len() >= if really_waits { AT_ONCE } else { 1 } {
            findings.extend(waiting.join_next().await.map(ended));
        }
    }
    while let Some(finding) = waiting.join_next().await {
        findings.push(ended(finding));
    }
    findings.sort_by_key(|(number, _)| *number);
    Report { findings: findings.into_iter().map(|(_, finding)| finding).collect() }
}

/// Panics of checks are caught; this is one of the fixture's own, when it was dropped.
fn ended<T>(finding: Result<T, JoinError>) -> T {
    finding.unwrap_or_else(|error| resume_unwind(Box::new(format!("a fixture did not end well: {error}"))))
}

/// Runs the check of this name, for a test of its own.
///
/// # Panics
/// Where the check fails or there is none of that name.
///
/// # Cancel safety
/// As [`run`].
pub async fn run_one(name: &str, open: impl AsyncFn() -> Result<Fixture, BoxError>) {
    let report = run_where(open, |check| check.name == name).await;
    assert!(!report.findings.is_empty(), "there is no check `{name}`");
    report.assert_passed();
}

/// Makes each check of the suite a `#[test]` of its own, in the module where it stands.
///
/// ```no_run
/// mod memory {
///     # use idem_runtime as idem;
///     # use idem::testing::conformance::{BoxError, Fixture};
///     # async fn open() -> Result<Fixture, BoxError> { Err("".into()) }
///     idem::conformance_tests!(super::open);
/// }
/// ```
#[macro_export]
macro_rules! conformance_tests {
    ($open:expr) => {
        $crate::__conformance_checks!($crate::__conformance_test, $open);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_test {
    ($open:expr; $($module:ident { $(#[doc = $promise:literal] $name:ident: $rule:literal,)* })*) => {
        $($(
            #[test]
            fn $name() {
                $crate::testing::conformance::__test(stringify!($name), $open);
            }
        )*)*
    };
}

/// What `conformance_tests!` expands to.
#[doc(hidden)]
pub fn __test(name: &str, open: impl AsyncFn() -> Result<Fixture, BoxError>) {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run_one(name, open)),
        Err(error) => std::panic::panic_any(format!("no runtime for the check: {error}")),
    }
}

async fn outcome(check: &Check, fixture: Fixture) -> Outcome {
    let bench = Bench::new(check.name, fixture);
    let ended = tokio::time::timeout(LONGEST, caught(check, &bench)).await;
    let stop = match ended {
        Ok(Ok(Ok(()))) => return Outcome::Passed,
        Ok(Ok(Err(stop))) => stop,
        Ok(Err(panic)) => Stop::Failed(format!("panicked: {}", text_of(&panic))),
        Err(_) => Stop::Failed(format!("no end within {} s", LONGEST.as_secs())),
    };
    match stop {
        Stop::Skipped(why) | Stop::Unclear(why) => Outcome::Skipped(why),
        Stop::Failed(found) => Outcome::Failed { found, steps: bench.steps() },
    }
}

/// A panic of a store is a failed check, not the end of the suite.
async fn caught(check: &Check, bench: &Bench) -> Result<Result<(), Stop>, Box<dyn Any + Send>> {
    let mut run = pin!((check.run)(bench));
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(ended)) => Poll::Ready(Ok(ended)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".into())
}
