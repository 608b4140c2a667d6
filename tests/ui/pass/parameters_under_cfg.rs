#![deny(warnings)]

use idem::idempotent;

#[idempotent]
async fn one(a: u64, #[cfg(not(any()))] b: u64, #[cfg(any())] c: Unknown) -> Result<u64, idem::Error> {
    Ok(a + b)
}

#[idempotent]
async fn either(#[cfg(not(any()))] id: u64, #[cfg(any())] id: Unknown) -> Result<u64, idem::Error> {
    Ok(id)
}

#[idempotent(key(id, b.0))]
async fn selected(
    id: u64,
    #[cfg(any())] b: (u8, u8),
    #[cfg(not(any()))]
    #[idem(skip)]
    text: &str,
    #[cfg(any())]
    #[idem(skip)]
    ctx: Unknown,
) -> Result<u64, idem::Error> {
    Ok(id + text.len() as u64)
}

#[idempotent(skip(later))]
async fn forms(
    #[cfg(not(any()))]
    #[idem(name = "pair")]
    (a, b): (u64, u64),
    #[cfg(any())]
    #[idem(name = "gone")]
    (c, d): Unknown,
    #[cfg(any())]
    #[idem(omit_none)]
    e: Unknown,
    #[cfg(not(any()))] later: u64,
) -> Result<u64, idem::Error> {
    Ok(a + b + later)
}

struct S;

impl S {
    #[idempotent(name = "s.run")]
    async fn run(&self, a: u64, #[cfg(any())] b: Unknown) -> Result<u64, idem::Error> {
        Ok(a)
    }
}

#[test]
fn compiles() {
    let _ = one(1, 2);
    let _ = one::call(1, 2);
    let _ = one::key(&1, &2);
    let _ = either::key(&1);
    let _ = selected(1, "x");
    let _ = selected::key(&1);
    let _ = forms((1, 2), 3);
    let _ = forms::key(&(1, 2));
    let _ = S.run(1);
}
