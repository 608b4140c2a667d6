#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
async fn send<'a>(topic: &'a str) -> Result<std::borrow::Cow<'a, str>, idem::Error> {
    Ok(topic.into())
}

fn main() {}
