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
    unreachable_pub,
    unused_variables,
    deprecated,
    clippy::too_many_arguments,
    clippy::used_underscore_binding,
    clippy::missing_errors_doc,
    clippy::ptr_arg,
    clippy::ref_option,
    clippy::ref_option_ref,
    clippy::trivially_copy_pass_by_ref
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
