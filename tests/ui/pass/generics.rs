#![deny(warnings)]

use std::fmt::{Debug, Display};

use idem::idempotent;

#[idempotent(skip(sender, copies))]
async fn notify<'a, S, const N: usize>(
    sender: &'a S,
    user: u64,
    copies: [u8; N],
    #[idem(skip)] log: impl Display + Send,
) -> Result<usize, idem::Error>
where
    S: Fn(&str) -> bool + Sync + 'a,
{
    println!("{log}");
    Ok(usize::from(sender(&user.to_string())) + copies.len())
}

#[idempotent(key(id))]
async fn keep<T: Debug + Send + serde::Serialize + serde::de::DeserializeOwned>(
    id: u64,
    value: T,
) -> Result<T, idem::Error> {
    println!("{id}");
    Ok(value)
}

#[idempotent(key(id))]
async fn pick<C, T>(id: u64, from: C) -> Result<Option<T>, idem::Error>
where
    C: IntoIterator<Item = T> + Send,
    T: Send + serde::Serialize + serde::de::DeserializeOwned,
{
    println!("{id}");
    Ok(from.into_iter().next())
}

#[idempotent(result = "discard")]
async fn discarded(resolution: u64, codec: &str) -> Result<u64, idem::Error> {
    println!("{resolution} {codec}");
    Ok(resolution)
}

#[test]
fn compiles() {
    use idem::Resolution::{Cancel, Completed, Retry};

    let _ = notify::resolve(&7, Completed(3));
    let _ = keep::resolve(&7, Completed("x".to_owned()));
    let _ = keep::resolve::<u8>(&7, Retry);
    let _ = pick::resolve(&7, Completed(Some(7_u8)));
    let _ = (discarded::resolve(&7, "x", Completed(())), discarded::resolve(&7, "x", Cancel), discarded(7, "x"));
    let sender = |text: &str| text.is_empty();
    let _ = notify(&sender, 7, [1, 2], "log");
    let _ = notify::key(&7);
    let _ = keep(7, vec![1_u8]);
    let _ = keep::call(7, "x".to_owned());
    let _ = idem::tasks![notify, keep];
}
