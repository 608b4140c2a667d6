#![allow(unused_variables)]

use idem::idempotent;

use std::pin::Pin;
use std::rc::Rc;

#[idempotent]
fn send(user: u64) -> Pin<Box<dyn Future<Output = Result<u64, idem::Error>> + Send>> {
    Box::pin(async move {
        let held = Rc::new(user);
        std::future::ready(()).await;
        Ok(*held)
    })
}

fn main() {}
