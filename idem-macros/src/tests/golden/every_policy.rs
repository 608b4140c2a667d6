// #[idempotent(name = "billing.charge", version = 3, ttl = "7d", category = "critical", lease = "1m", scope("tenant", user = order.customer), key(order.id, day), on_in_progress = "skip", on_store_error = "run", on_stale = "park", on_error = judge, max_attempts = 5, result = "discard", store = "billing", error = to_app, crate = ::my::idem)]
// async fn charge(order: Order, day: &str, ctx: &mut Context) -> anyhow::Result<()> { ctx.charge(order, day).await }

async fn charge(order: Order, day: &str, ctx: &mut Context) -> anyhow::Result<()> {
    const _: () = {
        ::my::idem::__private::register!(charge::TASK);
    };
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __begun = ::my::idem::__private::begin(
        charge::TASK,
        |__k| {
            let order = &order;
            __k.scope_from_delivery("tenant")?;
            ::my::idem::__private::ScopeValue::write(&order.customer, "user", __k)?;
            <str as ::my::idem::__private::KeyArg>::write(day, "day", __k)?;
            ::my::idem::__private::KeyArg::write(&order.id, "order.id", __k)?;
            ::core::result::Result::Ok(())
        },
    );
    <anyhow::Result<
        (),
    > as ::my::idem::__private::Fallible>::from_result(
        ::my::idem::__private::finish(
                __begun,
                ::my::idem::__private::Ops::<
                    <anyhow::Result<()> as ::my::idem::__private::Fallible>::Ok,
                    <anyhow::Result<()> as ::my::idem::__private::Fallible>::Err,
                >::new(
                        ::my::idem::__private::discard::<
                            <anyhow::Result<()> as ::my::idem::__private::Fallible>::Ok,
                        >(
                            <<anyhow::Result<
                                (),
                            > as ::my::idem::__private::Fallible>::Ok as ::my::idem::__private::DefaultValue>::make,
                        ),
                        {
                            let __error: fn(
                                ::my::idem::Error,
                            ) -> <anyhow::Result<
                                (),
                            > as ::my::idem::__private::Fallible>::Err = to_app;
                            __error
                        },
                    )
                    .skip_with(
                        <<anyhow::Result<
                            (),
                        > as ::my::idem::__private::Fallible>::Ok as ::my::idem::__private::DefaultValue>::make,
                    )
                    .tell_errors(
                        <<anyhow::Result<
                            (),
                        > as ::my::idem::__private::Fallible>::Err as ::my::idem::__private::StoredError>::message,
                    )
                    .judge_errors({
                        let __judge: fn(
                            &<anyhow::Result<()> as ::my::idem::__private::Fallible>::Err,
                        ) -> ::my::idem::__private::ErrorDisposition = judge;
                        __judge
                    }),
                move || async move {
                    <anyhow::Result<
                        (),
                    > as ::my::idem::__private::Fallible>::into_result(
                        async move {
                            if let ::core::option::Option::Some(__returned) = ::core::option::Option::None::<
                                anyhow::Result<()>,
                            > {
                                return __returned;
                            }
                            ctx.charge(order, day).await
                        }
                            .await,
                    )
                },
            )
            .await,
    )
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
    const TASK: &'static ::my::idem::Task = {
        static TASK: ::my::idem::Task = ::my::idem::Task::new(
                ::core::concat!(::core::module_path!(), "::", "charge"),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            )
            .with_name("billing.charge")
            .with_version(3)
            .with_ttl(::core::time::Duration::from_millis(604800000))
            .with_category("critical")
            .with_lease(::core::time::Duration::from_millis(60000))
            .with_scope(
                &[
                    ::my::idem::__private::ScopePart {
                        kind: "tenant",
                        source: ::my::idem::__private::ScopeSource::Delivery,
                    },
                    ::my::idem::__private::ScopePart {
                        kind: "user",
                        source: ::my::idem::__private::ScopeSource::Expression(
                            "order.customer",
                        ),
                    },
                ],
            )
            .with_args(&["day", "order.id"])
            .with_on_in_progress(::my::idem::__private::OnInProgress::Skip)
            .with_on_store_error(::my::idem::__private::OnStoreError::Run)
            .with_on_stale(::my::idem::__private::OnStale::Park)
            .with_judged_errors()
            .with_max_attempts(5)
            .with_discard_result()
            .with_store("billing");
        &TASK
    };
    /// Calls the handler and says whether it ran or was replayed.
    fn call(
        order: Order,
        day: &str,
        ctx: &mut Context,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::my::idem::Outcome<
                <anyhow::Result<()> as ::my::idem::__private::Fallible>::Ok,
            >,
            <anyhow::Result<()> as ::my::idem::__private::Fallible>::Err,
        >,
    > {
        ::my::idem::__private::detailed(
            async move {
                <anyhow::Result<
                    (),
                > as ::my::idem::__private::Fallible>::into_result(
                    charge(order, day, ctx).await,
                )
            },
            {
                let __error: fn(
                    ::my::idem::Error,
                ) -> <anyhow::Result<()> as ::my::idem::__private::Fallible>::Err = to_app;
                __error
            },
        )
    }
    fn __keyed(
        order: &Order,
        day: &str,
    ) -> ::core::result::Result<::my::idem::__private::Keyed, ::my::idem::Error> {
        ::my::idem::__private::derive(
            Self::TASK,
            |__k| {
                __k.scope_from_delivery("tenant")?;
                ::my::idem::__private::ScopeValue::write(&order.customer, "user", __k)?;
                <str as ::my::idem::__private::KeyArg>::write(day, "day", __k)?;
                ::my::idem::__private::KeyArg::write(&order.id, "order.id", __k)?;
                ::core::result::Result::Ok(())
            },
        )
    }
    /// The key that a call would use.
    fn key(
        order: &Order,
        day: &str,
    ) -> ::core::result::Result<::my::idem::Key, ::my::idem::Error> {
        ::my::idem::__private::key(Self::__keyed(order, day))
    }
    /// Asks whether the job of this call is to be enqueued: `New` with a ticket to keep once it is, or what is known of it.
    fn admit(
        order: &Order,
        day: &str,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::my::idem::Admission<
                <anyhow::Result<()> as ::my::idem::__private::Fallible>::Ok,
            >,
            ::my::idem::Error,
        >,
    > {
        ::my::idem::__private::admit(
            Self::TASK,
            move || Self::__keyed(order, day),
            ::my::idem::__private::discard::<
                <anyhow::Result<()> as ::my::idem::__private::Fallible>::Ok,
            >(
                <<anyhow::Result<
                    (),
                > as ::my::idem::__private::Fallible>::Ok as ::my::idem::__private::DefaultValue>::make,
            ),
        )
    }
    /// The record of this key, if there is one.
    fn status(
        order: &Order,
        day: &str,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::core::option::Option<::my::idem::Record>,
            ::my::idem::Error,
        >,
    > {
        ::my::idem::__private::status(Self::TASK, move || Self::key(order, day))
    }
    /// Forgets this key, so that the handler may run again; refused while it runs.
    fn clear(
        order: &Order,
        day: &str,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::my::idem::Error>,
    > {
        ::my::idem::__private::clear(Self::TASK, move || Self::key(order, day))
    }
    /// Forgets this key even while the handler runs.
    fn clear_forced(
        order: &Order,
        day: &str,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::my::idem::Error>,
    > {
        ::my::idem::__private::clear_forced(Self::TASK, move || Self::key(order, day))
    }
    /// Marks this key as cancelled: later deliveries are refused.
    fn cancel(
        order: &Order,
        day: &str,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::my::idem::Error>,
    > {
        ::my::idem::__private::cancel(Self::TASK, move || Self::key(order, day))
    }
    /// Decides a call whose outcome is not known: it is set aside, or its owner is gone.
    fn resolve(
        order: &Order,
        day: &str,
        resolution: ::my::idem::Resolution<()>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<(), ::my::idem::Error>,
    > {
        ::my::idem::__private::resolve(
            Self::TASK,
            move || Self::key(order, day),
            resolution,
            ::my::idem::__private::discard(<() as ::core::default::Default>::default),
        )
    }
}
