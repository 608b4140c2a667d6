// #[idempotent(name = "mailer.send", strict)]
// pub async fn send(&self, to: Address) -> Result<Self::Sent, AppError> { #![allow(unused)] self.smtp.send(to).await }

pub async fn send(&self, to: Address) -> Result<Self::Sent, AppError> {
    #![allow(unused)]
    static __TASK: ::idem::Task = ::idem::Task::new(
            ::core::concat!(::core::module_path!(), "::", "send"),
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
        )
        .with_name("mailer.send")
        .with_args(&["to"])
        .with_strict()
        .with_associated();
    const _: () = {
        ::idem::__private::register!(& __TASK);
    };
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __begun = ::idem::__private::begin(
        &__TASK,
        |__k| {
            let to = &to;
            <Address as ::idem::__private::KeyArg>::write(to, "to", __k)?;
            ::core::result::Result::Ok(())
        },
    );
    ::idem::__private::finish(
            __begun,
            ::idem::__private::Ops::<
                Self::Sent,
                AppError,
            >::new(
                <Self::Sent as ::idem::__private::ResultValue>::CODEC,
                <AppError as ::idem::__private::FromIdem>::from_idem,
            ),
            move || async move {
                if let ::core::option::Option::Some(__returned) = ::core::option::Option::None::<
                    Result<Self::Sent, AppError>,
                > {
                    return __returned;
                }
                self.smtp.send(to).await
            },
        )
        .await
}
