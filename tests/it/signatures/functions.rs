//! Functions that stand free, by what their arguments and results look like.
#![deny(warnings)]

use std::borrow::Cow;
use std::fmt::Display;

use idem::idempotent;
use serde::{Deserialize, Serialize};

use super::{counted, entered, once};
use crate::support::{AppError, runtime};

type Answer<T, E = AppError> = Result<T, E>;

struct Json<T>(T);

#[derive(Serialize, Deserialize)]
struct Order {
    id: u64,
    customer: String,
}

#[idempotent]
async fn plain(user: u64, topic: String) -> Result<String, AppError> {
    entered();
    Ok(format!("{user}:{topic}"))
}

#[idempotent(key())]
async fn without_arguments() -> Result<(), AppError> {
    entered();
    Ok(())
}

#[idempotent]
async fn changed(mut user: u64, _x: u8, #[idem(skip)] _: u16) -> Result<u64, AppError> {
    entered();
    user += 1;
    Ok(user)
}

#[idempotent(key(body, customer))]
async fn unpacked(Json(body): Json<String>, Order { id, customer }: Order) -> Result<String, AppError> {
    entered();
    Ok(format!("{body} {customer} {id}"))
}

#[idempotent(skip(a, b))]
#[allow(clippy::toplevel_ref_arg)]
async fn tuples((a, b): (u8, u8), [_, c]: [u8; 2], ref d: String) -> Result<usize, AppError> {
    entered();
    Ok(usize::from(a + b + c) + d.len())
}

#[idempotent(key(log.0, text, bytes, more, maybe))]
async fn borrowed<'a>(
    text: &str,
    bytes: &'a [u8],
    more: Cow<'_, str>,
    maybe: Option<&'a str>,
    log: &mut (u8, Vec<String>),
) -> Result<usize, AppError> {
    entered();
    log.1.push(text.to_owned());
    Ok(bytes.len() + more.len() + maybe.map_or(0, str::len))
}

#[idempotent(skip(make, copies))]
async fn generic<'a, F, const N: usize>(
    make: &'a F,
    user: u64,
    copies: [u8; N],
    #[idem(skip)] log: impl Display + Send,
) -> Result<String, AppError>
where
    F: Fn(u64) -> String + Sync + 'a,
{
    entered();
    Ok(format!("{}{}{log}", make(user), copies.len()))
}

#[idempotent(key(id))]
async fn given_back<T: Send + Serialize + serde::de::DeserializeOwned>(id: u64, value: T) -> Result<T, AppError> {
    entered();
    let _ = id;
    Ok(value)
}

#[idempotent]
async fn r#match(r#type: &str, r#ref: u8) -> Result<String, AppError> {
    entered();
    Ok(format!("{type}{ref}", r#type = r#type, r#ref = r#ref))
}

#[idempotent]
async fn early(text: &str) -> Answer<u64, anyhow::Error> {
    entered();
    if text.is_empty() {
        return Ok(0);
    }
    Ok(text.parse()?)
}

#[idempotent]
async fn by_anyhow(user: u64) -> anyhow::Result<u64> {
    entered();
    anyhow::ensure!(user > 0, "nobody");
    Ok(user)
}

#[idempotent]
async fn by_alias(user: u64) -> Answer<Vec<u64>> {
    entered();
    Ok(vec![user])
}

#[idempotent]
async fn recursive(depth: u64) -> Result<u64, AppError> {
    entered();
    Ok(if depth == 0 { 0 } else { 1 + Box::pin(recursive(depth - 1)).await? })
}

#[cfg(test)]
#[idempotent]
#[cfg_attr(test, must_use)]
async fn present(user: u64) -> Result<u64, AppError> {
    entered();
    Ok(user)
}

#[cfg(not(test))]
#[idempotent]
async fn present(user: Missing) -> Result<u64, AppError> {}

#[tokio::test]
async fn arguments_of_every_form() {
    let in_runtime = async {
        once!(plain(7, "planted-topic".into()), "7:planted-topic");
        once!(without_arguments(), ());
        once!(changed(7, 1, 2), 8);
        once!(unpacked(Json("a".into()), Order { id: 1, customer: "b".into() }), "a b 1");
        once!(tuples((1, 2), [3, 4], "five".into()), 11);
        let mut log = (1, vec![]);
        once!(borrowed("a", b"bc", "def".into(), Some("g"), &mut log), 6);
        assert_eq!(log.1, ["a"]);
        let make = |user: u64| user.to_string();
        once!(generic(&make, 7, [0; 3], "!"), "73!");
        once!(given_back(1, vec!["x".to_owned()]), ["x"]);
        once!(r#match("a", 1), "a1");
        once!(present(3), 3);
    };
    runtime().enter(in_runtime).await;
}

#[tokio::test]
async fn results_under_every_name_and_early_ends() {
    let in_runtime = async {
        once!(early(""), 0);
        once!(early("12"), 12);
        once!(by_anyhow(1), 1);
        once!(by_alias(1), [1]);
        for _ in 0..2 {
            // An error is not kept: the body may run again.
            let (answer, entries) = counted(early("x")).await;
            assert_eq!((answer.unwrap_err().to_string().as_str(), entries), ("invalid digit found in string", 1));
            let (answer, entries) = counted(by_anyhow(0)).await;
            assert_eq!((answer.unwrap_err().to_string().as_str(), entries), ("nobody", 1));
        }
    };
    runtime().enter(in_runtime).await;
}

#[tokio::test]
async fn a_call_inside_the_body_is_a_call_of_its_own() {
    let in_runtime = async {
        assert_eq!(counted(super::sent(recursive(2))).await.1, 3);
        assert_eq!(counted(recursive(2)).await.1, 0);
        assert_eq!(counted(recursive(3)).await.1, 1);
    };
    runtime().enter(in_runtime).await;
}

/// As an `async fn` does: made elsewhere, it belongs to the runtime that polls it.
#[tokio::test]
async fn a_companion_asks_when_its_future_is_polled() {
    let (runtime, topic) = (runtime(), "lazy".to_owned());
    let (call, status) = (plain::call(7, topic.clone()), plain::status(&7, &topic));
    assert!(counted(runtime.enter(call)).await.0.unwrap().is_fresh());
    assert!(runtime.enter(status).await.unwrap().is_some());
    assert!(runtime.enter(plain::clear(&7, &topic)).await.unwrap());
    assert!(runtime.enter(plain::cancel(&7, &topic)).await.unwrap());
}

#[tokio::test]
async fn functions_inside_functions() {
    #[idempotent]
    async fn outer(user: u64) -> Result<u64, AppError> {
        #[idempotent]
        async fn inner(user: u64) -> Result<u64, AppError> {
            entered();
            Ok(user + 1)
        }
        inner(user).await
    }
    let in_runtime = async {
        once!(outer(7), 8);
        assert!(outer::call(7).await.unwrap().is_replayed());
        {
            #[idempotent]
            async fn in_a_block(user: u64) -> Result<u64, AppError> {
                entered();
                Ok(user + 2)
            }
            once!(in_a_block(7), 9);
        }
    };
    runtime().enter(in_runtime).await;
}
