//! Names of the user's that the expansion must neither take nor be taken in by.
#![deny(warnings)]

use super::once;
use crate::support::runtime;

mod shadowed {
    #![allow(dead_code, non_camel_case_types)]

    use super::super::entered;

    mod core {}
    mod std {}
    mod serde {}
    mod futures {}

    struct Ok;
    struct Err;
    struct Some;
    struct None;
    struct String;
    struct Option;
    struct Box;
    struct Pin;
    struct Key;
    struct Task;
    struct Outcome;
    struct bool;
    type Result<T> = ::std::result::Result<T, crate::support::AppError>;

    trait Write {
        fn write(&self) {}
        fn scope_from_delivery(&self) {}
        fn with_name(&self) {}
        fn finish(&self) {}
        fn leave(&self) {}
    }
    impl<T> Write for T {}

    #[idem::idempotent(scope(tenant = key.len()))]
    #[allow(clippy::too_many_arguments)]
    pub async fn arguments(
        key: &str,
        call: u64,
        begin: u8,
        __begun: u8,
        __k: u8,
        __make: u8,
        task: u8,
        runtime: u8,
        error: u8,
    ) -> Result<u64> {
        entered();
        let _ = (begin, __begun, __k, __make, task, runtime, error);
        ::std::result::Result::Ok(key.len() as u64 + call)
    }

    #[idem::idempotent]
    pub fn boxed(__begun: u8, __make: u8, key: u8) -> futures_of::BoxFuture<'static, Result<u8>> {
        entered();
        ::std::boxed::Box::pin(async move { ::std::result::Result::Ok(__begun + __make + key) })
    }

    /// Another's `BoxFuture`.
    mod futures_of {
        pub type BoxFuture<'a, T> =
            ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = T> + ::std::marker::Send + 'a>>;
    }

    #[idem::idempotent]
    pub async fn call(call: u64, args: u64) -> Result<u64> {
        entered();
        ::std::result::Result::Ok(call + args)
    }

    #[idem::idempotent]
    pub async fn key(clear: u64) -> Result<u64> {
        entered();
        ::std::result::Result::Ok(clear)
    }

    #[idem::idempotent]
    pub async fn begin(begin: u64) -> Result<u64> {
        entered();
        ::std::result::Result::Ok(begin)
    }
}

mod no_prelude {
    #![no_implicit_prelude]

    #[::idem::idempotent(ttl = "24h", scope(tenant = user), date_based, on_in_progress = "skip")]
    pub async fn send(user: u64, text: ::std::string::String) -> ::std::result::Result<u64, crate::support::AppError> {
        super::super::entered();
        ::std::mem::drop(text);
        ::std::result::Result::Ok(user)
    }

    #[::idem::idempotent]
    pub fn boxed(
        user: u64,
    ) -> ::futures::future::BoxFuture<'static, ::std::result::Result<u64, crate::support::AppError>> {
        super::super::entered();
        ::std::boxed::Box::pin(async move { ::std::result::Result::Ok(user) })
    }
}

mod renamed {
    mod vendor {
        pub use ::idem as idempotency;
    }

    /// Stands where the facade is looked for by name, without a path from the root.
    #[allow(dead_code)]
    mod idem {}

    use vendor::idempotency::idempotent;

    #[idempotent(crate = vendor::idempotency, scope = "user", date_based, on_in_progress = "skip")]
    pub async fn send(user: u64) -> Result<u64, crate::support::AppError> {
        super::super::entered();
        Ok(user)
    }
}

#[tokio::test]
async fn names_of_the_prelude_and_of_the_expansion() {
    let in_runtime = async {
        once!(shadowed::arguments("ab", 1, 2, 3, 4, 5, 6, 7, 8), 3);
        once!(shadowed::boxed(1, 2, 3), 6);
        once!(shadowed::call(1, 2), 3);
        once!(shadowed::key(1), 1);
        once!(shadowed::begin(1), 1);
        assert!(shadowed::call::call(1, 2).await.unwrap().is_replayed());
        assert!(shadowed::key::key(&1).is_ok());
    };
    runtime().enter(in_runtime).await;
}

#[tokio::test]
async fn without_a_prelude_and_under_another_name_of_the_crate() {
    let in_runtime = async {
        once!(no_prelude::send(1, "x".into()), 1);
        once!(no_prelude::boxed(1), 1);
        once!(renamed::send(1), 1);
    };
    runtime().enter(in_runtime).await;
}
