use idem::{Resolution, idempotent};

#[idempotent]
async fn charge(order: u64) -> Result<String, idem::Error> {
    Ok(order.to_string())
}

fn main() {
    let _ = charge::resolve(&4711, Resolution::Completed(99));
}
