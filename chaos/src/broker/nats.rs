//! NATS JetStream: a message that is not acknowledged within a time comes again, also where its worker still has it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::jetstream::consumer::pull::{self, Stream as Messages};
use async_nats::jetstream::stream::{self, RetentionPolicy};
use async_nats::jetstream::{self, AckKind, Context, Message};
use async_trait::async_trait;
use futures::StreamExt;

use super::{At, Broker, Deliveries, Delivery};

/// Longer than a run waits for a message. What a coordinator that was killed left in its stream is then gone.
const KEPT: Duration = Duration::from_secs(3_600);

/// A server that was killed is started again sooner; and how long one confirmation is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
const CONFIRMED: Duration = Duration::from_secs(1);

struct Queue {
    context: Context,
    name: String,
}

pub async fn open(at: &At) -> anyhow::Result<Arc<dyn Broker>> {
    let (context, name) = (connect(at).await?, at.name.clone());
    let config = stream::Config {
        name: name.clone(),
        subjects: vec![name.clone()],
        retention: RetentionPolicy::WorkQueue,
        max_age: KEPT,
        ..stream::Config::default()
    };
    let stream = context.create_stream(config).await.context("NATS has no JetStream: start it with -js")?;
    let config = pull::Config {
        durable_name: Some(name.clone()),
        ack_wait: at.ack_wait,
        max_ack_pending: i64::from(at.window) * i64::from(at.workers),
        ..pull::Config::default()
    };
    let made = stream.create_consumer(config).await;
    let queue = Queue { context, name };
    if let Err(error) = made {
        queue.remove().await?;
        return Err(error.into());
    }
    Ok(Arc::new(queue))
}

async fn connect(at: &At) -> anyhow::Result<Context> {
    let client = async_nats::connect(&at.url).await.context("NATS is not to be had")?;
    Ok(jetstream::context::ContextBuilder::new().ack_timeout(CONFIRMED).build(client))
}

impl Queue {
    async fn try_to_publish(&self, bodies: &[Vec<u8>]) -> anyhow::Result<()> {
        let mut confirmations = Vec::with_capacity(bodies.len());
        for body in bodies {
            confirmations.push(self.context.publish(self.name.clone(), body.clone().into()).await?);
        }
        for confirmation in confirmations {
            confirmation.await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Broker for Queue {
    /// What is not confirmed is sent again; a message may come twice by that, as in every queue.
    async fn publish(&self, bodies: Vec<Vec<u8>>) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            match self.try_to_publish(&bodies).await {
                Err(error) if began.elapsed() > PATIENCE => return Err(error),
                Err(_) => {}
                published => return published,
            }
        }
    }

    async fn remove(&self) -> anyhow::Result<()> {
        self.context.delete_stream(&self.name).await?;
        Ok(())
    }
}

struct Consumed(Messages);

pub async fn consume(at: &At) -> anyhow::Result<Box<dyn Deliveries>> {
    let context = connect(at).await?;
    let consumer: jetstream::consumer::PullConsumer = context.get_consumer_from_stream(&at.name, &at.name).await?;
    let messages = consumer.stream().max_messages_per_batch(usize::from(at.window)).messages().await?;
    Ok(Box::new(Consumed(messages)))
}

#[async_trait]
impl Deliveries for Consumed {
    async fn next(&mut self) -> anyhow::Result<Box<dyn Delivery>> {
        let message = self.0.next().await.context("NATS sends nothing any more")??;
        Ok(Box::new(Arrived(message)))
    }
}

struct Arrived(Message);

#[async_trait]
impl Delivery for Arrived {
    fn body(&self) -> &[u8] {
        &self.0.payload
    }

    async fn acknowledge(&self) -> anyhow::Result<()> {
        self.0.ack().await.map_err(anyhow::Error::from_boxed)
    }

    async fn again(&self, later: Duration) -> anyhow::Result<()> {
        self.0.ack_with(AckKind::Nak(Some(later))).await.map_err(anyhow::Error::from_boxed)
    }
}
