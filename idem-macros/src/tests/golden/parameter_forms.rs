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
    #[allow(
        unused_variables,
        clippy::used_underscore_binding,
        clippy::needless_borrow,
        clippy::borrow_deref_ref
    )]
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
    unreachable_pub,
    unused_variables,
    deprecated,
    clippy::too_many_arguments,
    clippy::used_underscore_binding,
    clippy::missing_errors_doc,
    clippy::ptr_arg,
    clippy::ref_option,
    clippy::ref_option_ref,
    clippy::trivially_copy_pass_by_ref
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
    async fn call(
        tags: HashSet<String>,
        #[cfg(feature = "notes")]
        note: Option<&str>,
    ) -> ::core::result::Result<::idem::Outcome<()>, AppError> {
        ::idem::__private::detailed(
                label(tags, #[cfg(feature = "notes")] note),
                <AppError as ::idem::__private::FromIdem>::from_idem,
            )
            .await
    }
    /// The key that a call would use.
    fn key(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> ::core::result::Result<::idem::Key, ::idem::Error> {
        ::idem::__private::key(
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
    /// The record of this key, if there is one.
    async fn status(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> ::core::result::Result<::core::option::Option<::idem::Record>, ::idem::Error> {
        ::idem::__private::status(
                Self::TASK,
                Self::key(tags, #[cfg(feature = "notes")] note),
            )
            .await
    }
    /// Forgets this key, so that the handler may run again; refused while it runs.
    async fn clear(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> ::core::result::Result<::core::primitive::bool, ::idem::Error> {
        ::idem::__private::clear(
                Self::TASK,
                Self::key(tags, #[cfg(feature = "notes")] note),
            )
            .await
    }
    /// Forgets this key even while the handler runs.
    async fn clear_forced(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> ::core::result::Result<::core::primitive::bool, ::idem::Error> {
        ::idem::__private::clear_forced(
                Self::TASK,
                Self::key(tags, #[cfg(feature = "notes")] note),
            )
            .await
    }
    /// Marks this key as cancelled: later deliveries are refused.
    async fn cancel(
        tags: &HashSet<String>,
        #[cfg(feature = "notes")]
        note: &Option<&str>,
    ) -> ::core::result::Result<::core::primitive::bool, ::idem::Error> {
        ::idem::__private::cancel(
                Self::TASK,
                Self::key(tags, #[cfg(feature = "notes")] note),
            )
            .await
    }
}
