//! A worker that takes its deliveries from a broker.

use std::time::Duration;

use anyhow::bail;

use super::bench::Bench;
use super::{PAUSE, answer};
use crate::broker::{self, At, Delivery};
use crate::history::What;
use crate::wire::ToWorker;

/// As long as the process lives.
pub async fn consume(bench: &'static Bench, queue: &At) {
    loop {
        let Err(error) = until_it_ends(bench, queue).await;
        // A broker that is away comes back; who looks at a run that stands still finds out why.
        eprintln!("process {}: {error:#}", bench.process);
        tokio::time::sleep(PAUSE).await;
    }
}

async fn until_it_ends(bench: &'static Bench, queue: &At) -> anyhow::Result<std::convert::Infallible> {
    let mut deliveries = broker::consume(queue).await?;
    loop {
        let delivery = deliveries.next().await?;
        tokio::spawn(async move {
            // What is not acknowledged comes again.
            let _ = handle(bench, &*delivery).await;
        });
    }
}

async fn handle(bench: &'static Bench, delivery: &dyn Delivery) -> anyhow::Result<()> {
    let ToWorker::Deliver { copy, message } = serde_json::from_slice(delivery.body())? else {
        bail!("a message that is no delivery");
    };
    bench.note(&What::Sent { copy, key: message.key, to: bench.process })?;
    if answer(bench, copy, message).await {
        delivery.acknowledge().await
    } else {
        delivery.again(Duration::from_millis(rand::random_range(10..200))).await
    }
}
