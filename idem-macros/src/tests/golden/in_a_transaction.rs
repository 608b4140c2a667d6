// #[idempotent(ttl = "24h", transaction = tx)]
// async fn transfer(tx: &mut PgConnection, id: u64) -> anyhow::Result<Receipt> { book(tx, id).await }

async fn transfer(tx: &mut PgConnection, id: u64) -> anyhow::Result<Receipt> {
    const _: () = {
        ::idem::__private::register!(transfer::TASK);
    };
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __begun = ::idem::__private::begin(
        transfer::TASK,
        |__k| {
            let id = &id;
            <u64 as ::idem::__private::KeyArg>::write(id, "id", __k)?;
            ::core::result::Result::Ok(())
        },
    );
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __lent = &mut *tx;
    let __entered = ::idem::__private::enter_transaction(
            __begun,
            ::idem::__private::Ops::<
                <anyhow::Result<Receipt> as ::idem::__private::Fallible>::Ok,
                <anyhow::Result<Receipt> as ::idem::__private::Fallible>::Err,
            >::new(
                <<anyhow::Result<
                    Receipt,
                > as ::idem::__private::Fallible>::Ok as ::idem::__private::ResultValue>::CODEC,
                <<anyhow::Result<
                    Receipt,
                > as ::idem::__private::Fallible>::Err as ::idem::__private::FromIdem>::from_idem,
            ),
            <PgConnection as ::idem::__private::Transactional>::connection(&mut *__lent),
        )
        .await;
    let __ran = {
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        let tx = &mut *__lent;
        __entered
            .run(move || async move {
                <anyhow::Result<
                    Receipt,
                > as ::idem::__private::Fallible>::into_result(
                    async move {
                        if let ::core::option::Option::Some(__returned) = ::core::option::Option::None::<
                            anyhow::Result<Receipt>,
                        > {
                            return __returned;
                        }
                        book(tx, id).await
                    }
                        .await,
                )
            })
            .await
    };
    <anyhow::Result<
        Receipt,
    > as ::idem::__private::Fallible>::from_result(
        __entered
            .leave(
                __ran,
                <PgConnection as ::idem::__private::Transactional>::connection(
                    &mut *__lent,
                ),
            )
            .await,
    )
}
/// Stands beside the handler `transfer`: its task, key, record and outcome.
#[allow(
    non_camel_case_types,
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    missing_copy_implementations
)]
enum transfer {}
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
impl transfer {
    /// The description that is registered.
    const TASK: &'static ::idem::Task = {
        static TASK: ::idem::Task = ::idem::Task::new(
                ::core::concat!(::core::module_path!(), "::", "transfer"),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            )
            .with_ttl(::core::time::Duration::from_millis(86400000))
            .with_args(&["id"])
            .with_transaction("PostgreSQL");
        &TASK
    };
    /// Calls the handler and says whether it ran or was replayed.
    fn call(
        tx: &mut PgConnection,
        id: u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::idem::Outcome<
                <anyhow::Result<Receipt> as ::idem::__private::Fallible>::Ok,
            >,
            <anyhow::Result<Receipt> as ::idem::__private::Fallible>::Err,
        >,
    > {
        ::idem::__private::detailed(
            async move {
                <anyhow::Result<
                    Receipt,
                > as ::idem::__private::Fallible>::into_result(transfer(tx, id).await)
            },
            <<anyhow::Result<
                Receipt,
            > as ::idem::__private::Fallible>::Err as ::idem::__private::FromIdem>::from_idem,
        )
    }
    fn __keyed(
        id: &u64,
    ) -> ::core::result::Result<::idem::__private::Keyed, ::idem::Error> {
        ::idem::__private::derive(
            Self::TASK,
            |__k| {
                <u64 as ::idem::__private::KeyArg>::write(id, "id", __k)?;
                ::core::result::Result::Ok(())
            },
        )
    }
    /// The key that a call would use.
    fn key(id: &u64) -> ::core::result::Result<::idem::Key, ::idem::Error> {
        ::idem::__private::key(Self::__keyed(id))
    }
    /// Asks whether the job of this call is to be enqueued: `New` with a ticket to keep once it is, or what is known of it.
    fn admit(
        id: &u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::idem::Admission<
                <anyhow::Result<Receipt> as ::idem::__private::Fallible>::Ok,
            >,
            ::idem::Error,
        >,
    > {
        ::idem::__private::admit(
            Self::TASK,
            move || Self::__keyed(id),
            <<anyhow::Result<
                Receipt,
            > as ::idem::__private::Fallible>::Ok as ::idem::__private::ResultValue>::CODEC,
        )
    }
    /// The record of this key, if there is one.
    fn status(
        id: &u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::core::option::Option<::idem::Record>,
            ::idem::Error,
        >,
    > {
        ::idem::__private::status(Self::TASK, move || Self::key(id))
    }
    /// Forgets this key, so that the handler may run again; refused while it runs.
    fn clear(
        id: &u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear(Self::TASK, move || Self::key(id))
    }
    /// Forgets this key even while the handler runs.
    fn clear_forced(
        id: &u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear_forced(Self::TASK, move || Self::key(id))
    }
    /// Marks this key as cancelled: later deliveries are refused.
    fn cancel(
        id: &u64,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::cancel(Self::TASK, move || Self::key(id))
    }
    /// Decides a call whose outcome is not known: it is set aside, or its owner is gone.
    fn resolve(
        id: &u64,
        resolution: ::idem::Resolution<
            <anyhow::Result<Receipt> as ::idem::__private::Fallible>::Ok,
        >,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<(), ::idem::Error>,
    > {
        ::idem::__private::resolve(
            Self::TASK,
            move || Self::key(id),
            resolution,
            <<anyhow::Result<
                Receipt,
            > as ::idem::__private::Fallible>::Ok as ::idem::__private::ResultValue>::CODEC,
        )
    }
}
