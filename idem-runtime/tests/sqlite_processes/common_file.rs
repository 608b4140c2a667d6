//! Several processes on one file.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;

use idem_runtime::claim::{ClaimVerdict, Previous};
use idem_runtime::record::{State, StoredResult};
use idem_runtime::{SqliteStore, Store};

use crate::support::{Bench, LEASE, START, TestClock, claimed, completion, done, key, request};

const KEYS: u64 = 1_000;
const AT_ONCE: usize = 16;

fn start(child: &str, file: &Path) -> Child {
    let mut command = crate::child(child, file);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The file that a child is to open, once it is told to go.
fn told_to_go() -> PathBuf {
    eprintln!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    crate::place()
}

/// Waits until all children are there, and lets them go at the same moment.
fn go(children: &mut [Child]) -> Vec<BufReader<std::process::ChildStderr>> {
    let mut outputs: Vec<_> = children.iter_mut().map(|child| BufReader::new(child.stderr.take().unwrap())).collect();
    outputs.iter_mut().for_each(|output| assert_eq!(line(output), "ready"));
    children.iter_mut().for_each(|child| child.stdin.take().unwrap().write_all(b"go\n").unwrap());
    outputs
}

fn line(output: &mut impl BufRead) -> String {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

pub fn each_of_a_thousand_common_keys_is_claimed_once_by_two_processes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("idem.db");
    let mut children = [start("child_claims_all_keys", &file), start("child_claims_all_keys", &file)];
    let outputs = go(&mut children);
    let claimed: Vec<HashSet<u64>> =
        outputs.into_iter().map(|output| output.lines().map(|line| line.unwrap().parse().unwrap()).collect()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let [first, second] = &claimed[..] else { unreachable!() };
    assert!(first.is_disjoint(second), "claimed by both: {:?}", first.intersection(second));
    assert_eq!(first.len() + second.len(), usize::try_from(KEYS).unwrap());
    assert!(!first.is_empty() && !second.is_empty(), "one did all: {} and {}", first.len(), second.len());
}

#[tokio::main(flavor = "current_thread")]
pub async fn child_claims_all_keys() {
    let file = told_to_go();
    let store = SqliteStore::open(file).await.unwrap();
    let gate = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let claims = (0..KEYS).map(|n| {
        let (store, gate) = (store.clone(), Arc::clone(&gate));
        tokio::spawn(async move {
            let _permit = gate.acquire_owned().await.unwrap();
            let claim = request(key("t", n));
            match store.claim(&claim).await.unwrap() {
                ClaimVerdict::Claimed(granted) => {
                    store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
                    Some(n)
                }
                ClaimVerdict::Running { .. } | ClaimVerdict::Completed(_) => None,
                other => panic!("{other:?}"),
            }
        })
    });
    for claim in claims.collect::<Vec<_>>() {
        if let Some(n) = claim.await.unwrap() {
            eprintln!("{n}");
        }
    }
}

#[tokio::main(flavor = "current_thread")]
pub async fn ten_processes_that_open_a_new_file_at_once_make_one_set_of_tables() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let file = folder.path().join(format!("{round}.db"));
        let mut children: Vec<_> = (0..10).map(|_| start("child_opens", &file)).collect();
        for output in go(&mut children) {
            let said: Vec<_> = output.lines().map(Result::unwrap).collect();
            assert_eq!(said, ["open"]);
        }
        children.iter_mut().for_each(|child| assert!(child.wait().unwrap().success()));
        let store = SqliteStore::open(&file).await.unwrap();
        assert_eq!(store.list(&idem_runtime::store::ListQuery::default()).await.unwrap().len(), 10);
    }
}

#[tokio::main(flavor = "current_thread")]
pub async fn child_opens() {
    let file = told_to_go();
    let store = SqliteStore::open(file).await.unwrap();
    done(&store, key("t", u64::from(std::process::id())), b"x").await;
    eprintln!("open");
}

#[tokio::main(flavor = "current_thread")]
pub async fn a_claim_of_a_killed_process_is_taken_over_and_its_completed_record_stays() {
    let bench = Bench::new().await;
    let mut child = start("child_claims_and_hangs", &bench.path());
    let mut outputs = go(std::slice::from_mut(&mut child));
    assert_eq!(line(&mut outputs[0]), "claimed");
    child.kill().unwrap();
    child.wait().unwrap();
    let (held, next) = (key("held", 1), request(key("held", 1)));
    let before = bench.store.get(&held).await.unwrap().unwrap();
    assert!(matches!(bench.store.claim(&next).await.unwrap(), ClaimVerdict::Running { lease_left: Some(LEASE), .. }));
    assert_eq!(bench.store.sweep(1_000).await.unwrap().stale, []);
    bench.clock.advance(LEASE);
    assert_eq!(bench.store.sweep(1_000).await.unwrap().stale, [held]);
    let granted = bench.claim(&next).await;
    let (created_at, lease_until) = (before.created_at, before.lease_until.unwrap());
    let previous = Previous { attempt: 1, fence: before.fence, created_at, lease_until };
    assert_eq!((granted.attempt, granted.previous), (2, Some(previous)));
    assert!(granted.fence > before.fence);
    let record = bench.store.get(&key("done", 1)).await.unwrap().unwrap();
    assert_eq!(
        (record.state, record.result.clone()),
        (State::Completed, Some(StoredResult::Envelope(b"x".as_slice().into())))
    );
    assert!(matches!(bench.store.claim(&request(key("done", 1))).await.unwrap(), ClaimVerdict::Completed(_)));
}

#[tokio::main(flavor = "current_thread")]
pub async fn child_claims_and_hangs() {
    let file = told_to_go();
    let store = SqliteStore::builder(file).clock(TestClock::at(START)).open().await.unwrap();
    done(&store, key("done", 1), b"x").await;
    claimed(store.claim(&request(key("held", 1))).await.unwrap());
    eprintln!("claimed");
    std::future::pending::<()>().await;
}

#[tokio::main(flavor = "current_thread")]
pub async fn what_was_answered_before_a_kill_is_there_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("idem.db");
    let mut answered = Vec::new();
    for kill_after in [1, 7, 20, 33, 64] {
        let mut child = start("child_completes_without_end", &file);
        let mut outputs = go(std::slice::from_mut(&mut child));
        let first = answered.len();
        while answered.len() - first < kill_after {
            answered.push(line(&mut outputs[0]).parse::<u64>().unwrap());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let left = std::mem::take(&mut outputs).remove(0).lines().map_while(Result::ok);
        answered.extend(left.filter_map(|line| line.parse::<u64>().ok()));
        let store = SqliteStore::open(&file).await.unwrap();
        for n in &answered {
            let record = store.get(&key("t", *n)).await.unwrap();
            assert!(record.is_some_and(|record| record.state == State::Completed), "{n} was answered");
        }
    }
}

#[tokio::main(flavor = "current_thread")]
pub async fn child_completes_without_end() {
    let file = told_to_go();
    let store = SqliteStore::open(file).await.unwrap();
    for n in u64::from(std::process::id()) << 20.. {
        done(&store, key("t", n), b"x").await;
        eprintln!("{n}");
    }
}
