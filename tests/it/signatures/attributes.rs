//! Other attributes on the same function.
#![deny(warnings)]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use idem::idempotent;
use tracing::instrument;
use tracing::span::{Attributes, Id, Record};

use super::{entered, once};
use crate::support::{AppError, runtime};

/// Around the body.
#[instrument(skip_all, fields(user), err, ret)]
#[idempotent(name = "it.attributes.above", ttl = "1h")]
async fn above(user: u64, topic: &str) -> Result<u64, AppError> {
    entered();
    if topic.is_empty() {
        return Err(AppError::Body("no topic".into()));
    }
    Ok(user)
}

/// Around the call.
#[idempotent(name = "it.attributes.below", ttl = "1h")]
#[instrument(skip(topic), fields(length = topic.len()), err(Debug), ret)]
async fn below(user: u64, topic: &str) -> Result<u64, AppError> {
    entered();
    if topic.is_empty() {
        return Err(AppError::Body("no topic".into()));
    }
    Ok(user)
}

struct Smtp;

#[async_trait]
trait Mailer {
    async fn method_above(&self, user: u64) -> Result<u64, AppError>;
    async fn method_below(&self, user: u64) -> Result<u64, AppError>;
}

#[async_trait]
impl Mailer for Smtp {
    #[instrument(skip_all, err)]
    #[idempotent(name = "it.attributes.method_above")]
    async fn method_above(&self, user: u64) -> Result<u64, AppError> {
        entered();
        Ok(user)
    }

    #[idempotent(name = "it.attributes.method_below")]
    #[instrument(skip_all, err)]
    async fn method_below(&self, user: u64) -> Result<u64, AppError> {
        entered();
        Ok(user)
    }
}

/// Kept: the function's own attributes, inside and outside.
#[idempotent]
#[must_use]
#[inline]
#[expect(unused_variables, reason = "kept on the function, and said once")]
async fn attributed(user: u64) -> Result<u64, AppError> {
    #![allow(unused_mut)]
    entered();
    let (mut unused, other) = (1, 2);
    Ok(user)
}

/// What was traced: the spans that were entered first, and how many events.
#[derive(Default)]
struct Seen {
    opened: Vec<&'static str>,
    events: usize,
}

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Seen>>);

impl tracing::Subscriber for Recorder {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with(module_path!())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut seen = self.0.lock().unwrap();
        seen.opened.push(span.metadata().name());
        Id::from_u64(seen.opened.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.lock().unwrap().events += 1;
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Recorder {
    /// What a call makes traced.
    async fn traced<T>(&self, call: impl Future<Output = T>) -> (Vec<&'static str>, usize) {
        super::counted(call).await;
        let seen = std::mem::take(&mut *self.0.lock().unwrap());
        (seen.opened, seen.events)
    }
}

// One test for all that is traced: whoever meets a callsite first decides whether it is of interest.
#[tokio::test]
async fn a_span_above_is_the_body_s_and_a_span_below_is_the_call_s() {
    let recorder = Recorder::default();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let none = Vec::<&str>::new();
    let in_runtime = async {
        assert_eq!(recorder.traced(above(7, "planted-topic")).await, (vec!["above"], 1));
        assert_eq!(recorder.traced(above(7, "planted-topic")).await, (none.clone(), 0), "a replay has no body");
        assert_eq!(recorder.traced(above(7, "")).await, (vec!["above"], 1));
        assert_eq!(recorder.traced(below(7, "planted-topic")).await, (vec!["below"], 1));
        assert_eq!(recorder.traced(below(7, "planted-topic")).await, (vec!["below"], 1), "a replay is a call");
        assert_eq!(recorder.traced(below(7, "")).await, (vec!["below"], 1));
        assert_eq!(recorder.traced(Smtp.method_above(7)).await.0, ["method_above"]);
        assert_eq!(recorder.traced(Smtp.method_above(7)).await.0, none);
        assert_eq!(recorder.traced(Smtp.method_below(7)).await.0, ["method_below"]);
        assert_eq!(recorder.traced(Smtp.method_below(7)).await.0, ["method_below"]);

        once!(above(1, "planted-topic"), 1);
        once!(below(1, "planted-topic"), 1);
        once!(Smtp.method_above(1), 1);
        once!(Smtp.method_below(1), 1);
    };
    runtime().enter(in_runtime).await;
    // What idem refuses is an error of the call, and of no body.
    recorder.traced(async {}).await;
    assert_eq!(recorder.traced(above(8, "planted-topic")).await, (none, 0));
    assert_eq!(recorder.traced(below(8, "planted-topic")).await, (vec!["below"], 1));
}

#[tokio::test]
async fn attributes_of_the_function_are_kept() {
    let in_runtime = async { once!(attributed(1), 1) };
    runtime().enter(in_runtime).await;
}
