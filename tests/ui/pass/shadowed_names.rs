#![deny(warnings)]
#![allow(dead_code, non_camel_case_types)]

use idem::idempotent;

mod core {}
mod std {}
mod serde {}

struct Ok;
struct Err;
struct Some;
struct None;
struct String;
struct Option;
struct Key;
struct Outcome;
struct Task;
struct bool;
type Result<T> = ::std::result::Result<T, idem::Error>;

trait Write {
    fn write(&self) {}
    fn scope_from_delivery(&self) {}
}
impl<T> Write for T {}

#[idempotent(scope(tenant = key.len()))]
async fn send(key: &str, call: u64, begin: u8, __begun: u8, k: u8, task: u8, error: u8) -> Result<u64> {
    let _ = (begin, __begun, k, task, error);
    ::std::result::Result::Ok(key.len() as u64 + call)
}

#[idempotent]
async fn call(call: u64, args: u64) -> Result<u64> {
    ::std::result::Result::Ok(call + args)
}

#[idempotent]
async fn key(clear: u64) -> Result<u64> {
    ::std::result::Result::Ok(clear)
}

#[test]
fn compiles() {
    let _ = (send("x", 1, 2, 3, 4, 5, 6), call(1, 2), key(1));
    let _ = (send::key("x", &1, &2, &3, &4, &5, &6), call::key(&1, &2), key::key(&1));
    let _ = (call::call(1, 2), key::call(1));
}
