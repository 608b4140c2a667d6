// #[not_idempotent(reason = "reads only")]
// pub fn report(user: u64) -> Report { read(user) }

pub fn report(user: u64) -> Report {
    read(user)
}
const _: () = {
    ::idem::__private::register!(report::TASK);
};
/// Stands beside the handler `report`: its task, key, record and outcome.
#[allow(
    non_camel_case_types,
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    missing_copy_implementations
)]
pub enum report {}
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
impl report {
    /// The description that is registered.
    pub const TASK: &'static ::idem::Task = {
        static TASK: ::idem::Task = ::idem::Task::new(
                ::core::concat!(::core::module_path!(), "::", "report"),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            )
            .with_not_idempotent("reads only");
        &TASK
    };
}
