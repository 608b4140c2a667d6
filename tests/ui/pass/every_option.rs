#![deny(warnings)]

use idem::idempotent;

struct Order {
    id: u64,
    customer: String,
}

#[derive(Debug)]
struct AppError;

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

fn judge(_: &AppError) -> idem::ErrorDisposition {
    idem::ErrorDisposition::Park
}

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
    on_stale = "park",
    on_error = "store",
    error_ttl = "10m",
    max_attempts = 5,
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

#[idempotent(on_stale = "rerun", on_error = judge, error = to_app)]
async fn charge_again(order: u64) -> Result<(), AppError> {
    let _ = order;
    Ok(())
}

/// A failure that is forgotten says nothing, so its error need not be `Display`.
#[idempotent(on_error = "release", max_attempts = 1)]
async fn refund(order: u64) -> Result<(), Silent> {
    let _ = order;
    Ok(())
}

struct Silent;

impl From<idem::Error> for Silent {
    fn from(_: idem::Error) -> Self {
        Self
    }
}

#[test]
fn compiles() {
    let _ = charge_again(1);
    let _ = refund(1);
    let _ = charge(Order { id: 1, customer: "c".into() }, "2026-11-21", 1);
    let _ = charge::call(Order { id: 1, customer: "c".into() }, "2026-11-21", 1);
    let _ = charge::key(&Order { id: 1, customer: "c".into() }, "2026-11-21");
    let _ = ping(1, 1);
}
