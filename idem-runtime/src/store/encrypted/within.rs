//! Encrypted results in the caller's own transaction.

use std::sync::Arc;
use std::time::Duration;

use super::seal::Keys;
use crate::claim::{ClaimRequest, ClaimVerdict, CompleteRequest, CompleteVerdict};
use crate::store::StoreFuture;
use crate::store::within::{Ending, Mark, Within};

pub(super) struct EncryptedWithin<'a> {
    pub(super) inner: Box<dyn Within + 'a>,
    pub(super) keys: Arc<Keys>,
}

impl Within for EncryptedWithin<'_> {
    fn enter<'a>(&'a mut self, mark: &'a Mark, wait: Option<Duration>) -> StoreFuture<'a, ()> {
        self.inner.enter(mark, wait)
    }

    fn claim<'a>(&'a mut self, request: &'a ClaimRequest) -> StoreFuture<'a, Option<ClaimVerdict>> {
        Box::pin(async { self.inner.claim(request).await?.map(|verdict| self.keys.claimed(verdict)).transpose() })
    }

    fn hand_over(&mut self) -> StoreFuture<'_, ()> {
        self.inner.hand_over()
    }

    fn complete<'a>(&'a mut self, request: &'a CompleteRequest) -> StoreFuture<'a, CompleteVerdict> {
        Box::pin(async {
            let closed = self.keys.completion(request)?;
            self.keys.completed(self.inner.complete(&closed).await?)
        })
    }

    fn leave<'a>(&'a mut self, mark: &'a Mark, ending: Ending) -> StoreFuture<'a, bool> {
        self.inner.leave(mark, ending)
    }
}
