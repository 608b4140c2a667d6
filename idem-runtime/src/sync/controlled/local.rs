//! tokio's values of a task are an operating-system thread's, and all tasks of a schedule share one: these are a task's own.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// As tokio's macro, for one value.
macro_rules! task_local {
    (static $name:ident: $type:ty;) => {
        static $name: $crate::sync::controlled::LocalKey<$type> = {
            shuttle::thread_local! {
                static SLOT: std::cell::RefCell<Option<$type>> = std::cell::RefCell::new(None);
            }
            $crate::sync::controlled::LocalKey::new(&SLOT)
        };
    };
}
pub(crate) use task_local;

type Slot<T> = shuttle::thread::LocalKey<RefCell<Option<T>>>;

pub(crate) struct LocalKey<T: 'static>(&'static Slot<T>);

/// There is no value here.
#[derive(Debug)]
pub(crate) struct Missing;

impl<T> LocalKey<T> {
    pub(crate) const fn new(slot: &'static Slot<T>) -> Self {
        Self(slot)
    }

    pub(crate) fn try_with<R>(&'static self, look: impl FnOnce(&T) -> R) -> Result<R, Missing> {
        let seen = self.0.try_with(|slot| slot.borrow().as_ref().map(look));
        seen.ok().flatten().ok_or(Missing)
    }

    pub(crate) fn scope<F: Future>(&'static self, value: T, future: F) -> Scope<T, F> {
        Scope { key: self, value: Some(value), future: Some(Box::pin(future)) }
    }
}

/// A future that sees the value while it is polled, and while it is dropped.
pub(crate) struct Scope<T: 'static, F> {
    key: &'static LocalKey<T>,
    /// The value while it is not polled, and what was there before while it is.
    value: Option<T>,
    future: Option<Pin<Box<F>>>,
}

impl<T, F> Scope<T, F> {
    fn swap(&mut self) {
        _ = self.key.0.try_with(|slot| std::mem::swap(&mut *slot.borrow_mut(), &mut self.value));
    }

    fn inside<R>(&mut self, act: impl FnOnce(&mut Option<Pin<Box<F>>>) -> R) -> R {
        struct Back<'a, T: 'static, F>(&'a mut Scope<T, F>);
        impl<T, F> Drop for Back<'_, T, F> {
            fn drop(&mut self) {
                self.0.swap();
            }
        }
        self.swap();
        let back = Back(self);
        act(&mut back.0.future)
    }
}

impl<T, F> Unpin for Scope<T, F> {}

impl<T, F: Future> Future for Scope<T, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.get_mut().inside(|future| match future {
            Some(future) => future.as_mut().poll(cx),
            None => Poll::Pending,
        })
    }
}

impl<T, F> Drop for Scope<T, F> {
    fn drop(&mut self) {
        self.inside(|future| *future = None);
    }
}

impl<T, F> fmt::Debug for Scope<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}
