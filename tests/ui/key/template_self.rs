#![allow(unused_variables, dead_code)]

use idem::idempotent;

struct Jobs {
    id: u64,
}

impl Jobs {
    #[idempotent(name = "jobs.close", key = "autoclose:{self.id}:{job_id}")]
    async fn send(&self, job_id: u64) -> Result<(), idem::Error> {
        Ok(())
    }
}

fn main() {}
