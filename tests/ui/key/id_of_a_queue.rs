#![allow(unused_variables)]

use idem::idempotent;

mod apalis {
    pub mod prelude {
        #[derive(serde::Serialize)]
        pub struct TaskId(String);
    }
}

#[idempotent]
async fn send(user: u64, id: apalis::prelude::TaskId) -> Result<(), idem::Error> {
    Ok(())
}

fn main() {}
