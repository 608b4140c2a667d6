//! Queues of others, on demand: acknowledgements and redeliveries that nothing here decides.

#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "rabbitmq")]
mod rabbitmq;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// The brokers that are known; each is a feature of this package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    RabbitMq,
    /// With JetStream.
    Nats,
}

impl Kind {
    /// As the command line and the features call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RabbitMq => "rabbitmq",
            Self::Nats => "nats",
        }
    }

    /// Where it is commonly found.
    pub fn standard(self) -> &'static str {
        match self {
            Self::RabbitMq => "amqp://guest:guest@127.0.0.1:5672",
            Self::Nats => "nats://127.0.0.1:4222",
        }
    }
}

/// The queue of one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct At {
    pub kind: Kind,
    pub url: String,
    /// No other run has it.
    pub name: String,
    /// How long JetStream waits for an acknowledgement. RabbitMQ waits as long as the connection is open.
    pub ack_wait: Duration,
    /// How many messages one worker may have that it did not acknowledge.
    pub window: u16,
    pub workers: u16,
}

impl At {
    /// A queue that is not there yet, for so many workers.
    pub fn new(kind: Kind, url: Option<&str>, ack_wait: Duration, window: u16, workers: u16) -> Self {
        let name = format!("idem-chaos-{:016x}", rand::random::<u64>());
        Self { kind, url: url.unwrap_or(kind.standard()).to_owned(), name, ack_wait, window, workers }
    }
}

/// The queue as the coordinator has it.
#[async_trait]
pub trait Broker: Send + Sync {
    /// Until the broker has all of them.
    async fn publish(&self, bodies: Vec<Vec<u8>>) -> anyhow::Result<()>;
    /// Removes the queue and what is in it.
    async fn remove(&self) -> anyhow::Result<()>;
}

/// The queue as a worker has it.
#[async_trait]
pub trait Deliveries: Send {
    /// An error ends them: what was not acknowledged comes again, to whoever asks.
    async fn next(&mut self) -> anyhow::Result<Box<dyn Delivery>>;
}

/// One arrival of a message.
#[async_trait]
pub trait Delivery: Send + Sync {
    fn body(&self) -> &[u8];
    async fn acknowledge(&self) -> anyhow::Result<()>;
    /// It is to come again, so much later.
    async fn again(&self, later: Duration) -> anyhow::Result<()>;
}

/// Makes the queue.
pub async fn open(at: &At) -> anyhow::Result<Arc<dyn Broker>> {
    match at.kind {
        #[cfg(feature = "rabbitmq")]
        Kind::RabbitMq => rabbitmq::open(at).await,
        #[cfg(feature = "nats")]
        Kind::Nats => nats::open(at).await,
        #[cfg(not(all(feature = "nats", feature = "rabbitmq")))]
        missing => built_without(missing),
    }
}

/// Asks for what is in the queue.
pub async fn consume(at: &At) -> anyhow::Result<Box<dyn Deliveries>> {
    match at.kind {
        #[cfg(feature = "rabbitmq")]
        Kind::RabbitMq => rabbitmq::consume(at).await,
        #[cfg(feature = "nats")]
        Kind::Nats => nats::consume(at).await,
        #[cfg(not(all(feature = "nats", feature = "rabbitmq")))]
        missing => built_without(missing),
    }
}

#[cfg(not(all(feature = "nats", feature = "rabbitmq")))]
fn built_without<T>(kind: Kind) -> anyhow::Result<T> {
    let name = kind.name();
    anyhow::bail!("built without {name}: cargo run -p idem-chaos --features {name} -- run --queue {name} …")
}
