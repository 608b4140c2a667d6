// #[idempotent(name = "mailer.push")]
// fn push<'life0, 'async_trait>(&'life0 self, to: Address) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Answer> + ::core::marker::Send + 'async_trait>> where 'life0: 'async_trait, Self: 'async_trait { Box::pin(async move { let __self = self; let to = to; __self.smtp.push(to).await }) }

fn push<'life0, 'async_trait>(
    &'life0 self,
    to: Address,
) -> ::core::pin::Pin<
    Box<
        dyn ::core::future::Future<Output = Answer> + ::core::marker::Send + 'async_trait,
    >,
>
where
    'life0: 'async_trait,
    Self: 'async_trait,
{
    static __TASK: ::idem::Task = ::idem::Task::new(
            ::core::concat!(::core::module_path!(), "::", "push"),
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
        )
        .with_name("mailer.push")
        .with_args(&["to"])
        .with_associated();
    const _: () = {
        ::idem::__private::register!(& __TASK);
    };
    ::std::boxed::Box::pin(async move {
        #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
        let __begun = ::idem::__private::begin(
            &__TASK,
            |__k| {
                let to = &to;
                <Address as ::idem::__private::KeyArg>::write(to, "to", __k)?;
                ::core::result::Result::Ok(())
            },
        );
        <Answer as ::idem::__private::Fallible>::from_result(
            ::idem::__private::finish(
                    __begun,
                    ::idem::__private::Ops::<
                        <Answer as ::idem::__private::Fallible>::Ok,
                        <Answer as ::idem::__private::Fallible>::Err,
                    >::new(
                        <<Answer as ::idem::__private::Fallible>::Ok as ::idem::__private::ResultValue>::CODEC,
                        <<Answer as ::idem::__private::Fallible>::Err as ::idem::__private::FromIdem>::from_idem,
                    ),
                    {
                        let __make = move || -> ::core::pin::Pin<
                            Box<
                                dyn ::core::future::Future<
                                    Output = Answer,
                                > + ::core::marker::Send + '_,
                            >,
                        > {
                            Box::pin(async move {
                                let __self = self;
                                let to = to;
                                __self.smtp.push(to).await
                            })
                        };
                        move || async move {
                            <Answer as ::idem::__private::Fallible>::into_result(
                                __make().await,
                            )
                        }
                    },
                )
                .await,
        )
    })
}
