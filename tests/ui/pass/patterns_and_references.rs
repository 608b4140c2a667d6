#![deny(warnings)]

use std::borrow::Cow;

use idem::idempotent;

pub struct Json<T>(pub T);

pub struct Point {
    x: i32,
    y: i32,
}

#[idempotent(key(body, y))]
async fn unpacked(Json(body): Json<String>, Point { x, y }: Point) -> Result<i32, idem::Error> {
    Ok(x + y + body.len() as i32)
}

#[idempotent(skip(a, b))]
async fn both((a, b): (u8, u8), [_, c]: [u8; 2], ref d: String) -> Result<usize, idem::Error> {
    Ok(usize::from(a + b + c) + d.len())
}

#[idempotent(key(log.0, text))]
async fn borrowed(
    text: &str,
    bytes: &[u8],
    more: Cow<'_, str>,
    log: &mut (u8, Vec<String>),
) -> Result<usize, idem::Error> {
    log.1.push(text.to_owned());
    Ok(bytes.len() + more.len())
}

#[idempotent]
async fn raw(r#type: &'static str, slices: &[&str], maybe: Option<&str>) -> Result<usize, idem::Error> {
    Ok(r#type.len() + slices.len() + maybe.map_or(0, str::len))
}

#[test]
fn compiles() {
    let _ = unpacked::call(Json("x".into()), Point { x: 1, y: 2 });
    let _ = unpacked::key(&Json("x".into()), &Point { x: 1, y: 2 });
    let _ = both((1, 2), [3, 4], "x".into());
    let _ = borrowed("x", b"y", "z".into(), &mut (0, vec![]));
    let _ = borrowed::key("x", &(0, vec![]));
    let _ = raw::key("x", &["y"], &None);
}
