// #[idempotent_once(key())]
// async fn migrate() -> Result<(), AppError> { run() }

async fn migrate() -> Result<(), AppError> {
    const _: () = {
        ::idem::__private::register!(migrate::TASK);
    };
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __begun = ::idem::__private::begin(
        migrate::TASK,
        |_| ::core::result::Result::Ok(()),
    );
    ::idem::__private::finish(
            __begun,
            ::idem::__private::Ops::<
                (),
                AppError,
            >::new(
                <() as ::idem::__private::ResultValue>::CODEC,
                <AppError as ::idem::__private::FromIdem>::from_idem,
            ),
            move || async move {
                if let ::core::option::Option::Some(__returned) = ::core::option::Option::None::<
                    Result<(), AppError>,
                > {
                    return __returned;
                }
                run()
            },
        )
        .await
}
/// Stands beside the handler `migrate`: its task, key, record and outcome.
#[allow(
    non_camel_case_types,
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    missing_copy_implementations
)]
enum migrate {}
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
impl migrate {
    /// The description that is registered.
    const TASK: &'static ::idem::Task = {
        static TASK: ::idem::Task = ::idem::Task::new(
                ::core::concat!(::core::module_path!(), "::", "migrate"),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            )
            .with_ttl_forever()
            .with_args(&[]);
        &TASK
    };
    /// Calls the handler and says whether it ran or was replayed.
    fn call() -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Outcome<()>, AppError>,
    > {
        ::idem::__private::detailed(
            migrate(),
            <AppError as ::idem::__private::FromIdem>::from_idem,
        )
    }
    fn __keyed() -> ::core::result::Result<::idem::__private::Keyed, ::idem::Error> {
        ::idem::__private::derive(Self::TASK, |_| ::core::result::Result::Ok(()))
    }
    /// The key that a call would use.
    fn key() -> ::core::result::Result<::idem::Key, ::idem::Error> {
        ::idem::__private::key(Self::__keyed())
    }
    /// Asks whether the job of this call is to be enqueued: `New` with a ticket to keep once it is, or what is known of it.
    fn admit() -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Admission<()>, ::idem::Error>,
    > {
        ::idem::__private::admit(
            Self::TASK,
            move || Self::__keyed(),
            <() as ::idem::__private::ResultValue>::CODEC,
        )
    }
    /// The record of this key, if there is one.
    fn status() -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::core::option::Option<::idem::Record>,
            ::idem::Error,
        >,
    > {
        ::idem::__private::status(Self::TASK, move || Self::key())
    }
    /// Forgets this key, so that the handler may run again; refused while it runs.
    fn clear() -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear(Self::TASK, move || Self::key())
    }
    /// Forgets this key even while the handler runs.
    fn clear_forced() -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear_forced(Self::TASK, move || Self::key())
    }
    /// Marks this key as cancelled: later deliveries are refused.
    fn cancel() -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::cancel(Self::TASK, move || Self::key())
    }
    /// Decides a call whose outcome is not known: it is set aside, or its owner is gone.
    fn resolve(
        resolution: ::idem::Resolution<()>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<(), ::idem::Error>,
    > {
        ::idem::__private::resolve(
            Self::TASK,
            move || Self::key(),
            resolution,
            <() as ::idem::__private::ResultValue>::CODEC,
        )
    }
}
