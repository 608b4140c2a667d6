#![allow(unused_variables)]

use idem::idempotent;

use std::pin::Pin;
use std::rc::Rc;

#[idempotent(skip(shared))]
fn send(user: u64, shared: Rc<u64>) -> Pin<Box<dyn Future<Output = Result<u64, idem::Error>> + Send>> {
    Box::pin(async move { Ok(user + *shared) })
}

fn main() {}
