// #[idempotent(key = "close:{order.id}:{to}:{pair}")]
// async fn close(order: Order, #[idem(name = "to", with = lower)] mail: String, #[idem(name = "pair")] (a, b): (u8, u8)) -> Result<(), AppError> { go(order, mail, a, b) }

async fn close(order: Order, mail: String, arg2: (u8, u8)) -> Result<(), AppError> {
    const _: () = {
        ::idem::__private::register!(close::TASK);
    };
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __begun = ::idem::__private::begin(
        close::TASK,
        |__k| {
            let order = &order;
            let mail = &mail;
            let arg2 = &arg2;
            let (a, b) = arg2;
            {
                let __argument = mail;
                ::idem::__private::KeyArg::write(&lower(__argument), "to", __k)?;
            }
            <(u8, u8) as ::idem::__private::KeyArg>::write(arg2, "pair", __k)?;
            ::idem::__private::KeyArg::write(&order.id, "order.id", __k)?;
            ::core::result::Result::Ok(())
        },
    );
    let (a, b) = arg2;
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
                go(order, mail, a, b)
            },
        )
        .await
}
/// Stands beside the handler `close`: its task, key, record and outcome.
#[allow(
    non_camel_case_types,
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    missing_copy_implementations
)]
enum close {}
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
impl close {
    /// The description that is registered.
    const TASK: &'static ::idem::Task = {
        static TASK: ::idem::Task = ::idem::Task::new(
                ::core::concat!(::core::module_path!(), "::", "close"),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            )
            .with_args(&["to", "pair", "order.id"])
            .with_template("close:{order.id}:{to}:{pair}", &["order.id", "to", "pair"]);
        &TASK
    };
    /// Calls the handler and says whether it ran or was replayed.
    fn call(
        order: Order,
        mail: String,
        arg2: (u8, u8),
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Outcome<()>, AppError>,
    > {
        ::idem::__private::detailed(
            close(order, mail, arg2),
            <AppError as ::idem::__private::FromIdem>::from_idem,
        )
    }
    fn __keyed(
        order: &Order,
        mail: &String,
        arg2: &(u8, u8),
    ) -> ::core::result::Result<::idem::__private::Keyed, ::idem::Error> {
        ::idem::__private::derive(
            Self::TASK,
            |__k| {
                let (a, b) = arg2;
                {
                    let __argument = mail;
                    ::idem::__private::KeyArg::write(&lower(__argument), "to", __k)?;
                }
                <(u8, u8) as ::idem::__private::KeyArg>::write(arg2, "pair", __k)?;
                ::idem::__private::KeyArg::write(&order.id, "order.id", __k)?;
                ::core::result::Result::Ok(())
            },
        )
    }
    /// The key that a call would use.
    fn key(
        order: &Order,
        mail: &String,
        arg2: &(u8, u8),
    ) -> ::core::result::Result<::idem::Key, ::idem::Error> {
        ::idem::__private::key(Self::__keyed(order, mail, arg2))
    }
    /// Asks whether the job of this call is to be enqueued: `New` with a ticket to keep once it is, or what is known of it.
    fn admit(
        order: &Order,
        mail: &String,
        arg2: &(u8, u8),
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Admission<()>, ::idem::Error>,
    > {
        ::idem::__private::admit(
            Self::TASK,
            move || Self::__keyed(order, mail, arg2),
            <() as ::idem::__private::ResultValue>::CODEC,
        )
    }
    /// The record of this key, if there is one.
    fn status(
        order: &Order,
        mail: &String,
        arg2: &(u8, u8),
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::core::option::Option<::idem::Record>,
            ::idem::Error,
        >,
    > {
        ::idem::__private::status(Self::TASK, move || Self::key(order, mail, arg2))
    }
    /// Forgets this key, so that the handler may run again; refused while it runs.
    fn clear(
        order: &Order,
        mail: &String,
        arg2: &(u8, u8),
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear(Self::TASK, move || Self::key(order, mail, arg2))
    }
    /// Forgets this key even while the handler runs.
    fn clear_forced(
        order: &Order,
        mail: &String,
        arg2: &(u8, u8),
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear_forced(Self::TASK, move || Self::key(order, mail, arg2))
    }
    /// Marks this key as cancelled: later deliveries are refused.
    fn cancel(
        order: &Order,
        mail: &String,
        arg2: &(u8, u8),
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::cancel(Self::TASK, move || Self::key(order, mail, arg2))
    }
    /// Decides a call whose outcome is not known: it is set aside, or its owner is gone.
    fn resolve(
        order: &Order,
        mail: &String,
        arg2: &(u8, u8),
        resolution: ::idem::Resolution<()>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<(), ::idem::Error>,
    > {
        ::idem::__private::resolve(
            Self::TASK,
            move || Self::key(order, mail, arg2),
            resolution,
            <() as ::idem::__private::ResultValue>::CODEC,
        )
    }
}
