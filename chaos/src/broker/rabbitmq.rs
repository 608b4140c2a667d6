//! RabbitMQ: a message belongs to a connection until it is acknowledged or the connection is closed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use futures::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer};

use super::{At, Broker, Deliveries, Delivery};

/// After so long without a worker the broker itself removes the queue, also where the coordinator was killed.
const UNUSED_MS: i32 = 600_000;

/// `delivery-mode` of what is kept on the disk.
const PERSISTENT: u8 = 2;

struct Queue {
    connection: Connection,
    channel: Channel,
    name: ShortString,
}

pub async fn open(at: &At) -> anyhow::Result<Arc<dyn Broker>> {
    let connection = connect(at).await?;
    let channel = connection.create_channel().await?;
    let name = ShortString::from(at.name.clone());
    let mut options = FieldTable::default();
    options.insert("x-expires".into(), UNUSED_MS.into());
    channel.queue_declare(name.clone(), QueueDeclareOptions::durable(), options).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(Arc::new(Queue { connection, channel, name }))
}

async fn connect(at: &At) -> anyhow::Result<Connection> {
    Connection::connect(&at.url, ConnectionProperties::default()).await.context("RabbitMQ is not to be had")
}

#[async_trait]
impl Broker for Queue {
    async fn publish(&self, bodies: Vec<Vec<u8>>) -> anyhow::Result<()> {
        let mut confirmations = Vec::with_capacity(bodies.len());
        for body in &bodies {
            let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
            let options = BasicPublishOptions::default();
            let sent = self.channel.basic_publish("".into(), self.name.clone(), options, body, properties).await?;
            confirmations.push(sent);
        }
        for confirmation in confirmations {
            ensure!(confirmation.await?.is_ack(), "RabbitMQ does not take a message");
        }
        Ok(())
    }

    async fn remove(&self) -> anyhow::Result<()> {
        self.channel.queue_delete(self.name.clone(), QueueDeleteOptions::default()).await?;
        self.connection.close(200, "done".into()).await?;
        Ok(())
    }
}

struct Consumed {
    /// Closed, its messages would be another worker's.
    _connection: Connection,
    consumer: Consumer,
}

pub async fn consume(at: &At) -> anyhow::Result<Box<dyn Deliveries>> {
    let connection = connect(at).await?;
    let channel = connection.create_channel().await?;
    channel.basic_qos(at.window, BasicQosOptions::default()).await?;
    let (name, options) = (ShortString::from(at.name.clone()), BasicConsumeOptions::default());
    let consumer = channel.basic_consume(name, "".into(), options, FieldTable::default()).await?;
    Ok(Box::new(Consumed { _connection: connection, consumer }))
}

#[async_trait]
impl Deliveries for Consumed {
    async fn next(&mut self) -> anyhow::Result<Box<dyn Delivery>> {
        let delivery = self.consumer.next().await.context("RabbitMQ sends nothing any more")??;
        Ok(Box::new(Arrived(delivery)))
    }
}

struct Arrived(lapin::message::Delivery);

#[async_trait]
impl Delivery for Arrived {
    fn body(&self) -> &[u8] {
        &self.0.data
    }

    async fn acknowledge(&self) -> anyhow::Result<()> {
        self.0.acker.ack(BasicAckOptions::default()).await?;
        Ok(())
    }

    /// RabbitMQ knows no later: the worker keeps the message meanwhile.
    async fn again(&self, later: Duration) -> anyhow::Result<()> {
        tokio::time::sleep(later).await;
        self.0.acker.nack(BasicNackOptions { requeue: true, multiple: false }).await?;
        Ok(())
    }
}
