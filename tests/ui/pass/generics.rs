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

fn main() {
    let sender = |text: &str| text.is_empty();
    let _ = notify(&sender, 7, [1, 2], "log");
    let _ = notify::key(&7);
    let _ = keep(7, vec![1_u8]);
    let _ = keep::call(7, "x".to_owned());
    let _ = idem::tasks![notify, keep];
}
