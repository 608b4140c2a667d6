//! The list of handlers that the application expects to be covered.

/// The handlers that the application expects to be covered, for [`Runtime::audit`](crate::Runtime::audit).
///
/// Takes paths of handlers, and names of methods' tasks as text. A handler without an attribute of ours does not compile:
/// "expected type, found function". A path of a method does not either: "ambiguous associated type"; give its name as text.
/// Every listed handler is linked in.
///
/// ```standalone_crate
/// # use idem::{idempotent, MemoryStore, Runtime};
/// #[idempotent(name = "alerts.send")]
/// async fn send_alert(id: u64) -> Result<(), idem::Error> { Ok(()) }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), idem::Error> {
/// # let runtime = Runtime::builder().store(MemoryStore::new()).build()?;
/// let report = runtime.audit(idem::tasks![send_alert]).await?;
/// println!("{report}");
/// report.require_full()?;
/// # Ok(()) }
/// ```
#[macro_export]
macro_rules! tasks {
    (@list [$($done:expr,)*]) => {{
        let tasks: [$crate::Expected; _] = [$($done),*];
        tasks
    }};
    (@list [$($done:expr,)*] $name:literal $(, $($rest:tt)*)?) => {
        $crate::tasks!(@list [$($done,)* $crate::Expected::Named($name),] $($($rest)*)?)
    };
    (@list [$($done:expr,)*] $handler:path $(, $($rest:tt)*)?) => {
        $crate::tasks!(@list [$($done,)* $crate::Expected::Task(<$handler>::TASK),] $($($rest)*)?)
    };
    ($($list:tt)*) => { $crate::tasks!(@list [] $($list)*) };
}
