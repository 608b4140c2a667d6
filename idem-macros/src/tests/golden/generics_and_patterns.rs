// #[idempotent(skip(send), scope(tenant = at.tenant))]
// async fn notify<'a, F, C: Clock<F>, const N: usize>(send: F, Json(body): Json<Body>, text: &'a str, #[idem(skip)] at: &C, #[idem(skip)] (x, y): (u8, [u8; N]), #[idem(skip)] log: impl Log) -> Result<Sent, AppError> where F: Fn(&str), C: Send { go(send, body, text, at, x, y, log) }

async fn notify<'a, F, C: Clock<F>, const N: usize>(
    send: F,
    Json(body): Json<Body>,
    text: &'a str,
    at: &C,
    (x, y): (u8, [u8; N]),
    log: impl Log,
) -> Result<Sent, AppError>
where
    F: Fn(&str),
    C: Send,
{
    const _: () = {
        ::idem::__private::register!(notify::TASK);
    };
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __begun = ::idem::__private::begin(
        notify::TASK,
        |__k| {
            let body = &body;
            ::idem::__private::ScopeValue::write(&at.tenant, "tenant", __k)?;
            ::idem::__private::KeyArg::write(body, "body", __k)?;
            <str as ::idem::__private::KeyArg>::write(text, "text", __k)?;
            ::core::result::Result::Ok(())
        },
    );
    ::idem::__private::finish(
            __begun,
            ::idem::__private::Ops::<
                Sent,
                AppError,
            >::new(
                <Sent as ::idem::__private::ResultValue>::CODEC,
                <AppError as ::idem::__private::FromIdem>::from_idem,
            ),
            move || async move {
                if let ::core::option::Option::Some(__returned) = ::core::option::Option::None::<
                    Result<Sent, AppError>,
                > {
                    return __returned;
                }
                go(send, body, text, at, x, y, log)
            },
        )
        .await
}
/// Stands beside the handler `notify`: its task, key, record and outcome.
#[allow(
    non_camel_case_types,
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    missing_copy_implementations
)]
enum notify {}
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
impl notify {
    /// The description that is registered.
    const TASK: &'static ::idem::Task = {
        static TASK: ::idem::Task = ::idem::Task::new(
                ::core::concat!(::core::module_path!(), "::", "notify"),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            )
            .with_scope(
                &[
                    ::idem::__private::ScopePart {
                        kind: "tenant",
                        source: ::idem::__private::ScopeSource::Expression("at.tenant"),
                    },
                ],
            )
            .with_args(&["body", "text"]);
        &TASK
    };
    /// Calls the handler and says whether it ran or was replayed.
    fn call<'a, F, C: Clock<F>, const N: usize>(
        send: F,
        body: Json<Body>,
        text: &'a str,
        at: &C,
        arg4: (u8, [u8; N]),
        log: impl Log,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Outcome<Sent>, AppError>,
    >
    where
        F: Fn(&str),
        C: Send,
    {
        ::idem::__private::detailed(
            notify::<F, C, N>(send, body, text, at, arg4, log),
            <AppError as ::idem::__private::FromIdem>::from_idem,
        )
    }
    fn __keyed<'a, C>(
        body: &Json<Body>,
        text: &'a str,
        at: &C,
    ) -> ::core::result::Result<::idem::__private::Keyed, ::idem::Error>
    where
        C: Send,
    {
        ::idem::__private::derive(
            Self::TASK,
            |__k| {
                let Json(body) = body;
                ::idem::__private::ScopeValue::write(&at.tenant, "tenant", __k)?;
                ::idem::__private::KeyArg::write(body, "body", __k)?;
                <str as ::idem::__private::KeyArg>::write(text, "text", __k)?;
                ::core::result::Result::Ok(())
            },
        )
    }
    /// The key that a call would use.
    fn key<'a, C>(
        body: &Json<Body>,
        text: &'a str,
        at: &C,
    ) -> ::core::result::Result<::idem::Key, ::idem::Error>
    where
        C: Send,
    {
        ::idem::__private::key(Self::__keyed(body, text, at))
    }
    /// Asks whether the job of this call is to be enqueued: `New` with a ticket to keep once it is, or what is known of it.
    fn admit<'a, C>(
        body: &Json<Body>,
        text: &'a str,
        at: &C,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Admission<Sent>, ::idem::Error>,
    >
    where
        C: Send,
    {
        ::idem::__private::admit(
            Self::TASK,
            move || Self::__keyed(body, text, at),
            <Sent as ::idem::__private::ResultValue>::CODEC,
        )
    }
    /// The record of this key, if there is one.
    fn status<'a, C>(
        body: &Json<Body>,
        text: &'a str,
        at: &C,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::core::option::Option<::idem::Record>,
            ::idem::Error,
        >,
    >
    where
        C: Send,
    {
        ::idem::__private::status(Self::TASK, move || Self::key(body, text, at))
    }
    /// Forgets this key, so that the handler may run again; refused while it runs.
    fn clear<'a, C>(
        body: &Json<Body>,
        text: &'a str,
        at: &C,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    >
    where
        C: Send,
    {
        ::idem::__private::clear(Self::TASK, move || Self::key(body, text, at))
    }
    /// Forgets this key even while the handler runs.
    fn clear_forced<'a, C>(
        body: &Json<Body>,
        text: &'a str,
        at: &C,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    >
    where
        C: Send,
    {
        ::idem::__private::clear_forced(Self::TASK, move || Self::key(body, text, at))
    }
    /// Marks this key as cancelled: later deliveries are refused.
    fn cancel<'a, C>(
        body: &Json<Body>,
        text: &'a str,
        at: &C,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    >
    where
        C: Send,
    {
        ::idem::__private::cancel(Self::TASK, move || Self::key(body, text, at))
    }
    /// Decides a call whose outcome is not known: it is set aside, or its owner is gone.
    fn resolve<'a, C>(
        body: &Json<Body>,
        text: &'a str,
        at: &C,
        resolution: ::idem::Resolution<Sent>,
    ) -> impl ::core::future::Future<Output = ::core::result::Result<(), ::idem::Error>>
    where
        C: Send,
    {
        ::idem::__private::resolve(
            Self::TASK,
            move || Self::key(body, text, at),
            resolution,
            <Sent as ::idem::__private::ResultValue>::CODEC,
        )
    }
}
