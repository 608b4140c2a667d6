// #[idempotent(ttl = "48h", scope = "user", date_based)]
// /// At most one digest per user, topic and day.
// #[must_use]
// pub(crate) async fn send_digest(user: u64, topic: String) -> Result<Receipt, AppError> { deliver(user, topic).await }

/// At most one digest per user, topic and day.
#[must_use]
pub(crate) async fn send_digest(user: u64, topic: String) -> Result<Receipt, AppError> {
    const _: () = {
        ::idem::__private::register!(send_digest::TASK);
    };
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __begun = ::idem::__private::begin(
        send_digest::TASK,
        |__k| {
            let user = &user;
            let topic = &topic;
            <u64 as ::idem::__private::ScopeValue>::write(user, "user", __k)?;
            <u64 as ::idem::__private::KeyArg>::write(user, "user", __k)?;
            <String as ::idem::__private::KeyArg>::write(topic, "topic", __k)?;
            ::core::result::Result::Ok(())
        },
    );
    ::idem::__private::finish(
            __begun,
            ::idem::__private::Ops::<
                Receipt,
                AppError,
            >::new(
                <Receipt as ::idem::__private::ResultValue>::CODEC,
                <AppError as ::idem::__private::FromIdem>::from_idem,
            ),
            move || async move {
                if let ::core::option::Option::Some(__returned) = ::core::option::Option::None::<
                    Result<Receipt, AppError>,
                > {
                    return __returned;
                }
                deliver(user, topic).await
            },
        )
        .await
}
/// Stands beside the handler `send_digest`: its task, key, record and outcome.
#[allow(
    non_camel_case_types,
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    missing_copy_implementations
)]
pub(crate) enum send_digest {}
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
impl send_digest {
    /// The description that is registered.
    pub(crate) const TASK: &'static ::idem::Task = {
        static TASK: ::idem::Task = ::idem::Task::new(
                ::core::concat!(::core::module_path!(), "::", "send_digest"),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            )
            .with_ttl(::core::time::Duration::from_millis(172800000))
            .with_scope(
                &[
                    ::idem::__private::ScopePart {
                        kind: "user",
                        source: ::idem::__private::ScopeSource::Argument("user"),
                    },
                ],
            )
            .with_bucket(::idem::__private::Unit::Date, "UTC")
            .with_args(&["user", "topic"]);
        &TASK
    };
    /// Calls the handler and says whether it ran or was replayed.
    pub(crate) fn call(
        user: u64,
        topic: String,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Outcome<Receipt>, AppError>,
    > {
        ::idem::__private::detailed(
            send_digest(user, topic),
            <AppError as ::idem::__private::FromIdem>::from_idem,
        )
    }
    fn __keyed(
        user: &u64,
        topic: &String,
    ) -> ::core::result::Result<::idem::__private::Keyed, ::idem::Error> {
        ::idem::__private::derive(
            Self::TASK,
            |__k| {
                <u64 as ::idem::__private::ScopeValue>::write(user, "user", __k)?;
                <u64 as ::idem::__private::KeyArg>::write(user, "user", __k)?;
                <String as ::idem::__private::KeyArg>::write(topic, "topic", __k)?;
                ::core::result::Result::Ok(())
            },
        )
    }
    /// The key that a call would use.
    pub(crate) fn key(
        user: &u64,
        topic: &String,
    ) -> ::core::result::Result<::idem::Key, ::idem::Error> {
        ::idem::__private::key(Self::__keyed(user, topic))
    }
    /// Asks whether the job of this call is to be enqueued: `New` with a ticket to keep once it is, or what is known of it.
    pub(crate) fn admit(
        user: &u64,
        topic: &String,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Admission<Receipt>, ::idem::Error>,
    > {
        ::idem::__private::admit(
            Self::TASK,
            move || Self::__keyed(user, topic),
            <Receipt as ::idem::__private::ResultValue>::CODEC,
        )
    }
    /// The record of this key, if there is one.
    pub(crate) fn status(
        user: &u64,
        topic: &String,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::core::option::Option<::idem::Record>,
            ::idem::Error,
        >,
    > {
        ::idem::__private::status(Self::TASK, move || Self::key(user, topic))
    }
    /// Forgets this key, so that the handler may run again; refused while it runs.
    pub(crate) fn clear(
        user: &u64,
        topic: &String,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear(Self::TASK, move || Self::key(user, topic))
    }
    /// Forgets this key even while the handler runs.
    pub(crate) fn clear_forced(
        user: &u64,
        topic: &String,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear_forced(Self::TASK, move || Self::key(user, topic))
    }
    /// Marks this key as cancelled: later deliveries are refused.
    pub(crate) fn cancel(
        user: &u64,
        topic: &String,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::cancel(Self::TASK, move || Self::key(user, topic))
    }
    /// Decides a call whose outcome is not known: it is set aside, or its owner is gone.
    pub(crate) fn resolve(
        user: &u64,
        topic: &String,
        resolution: ::idem::Resolution<Receipt>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<(), ::idem::Error>,
    > {
        ::idem::__private::resolve(
            Self::TASK,
            move || Self::key(user, topic),
            resolution,
            <Receipt as ::idem::__private::ResultValue>::CODEC,
        )
    }
}
