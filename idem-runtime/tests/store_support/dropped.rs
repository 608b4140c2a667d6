//! Futures that are given up, and callers that are not.
#![allow(dead_code, reason = "helpers of tests, not all of them in each")]

use std::pin::Pin;
use std::task::{Context, Poll};

use idem_runtime::StoreError;
use idem_runtime::store::StoreFuture;

/// Polls a future so often, as it asks to be polled, and then drops it.
pub struct Dropped<F> {
    pub future: F,
    pub polls_left: u32,
}

impl<F: Future + Unpin> Future for Dropped<F> {
    /// What the future answered, where it did in time.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls_left == 0 {
            return Poll::Ready(None);
        }
        self.polls_left -= 1;
        Pin::new(&mut self.future).poll(context).map(Some)
    }
}

/// Asks until there is an answer, as the pipeline does.
pub async fn persistent<'a, T>(ask: impl Fn() -> StoreFuture<'a, T>) -> T {
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(StoreError::Unavailable { .. }) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    }
}
