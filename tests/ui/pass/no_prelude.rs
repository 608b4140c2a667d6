#![deny(warnings)]
#![no_implicit_prelude]

#[::idem::idempotent(ttl = "24h", scope(tenant = user), date_based, on_in_progress = "skip")]
async fn send(user: u64, topic: ::std::string::String) -> ::std::result::Result<u64, ::idem::Error> {
    ::std::mem::drop(topic);
    ::std::result::Result::Ok(user)
}

type Answer = ::std::result::Result<(), ::idem::Error>;

#[::idem::idempotent_once(result = "discard", key())]
async fn migrate() -> Answer {
    ::std::result::Result::Ok(())
}

#[::idem::not_idempotent(reason = "reads only")]
async fn find(_user: u64) {}

#[::core::prelude::v1::test]
fn compiles() {
    let _ = send(1, ::std::string::String::new());
    let _ = migrate();
    let _ = find(1);
    let _ = ::idem::tasks![send, migrate, find];
}
