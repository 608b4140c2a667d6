//! Bodies that may go to another thread, and bodies that may not.
#![deny(warnings)]

use std::rc::Rc;

use idem::idempotent;

use super::{entered, once};
use crate::support::{AppError, runtime};

#[idempotent(skip(shared))]
async fn stays(user: u64, shared: Rc<u64>) -> Result<u64, AppError> {
    entered();
    let held = Rc::clone(&shared);
    tokio::task::yield_now().await;
    Ok(user + *held)
}

#[idempotent]
async fn travels(user: u64, text: &str) -> Result<usize, AppError> {
    entered();
    tokio::task::yield_now().await;
    let _ = user;
    Ok(text.len())
}

#[tokio::test]
async fn a_body_that_is_not_send_runs_where_it_may() {
    let local = tokio::task::LocalSet::new();
    let spawned = local.run_until(async {
        let call = async {
            once!(local stays(1, Rc::new(2)), 3);
            assert!(stays::call(1, Rc::new(2)).await.unwrap().is_replayed());
        };
        tokio::task::spawn_local(async { runtime().enter(call).await }).await
    });
    spawned.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_send_goes_to_any_thread() {
    let call = async {
        once!(travels(1, "ab"), 2);
        assert!(travels::call(1, "ab").await.unwrap().is_replayed());
        assert!(travels::status(&1, "ab").await.unwrap().is_some());
    };
    tokio::spawn(async { runtime().enter(call).await }).await.unwrap();
}
