// #[idempotent]
// async fn label(#[idem(set)] tags: HashSet<String>, #[cfg(feature = "notes")] #[idem(omit_none)] note: Option<&str>) -> Result<(), AppError> { go(tags) }

async fn label(
    tags: HashSet<String>,
    #[cfg(feature = "notes")]
    note: Option<&str>,
) -> Result<(), AppError> {
    const _: () = {
        ::idem::__private::register!(label::TASK);
    };
    #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    let __begun = ::idem::__private::begin(
        label::TASK,
        |__k| {
            let tags = &tags;
            #[cfg(feature = "notes")]
            let note = &note;
            #[cfg(feature = "notes")]
            if let ::core::option::Option::Some(__there) = <Option<
                &str,
            > as ::idem::__private::OptionalKeyArg>::there(note) {
                <Option<
                    &str,
                > as ::idem::__private::KeyArg>::write(__there, "note", __k)?;
            }
            <HashSet<
                String,
            > as ::idem::__private::KeyArg>::write_set(tags, "tags", __k)?;
            ::core::result::Result::Ok(())
        },
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
                go(tags)
            },
        )
        .await
}
/// Stands beside the handler `label`: its task, key, record and outcome.
#[allow(
    non_camel_case_types,
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    missing_copy_implementations
)]
enum label {}
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
impl label {
    /// The description that is registered.
    const TASK: &'static ::idem::Task = {
        static TASK: ::idem::Task = ::idem::Task::new(
                ::core::concat!(::core::module_path!(), "::", "label"),
                ::core::file!(),
                ::core::line!(),
                ::core::column!(),
            )
            .with_args(&[#[cfg(feature = "notes")] "note", "tags"])
            .with_optional_args(&[#[cfg(feature = "notes")] "note"]);
        &TASK
    };
    /// Calls the handler and says whether it ran or was replayed.
    fn call(
        tags: HashSet<String>,
        #[cfg(feature = "notes")]
        note: Option<&str>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Outcome<()>, AppError>,
    > {
        ::idem::__private::detailed(
            label(tags, #[cfg(feature = "notes")] note),
            <AppError as ::idem::__private::FromIdem>::from_idem,
        )
    }
    fn __keyed(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> ::core::result::Result<::idem::__private::Keyed, ::idem::Error> {
        ::idem::__private::derive(
            Self::TASK,
            |__k| {
                #[cfg(feature = "notes")]
                if let ::core::option::Option::Some(__there) = <Option<
                    &str,
                > as ::idem::__private::OptionalKeyArg>::there(note) {
                    <Option<
                        &str,
                    > as ::idem::__private::KeyArg>::write(__there, "note", __k)?;
                }
                <HashSet<
                    String,
                > as ::idem::__private::KeyArg>::write_set(tags, "tags", __k)?;
                ::core::result::Result::Ok(())
            },
        )
    }
    /// The key that a call would use.
    fn key(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> ::core::result::Result<::idem::Key, ::idem::Error> {
        ::idem::__private::key(Self::__keyed(tags, #[cfg(feature = "notes")] note))
    }
    /// Asks whether the job of this call is to be enqueued: `New` with a ticket to keep once it is, or what is known of it.
    fn admit(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::idem::Admission<()>, ::idem::Error>,
    > {
        ::idem::__private::admit(
            Self::TASK,
            move || Self::__keyed(tags, #[cfg(feature = "notes")] note),
            <() as ::idem::__private::ResultValue>::CODEC,
        )
    }
    /// The record of this key, if there is one.
    fn status(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<
            ::core::option::Option<::idem::Record>,
            ::idem::Error,
        >,
    > {
        ::idem::__private::status(
            Self::TASK,
            move || Self::key(tags, #[cfg(feature = "notes")] note),
        )
    }
    /// Forgets this key, so that the handler may run again; refused while it runs.
    fn clear(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear(
            Self::TASK,
            move || Self::key(tags, #[cfg(feature = "notes")] note),
        )
    }
    /// Forgets this key even while the handler runs.
    fn clear_forced(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::clear_forced(
            Self::TASK,
            move || Self::key(tags, #[cfg(feature = "notes")] note),
        )
    }
    /// Marks this key as cancelled: later deliveries are refused.
    fn cancel(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<::core::primitive::bool, ::idem::Error>,
    > {
        ::idem::__private::cancel(
            Self::TASK,
            move || Self::key(tags, #[cfg(feature = "notes")] note),
        )
    }
    /// Decides a call whose outcome is not known: it is set aside, or its owner is gone.
    fn resolve(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
        resolution: ::idem::Resolution<()>,
    ) -> impl ::core::future::Future<
        Output = ::core::result::Result<(), ::idem::Error>,
    > {
        ::idem::__private::resolve(
            Self::TASK,
            move || Self::key(tags, #[cfg(feature = "notes")] note),
            resolution,
            <() as ::idem::__private::ResultValue>::CODEC,
        )
    }
}
