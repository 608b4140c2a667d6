// #[idempotent(ttl = "24h", skip(bank, note), reconcile = bank::happened)]
// async fn charge(order: u64, #[idem(skip)] (x, y): (u8, String), bank: &mut Bank, note: impl Note) -> Result<Receipt, AppError> { bank.charge(order, x, y, note).await }

async fn charge(
    order: u64,
    (x, y): (u8, String),
    bank: &mut Bank,
    note: impl Note,
) -> Result<Receipt, AppError> {
    const _: () = {
        ::idem::__private::register!(charge::TASK);
    };
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __begun = ::idem::__private::begin(
        charge::TASK,
        |__k| {
            let order = &order;
            <u64 as ::idem::__private::KeyArg>::write(order, "order", __k)?;
            ::core::result::Result::Ok(())
        },
    );
    let __ops = ::idem::__private::Ops::<
        Receipt,
        AppError,
    >::new(
        <Receipt as ::idem::__private::ResultValue>::CODEC,
        <AppError as ::idem::__private::FromIdem>::from_idem,
    );
    let __entered = ::idem::__private::enter(&__begun, &__ops).await;
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __entered = __entered
        .ask({
            let order = &order;
            let x = &x;
            let y = &y;
            let bank = &*bank;
            let note = &note;
            move |__claim| async move {
                let __answer: ::idem::Reconciled<Receipt> = bank::happened(
                        order,
                        x,
                        y,
                        bank,
                        note,
                        &__claim,
                    )
                    .await;
                __answer
            }
        })
        .await;
    __entered
        .run(move || async move {
            if let ::core::option::Option::Some(__returned) = ::core::option::Option::None::<
                Result<Receipt, AppError>,
            > {
                return __returned;
            }
            bank.charge(order, x, y, note).await
        })
        .await
}
/// Stands beside the handler `charge`: its task, key, record and outcome.
#[allow(
    non_camel_case_types,
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    missing_copy_implementations
)]
enum charge {}
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
impl charge {
    /// The description that is registered.
    const TASK: &'static ::idem::Task = {
        static TASK: ::idem::Task = ::idem::Task::new(
                ::core::concat!(::core::module_path!(), "::", "charge"),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            )
            .with_ttl(::core::time::Duration::from_millis(86400000))
            .with_args(&["order"])
            .with_on_stale(::idem::__private::OnStale::Reconcile);
        &TASK
    };
    /// Calls the handler and says whether it ran or was replayed.
    fn call(
        order: u64,
        arg1: (u8, String),
        bank: &mut Bank,
        note: impl Note,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Outcome<Receipt>, AppError>,
    > {
        ::idem::__private::detailed(
            charge(order, arg1, bank, note),
            <AppError as ::idem::__private::FromIdem>::from_idem,
        )
    }
    fn __keyed(
        order: &u64,
    ) -> ::core::result::Result<::idem::__private::Keyed, ::idem::Error> {
        ::idem::__private::derive(
            Self::TASK,
            |__k| {
                <u64 as ::idem::__private::KeyArg>::write(order, "order", __k)?;
                ::core::result::Result::Ok(())
            },
        )
    }
    /// The key that a call would use.
    fn key(order: &u64) -> ::core::result::Result<::idem::Key, ::idem::Error> {
        ::idem::__private::key(Self::__keyed(order))
    }
    /// Asks whether the job of this call is to be enqueued: `New` with a ticket to keep once it is, or what is known of it.
    fn admit(
        order: &u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Admission<Receipt>, ::idem::Error>,
    > {
        ::idem::__private::admit(
            Self::TASK,
            move || Self::__keyed(order),
            <Receipt as ::idem::__private::ResultValue>::CODEC,
        )
    }
    /// The record of this key, if there is one.
    fn status(
        order: &u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::core::option::Option<::idem::Record>,
            ::idem::Error,
        >,
    > {
        ::idem::__private::status(Self::TASK, move || Self::key(order))
    }
    /// Forgets this key, so that the handler may run again; refused while it runs.
    fn clear(
        order: &u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear(Self::TASK, move || Self::key(order))
    }
    /// Forgets this key even while the handler runs.
    fn clear_forced(
        order: &u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear_forced(Self::TASK, move || Self::key(order))
    }
    /// Marks this key as cancelled: later deliveries are refused.
    fn cancel(
        order: &u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::cancel(Self::TASK, move || Self::key(order))
    }
    /// Decides a call whose outcome is not known: it is set aside, or its owner is gone.
    fn resolve(
        order: &u64,
        resolution: ::idem::Resolution<Receipt>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<(), ::idem::Error>,
    > {
        ::idem::__private::resolve(
            Self::TASK,
            move || Self::key(order),
            resolution,
            <Receipt as ::idem::__private::ResultValue>::CODEC,
        )
    }
}
