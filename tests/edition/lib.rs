//! A crate of an older edition: there an `impl` in a return type holds no lifetimes that it does not name.
#![cfg(test)]
#![deny(warnings, clippy::all, clippy::pedantic)]

use std::borrow::Cow;

use futures::future::BoxFuture;
use idem::{idempotent, AbandonedClaim, Error, MemoryStore, Reconciled, Runtime};

type Answer<T> = Result<T, Error>;

#[idempotent(name = "old.plain")]
async fn plain(user: &str, #[idem(name = "pair")] (a, b): &(u64, u64)) -> Result<String, Error> {
    Ok(format!("{user}{a}{b}"))
}

#[idempotent(name = "old.renamed", skip(log))]
async fn renamed<'a>(user: &'a str, text: Cow<'a, str>, log: &mut Vec<u8>) -> Answer<String> {
    log.push(1);
    Ok(format!("{user}{text}"))
}

#[idempotent(name = "old.boxed", reconcile = ask)]
fn boxed<'a>(user: &'a str) -> BoxFuture<'a, Answer<String>> {
    Box::pin(async move { Ok(user.to_owned()) })
}

async fn ask(_: &str, _: &AbandonedClaim) -> Reconciled<String> {
    std::future::ready(Reconciled::Unknown).await
}

#[tokio::test]
async fn companions_hold_what_their_arguments_borrow() -> Result<(), Error> {
    let runtime = Runtime::builder().store(MemoryStore::new()).namespace("ui").build()?;
    let calls = async {
        let (user, mut log) = (String::from("u"), Vec::new());
        assert!(plain::call(&user, &(1, 2)).await?.is_fresh());
        assert!(renamed::call(&user, "t".into(), &mut log).await?.is_fresh());
        assert!(renamed::call(&user, "t".into(), &mut log).await?.is_replayed());
        assert!(boxed::call(&user).await?.is_fresh());
        assert!(renamed::status(&user, &"t".into()).await?.is_some());
        Ok::<_, Error>(log)
    };
    assert_eq!(runtime.enter(calls).await?, [1]);
    Ok(())
}
