#![deny(warnings)]

use idem::idempotent;

struct Order {
    id: u64,
    customer: String,
}

#[derive(Debug)]
struct AppError;

fn to_app(_: idem::Error) -> AppError {
    AppError
}

#[idempotent(
    name = "billing.charge",
    version = 3,
    ttl = "forever",
    category = "critical",
    lease = "1m",
    scope("tenant", customer = order.customer),
    bucket = "month",
    tz = "Europe/Berlin",
    key(order.id, day),
    on_in_progress = "wait",
    wait = "10s",
    on_store_error = "run",
    max_result = "1MiB",
    store = "billing",
    error = to_app,
)]
async fn charge(order: Order, day: &str, attempt: u32) -> Result<u64, AppError> {
    Ok(order.id + u64::from(attempt) + day.len() as u64)
}

#[idempotent(skip(attempt), result = "discard", on_in_progress = "skip", error = to_app)]
async fn ping(user: u64, attempt: u32) -> Result<(), AppError> {
    let _ = (user, attempt);
    Ok(())
}

fn main() {
    let _ = charge(Order { id: 1, customer: "c".into() }, "2026-11-21", 1);
    let _ = charge::call(Order { id: 1, customer: "c".into() }, "2026-11-21", 1);
    let _ = charge::key(&Order { id: 1, customer: "c".into() }, "2026-11-21");
    let _ = ping(1, 1);
}
