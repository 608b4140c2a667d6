#![deny(warnings)]
#![allow(unsafe_code, reason = "a handler may be")]

use idem::{idempotent, not_idempotent};

macro_rules! handlers {
    ($($name:ident($argument:ident: $type:ty) -> $result:ty, $ttl:literal;)*) => {$(
        #[idempotent(ttl = $ttl, key($argument))]
        async fn $name($argument: $type) -> $result {
            Ok($argument)
        }
    )*};
}

handlers! {
    send(user: u64) -> Result<u64, idem::Error>, "24h";
    print(text: String) -> anyhow::Result<String>, "48h";
}

macro_rules! boxed {
    ($($name:ident($argument:ident: $type:ty) -> $future:ty: $result:ty;)*) => {$(
        #[idempotent]
        fn $name($argument: $type) -> $future {
            Box::pin(async move { Ok::<$result, idem::Error>($argument) })
        }
    )*};
}

boxed! {
    push(user: u64) -> futures::future::BoxFuture<'static, Result<u64, idem::Error>>: u64;
    pull(text: String) -> std::pin::Pin<Box<dyn Future<Output = Result<String, idem::Error>> + Send>>: String;
}

#[cfg(any())]
#[idempotent]
async fn absent(user: Missing) -> Result<u64, idem::Error> {}

#[idempotent]
#[cfg(any())]
async fn absent_too(user: Missing) -> Result<u64, idem::Error> {}

#[not_idempotent(reason = "any function may carry it")]
const unsafe fn first(bytes: *const u8) -> u8 {
    unsafe { *bytes }
}

#[test]
fn compiles() {
    let _ = (send(1), print("x".into()), push(1), pull("x".into()));
    let _ = idem::tasks![send, print, first];
    assert_eq!(unsafe { first([7].as_ptr()) }, 7);
}
