//! Copies of completed records, for a tiered store: a time and the bytes of the record, under keys of their own.

use std::sync::Arc;
use std::time::Duration;

use redis::Value;

use super::RedisStore;
use super::fault::{self, corrupt};
use super::link::{Reply, pipeline};
use super::value;
use crate::clock::Timestamp;
use crate::key::Key;
use crate::record::Record;
use crate::store::{Cache, Description, Store, StoreError, StoreFuture};

/// The end of a record that has none.
const NEVER: i64 = i64::MAX;

/// No key to live says when the record ends: that is the copy's life.
const NO_END: i64 = -1;

impl RedisStore {
    /// One command and its answer.
    async fn say(&self, name: &str, arguments: &[&[u8]]) -> Result<Value, StoreError> {
        let mut commands = pipeline();
        let command = commands.cmd(name);
        for argument in arguments {
            command.arg(argument);
        }
        let reply: Option<Reply> = self.link.talk()?.ask(&commands).await?.pop();
        let shared = &self.link.shared;
        reply.unwrap_or(Ok(Value::Nil)).map_err(|error| fault::of(&shared.name, &error))
    }
}

/// The cache of a tiered store. Its keys are not those of records, so that one server and prefix can serve as both.
impl Cache for RedisStore {
    fn get<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, Option<Arc<Record>>> {
        Box::pin(async move {
            let digest = key.digest();
            match self.say("GET", &[&self.link.shared.names.copy(digest)]).await? {
                Value::BulkString(bytes) => decode(digest, &bytes).map(Arc::new).map(Some),
                _ => Ok(None),
            }
        })
    }

    fn put<'a>(&'a self, record: &'a Arc<Record>, life: Duration) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            // Down, so that no copy outlives its record.
            let life = life.as_millis();
            if life == 0 {
                return Ok(());
            }
            let name = self.link.shared.names.copy(record.key.digest());
            self.say("SET", &[&name, &encode(record), b"PX", life.to_string().as_bytes()]).await.map(drop)
        })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.say("DEL", &[&self.link.shared.names.copy(key.digest())]).await.map(drop) })
    }

    fn describe(&self) -> StoreFuture<'_, Description> {
        Store::describe(self)
    }
}

fn encode(record: &Record) -> Vec<u8> {
    let end = record.expires_at.map_or(NEVER, Timestamp::as_micros);
    let mut bytes = end.to_be_bytes().to_vec();
    bytes.extend_from_slice(&value::encode(record, record.updated_at).bytes);
    bytes
}

fn decode(digest: &[u8; 32], bytes: &[u8]) -> Result<Record, StoreError> {
    let (end, bytes) = bytes.split_first_chunk().ok_or_else(|| corrupt(digest, "copy: it has no time"))?;
    let mut record = value::decode(digest, bytes, NO_END)?;
    let end = i64::from_be_bytes(*end);
    record.expires_at = (end != NEVER).then(|| Timestamp::from_micros(end));
    Ok(record)
}
