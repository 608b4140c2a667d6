// #[idempotent(tll = "24h", version = 0)]
// pub async fn send(user: u64, #[idem(skip)] ctx: Ctx) -> Result<(), AppError> { work(user).await }

::core::compile_error! {
    "unknown option `tll`; did you mean `ttl`?"
}
::core::compile_error! {
    "`version` is a whole number from 1 to 4294967295: `version = 2`"
}
pub async fn send(user: u64, ctx: Ctx) -> Result<(), AppError> {
    work(user).await
}
/// Stands beside the handler `send`: its task, key, record and outcome.
#[allow(
    non_camel_case_types,
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    missing_copy_implementations
)]
pub enum send {}
#[allow(
    dead_code,
    unused_variables,
    non_snake_case,
    deprecated,
    unreachable_pub,
    single_use_lifetimes,
    clippy::all,
    clippy::pedantic,
    clippy::nursery
)]
impl send {
    /// The description that is registered.
    pub const TASK: &'static ::idem::Task = {
        static TASK: ::idem::Task = ::idem::Task::new(
            ::core::concat!(::core::module_path!(), "::", "send"),
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
        );
        &TASK
    };
}
