//! Results under other names than `Result`, run too: a program of its own, since a runtime asks for all that the tasks of its program need.
#![deny(warnings)]

use idem::idempotent;

type Answer<T, E = idem::Error> = Result<T, E>;

fn to_anyhow(error: idem::Error) -> anyhow::Error {
    anyhow::anyhow!(error)
}

#[idempotent]
async fn converted(user: u64) -> anyhow::Result<u64> {
    let text: u64 = "7".parse()?;
    anyhow::ensure!(user > 0, "nobody");
    Ok(text + user)
}

#[idempotent(error = to_anyhow)]
async fn by_function(user: u64) -> anyhow::Result<u64> {
    Ok(user)
}

#[idempotent(error = anyhow::Error::from, on_in_progress = "skip", result = "discard")]
async fn by_method(text: &str) -> anyhow::Result<()> {
    println!("{text}");
    Ok(())
}

#[idempotent]
async fn aliased(text: &str) -> Answer<String> {
    if text.is_empty() {
        return Ok("nothing".into());
    }
    Ok(text.to_owned())
}

#[idempotent(error = ToString::to_string_of)]
async fn into_text(user: u64) -> Answer<u64, String> {
    Ok(user)
}

struct ToString;

impl ToString {
    fn to_string_of(error: idem::Error) -> String {
        error.to_string()
    }
}

#[tokio::test]
async fn other_names_are_results() -> anyhow::Result<()> {
    fn is_send<T: Send>(_: T) {}
    is_send(converted(1));
    is_send(aliased("x"));
    is_send(aliased::call("x"));
    is_send(by_method::call("x"));
    is_send(aliased::resolve("x", idem::Resolution::Completed("y".to_owned())));

    idem::Runtime::builder().store(idem::MemoryStore::new()).build()?.install()?;
    assert!(aliased::call("x").await?.is_fresh());
    assert!(aliased::call("x").await?.is_replayed());
    assert_eq!(aliased("x").await?, "x");
    assert_eq!(converted(1).await?, 8);
    assert!(converted(0).await.is_err());
    assert_eq!(by_function(1).await? + into_text(1).await.map_err(anyhow::Error::msg)?, 2);
    by_method("x").await?;
    assert!(by_method::call("x").await?.is_replayed());
    Ok(())
}
