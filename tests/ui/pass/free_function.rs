#![deny(warnings)]

use idem::idempotent;

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Receipt {
    pub id: u64,
}

/// Documented, and visible elsewhere.
#[idempotent(ttl = "24h", scope = "user", date_based(tz = "Europe/Berlin"), strict)]
#[must_use]
pub async fn send(user: u64, mut topic: String) -> Result<Receipt, idem::Error> {
    if topic.is_empty() {
        return Ok(Receipt { id: 0 });
    }
    topic.push('!');
    Ok(Receipt { id: user })
}

#[idempotent]
#[allow(clippy::too_many_arguments)]
async fn sum(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> Result<u8, idem::Error> {
    Ok(a + b + c + d + e + f + g + h)
}

#[test]
fn compiles() {
    fn is_send<T: Send>(_: T) {}
    is_send(send(7, "rust".into()));
    is_send(send::call(7, "rust".into()));
    is_send(send::status(&7, &"rust".into()));
    is_send(sum(1, 2, 3, 4, 5, 6, 7, 8));
    let _ = idem::tasks![send, sum, "billing.charge"];
    assert!(send::TASK.name().ends_with(".send"));
    assert!(send::key(&7, &"rust".into()).is_err()); // no runtime is installed
}
