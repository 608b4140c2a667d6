#![allow(unused_variables)]

use idem::idempotent;

use apalis::prelude::Attempt;

mod apalis {
    pub mod prelude {
        #[derive(serde::Serialize)]
        pub struct Attempt(u32);
    }
}

#[idempotent]
async fn send(user: u64, attempt: Attempt) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
