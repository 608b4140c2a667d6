//! The servers of the tests: where they are, and private ones that a test may stop, freeze and kill.
//!
//! A private server listens on a free port of 127.0.0.1, keeps its data in a folder of its own under the temporary
//! folder, and is gone with its folder when its handle is dropped or its process ends, however it ends. Linux only.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod folder;
mod mysql;
mod nats;
mod port;
mod postgres;
mod process;
mod programs;
mod rabbitmq;
mod redis;
mod server;
mod services;
mod supervisor;
mod urls;
mod wait;

pub use self::mysql::MySql;
pub use self::nats::Nats;
pub use self::postgres::Postgres;
pub use self::process::give_way;
pub use self::rabbitmq::RabbitMq;
pub use self::redis::Redis;
pub use self::server::Server;
pub use self::services::{Service, Services};
pub use self::urls::{mysql_url, postgres_url, redis_url};
