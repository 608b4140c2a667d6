#![allow(unused_variables)]

use idem::idempotent;

#[idempotent]
struct Mailer;

fn main() {}
