//! Every signature that is taken: it compiles without a warning, answers as the plain function does, and runs once.

mod attributes;
mod boxed;
mod functions;
mod methods;
mod names;
mod threads;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

tokio::task_local! {
    static ENTERED: Arc<AtomicU32>;
}

/// Said by each body.
pub fn entered() {
    ENTERED.with(|count| count.fetch_add(1, Ordering::SeqCst));
}

/// What a call answers, and how many bodies it entered.
pub async fn counted<T>(call: impl Future<Output = T>) -> (T, u32) {
    let count = Arc::new(AtomicU32::new(0));
    let value = ENTERED.scope(Arc::clone(&count), call).await;
    (value, count.load(Ordering::SeqCst))
}

/// A future that the plain function would let go to another thread too.
pub fn sent<F: Future + Send>(call: F) -> F {
    call
}

/// Makes the call twice: the body is entered for the first alone, and both answer the value.
macro_rules! once {
    ($call:expr, $value:expr) => {
        $crate::signatures::once!(@ $crate::signatures::sent($call), $crate::signatures::sent($call), $value)
    };
    (local $call:expr, $value:expr) => { $crate::signatures::once!(@ $call, $call, $value) };
    (@ $first:expr, $second:expr, $value:expr) => {{
        let (first, entries) = $crate::signatures::counted($first).await;
        assert_eq!(first.unwrap(), $value, "fresh: {}", stringify!($first));
        assert_eq!(entries, 1, "fresh: {}", stringify!($first));
        let (again, entries) = $crate::signatures::counted($second).await;
        assert_eq!(again.unwrap(), $value, "replayed: {}", stringify!($first));
        assert_eq!(entries, 0, "replayed: {}", stringify!($first));
    }};
}
use once;
