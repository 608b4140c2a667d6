#![deny(warnings)]

use idem::idempotent;

struct Json<T>(T);

struct Order {
    id: u64,
    r#type: String,
    lines: (u8, Vec<String>),
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

#[idempotent(key = "autoclose:{job_id}:{day}")]
async fn autoclose(job_id: u64, day: &str, attempt: u32) -> Result<usize, idem::Error> {
    Ok(job_id as usize + day.len() + attempt as usize)
}

#[idempotent(
    key = r#"{{"order": {order.id}, "type": {order.type}, "line": {order.lines.0}, "again": {order.id}}} {raw}/{type}/{mail}/{pair}/{b}"#,
    date_based
)]
async fn every_place(
    Json(order): Json<Order>,
    r#raw: u8,
    r#type: u8,
    #[idem(name = "mail", with = lower)] address: String,
    #[idem(name = "pair")] (a, b): (u8, u8),
    left_out: &mut Vec<u8>,
) -> Result<usize, idem::Error> {
    left_out.push(raw + r#type + a + b);
    Ok(order.r#type.len() + order.lines.1.len() + address.len())
}

#[test]
fn compiles() {
    let order = || Order { id: 1, r#type: "t".into(), lines: (1, vec![]) };
    let _ = autoclose(1, "2026-11-21", 1);
    let _ = autoclose::key(&1, "2026-11-21");
    let _ = every_place(Json(order()), 1, 2, "a".into(), (3, 4), &mut vec![]);
    let _ = every_place::key(&Json(order()), &1, &2, &"a".into(), &(3, 4));
}
