//! tokio's own `Notify`: what it does in one step of its own is one step here.

use std::pin::Pin;
use std::task::{Context, Poll};

use super::switch;

#[derive(Debug, Default)]
pub(crate) struct Notify(tokio::sync::Notify);

#[derive(Debug)]
pub(crate) struct Notified<'a>(Pin<Box<tokio::sync::futures::Notified<'a>>>);

impl Notify {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn notified(&self) -> Notified<'_> {
        switch();
        Notified(Box::pin(self.0.notified()))
    }

    pub(crate) fn notify_one(&self) {
        switch();
        self.0.notify_one();
    }

    pub(crate) fn notify_waiters(&self) {
        switch();
        self.0.notify_waiters();
    }
}

impl Notified<'_> {
    pub(crate) fn enable(self: Pin<&mut Self>) -> bool {
        switch();
        self.get_mut().0.as_mut().enable()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        switch();
        self.get_mut().0.as_mut().poll(cx)
    }
}
