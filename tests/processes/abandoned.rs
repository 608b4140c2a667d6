//! A process that is killed, or stopped for longer than its lease, in the middle of a body; another one goes on.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use idem::{Error, Runtime, idempotent};
use libtest_mimic::Failed;

use crate::child::append;
use crate::place::Place;

const HOLDER: &str = "IDEM_TEST_HOLDER";
const LEASE: Duration = Duration::from_secs(2);

/// The longest that a test waits for a condition.
const BOUND: Duration = Duration::from_secs(30);

/// The holder stays in its body until it is told to go on.
#[idempotent(name = "processes.hold", ttl = "1h", lease = "2s", key(number))]
async fn hold(number: u32, folder: PathBuf, who: &str) -> Result<String, Error> {
    append(&folder.join("entries"), &format!("{who} {}", idem::current().attempt()));
    while who == "holder" && !folder.join("go").exists() {
        // tidy: allow sleep: between looks at what another process does
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(who.to_owned())
}

/// What this process does as a child, if it is one.
pub fn as_child() -> Option<()> {
    let text = std::env::var(HOLDER).ok()?;
    let (folder, store) = text.split_once('\n')?;
    let folder = PathBuf::from(folder);
    let ended = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { runtime(store).await.enter(hold(1, folder.clone(), "holder")).await });
    std::fs::write(folder.join("ended"), format!("{ended:?}")).unwrap();
    Some(())
}

async fn runtime(store: &str) -> Runtime {
    Runtime::builder().store(idem::connect(store).await.unwrap()).namespace("processes").build().unwrap()
}

/// The process in its body; gone with this value.
struct InBody(Child);

impl Drop for InBody {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn holder(place: &Place, folder: &Path) -> InBody {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(HOLDER, format!("{}\n{}", folder.display(), place.url)).stdin(Stdio::null());
    let child = InBody(command.spawn().unwrap());
    // A whole line: the file is there before it is written to.
    let entered = || std::fs::read_to_string(folder.join("entries")).is_ok_and(|lines| lines.ends_with('\n'));
    until("the holder is in its body", entered);
    child
}

fn until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < BOUND, "never came true: {what}");
        // tidy: allow sleep: between looks at what another process does
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(child: &InBody, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.0.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn entries(folder: &Path) -> Vec<String> {
    std::fs::read_to_string(folder.join("entries")).unwrap().lines().map(str::to_owned).collect()
}

/// R1: another caller, who waits already, goes on when the lease is over.
#[tokio::main]
pub async fn killed(place: Place) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    drop(holder(&place, folder.path()));
    let killed = Instant::now();
    let (runtime, path) = (runtime(&place.url).await, folder.path().to_owned());
    let outcome = tokio::time::timeout(BOUND, runtime.enter(hold::call(1, path, "heir"))).await??;
    assert!(killed.elapsed() < LEASE + Duration::from_secs(2), "it took {:?}", killed.elapsed());
    assert!(outcome.is_fresh() && outcome.value() == "heir" && outcome.call().attempt == 2, "{outcome:?}");
    assert_eq!(entries(folder.path()), ["holder 1", "heir 2"]);
    Ok(())
}

/// R3: the one that was stopped wakes up, finds its lease lost, and changes not a byte.
#[tokio::main]
pub async fn stopped(place: Place) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mut child = holder(&place, folder.path());
    signal(&child, "STOP");
    let (runtime, path) = (runtime(&place.url).await, folder.path().to_owned());
    let call = || runtime.enter(hold::call(1, path.clone(), "heir"));
    let outcome = tokio::time::timeout(BOUND, call()).await??;
    assert!(outcome.is_fresh() && outcome.call().attempt == 2, "{outcome:?}");
    // Three leases in all.
    // tidy: allow sleep: that the holder stays stopped for so long is what is tried
    tokio::time::sleep(2 * LEASE).await;
    let before = runtime.enter(hold::status(&1)).await?.ok_or("there is no record")?;
    std::fs::write(folder.path().join("go"), "")?;
    signal(&child, "CONT");
    assert!(child.0.wait()?.success());
    let ended = std::fs::read_to_string(folder.path().join("ended"))?;
    assert!(ended.contains("LeaseLost"), "the holder ended with {ended}");
    assert_eq!(runtime.enter(hold::status(&1)).await?.as_ref(), Some(&before));
    let again = call().await?;
    assert!(again.is_replayed() && again.value() == "heir", "{again:?}");
    assert_eq!(entries(folder.path()), ["holder 1", "heir 2"]);
    Ok(())
}
