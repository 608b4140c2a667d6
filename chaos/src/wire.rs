//! What coordinator and workers say to each other, one JSON value a line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::broker::At;

/// A worker's first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    /// No two processes of a run have the same one.
    pub process: u32,
    pub store: StoreAt,
    /// The broker's queue that it takes deliveries from; none where its input brings them.
    pub queue: Option<At>,
    /// How far the wall clock of this worker is off.
    pub skew_seconds: i64,
    pub lease_ms: u64,
    pub history: PathBuf,
    pub broken: Option<Broken>,
}

/// Where a worker finds its store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum StoreAt {
    Sqlite(PathBuf),
    Postgres(String),
    MySql(String),
    Redis(String),
    /// With a replica that is waited for.
    Replicated(String),
    Tiered {
        cache: String,
        durable: String,
    },
}

/// Workers that are wrong on purpose: what the checker must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub enum Broken {
    /// The handler has no attribute.
    NoAttribute,
    /// Every process has a store of its own, so no claim of another one counts.
    OwnStore,
    /// Abandoned work that is to be set aside is run again.
    RerunsParked,
}

/// The kinds of handlers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Policy {
    /// `on_stale = "rerun"`; its effect asks for the fence.
    Rerun,
    /// `on_stale = "park"`.
    Park,
    /// `transaction = tx`; its effect is a row of the same database.
    Transaction,
}

/// A piece of work, the same in every delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub key: u64,
    pub policy: Policy,
    /// How long its body takes.
    pub work_ms: u64,
    /// Whether its first attempt fails.
    pub fails: bool,
}

/// To a worker. A broker's messages are such deliveries.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToWorker {
    Deliver {
        copy: u64,
        message: Message,
    },
    /// What became of an effect.
    Effect {
        run: u64,
        accepted: bool,
    },
}

/// From a worker.
#[derive(Debug, Serialize, Deserialize)]
pub enum FromWorker {
    Ready,
    /// The body asks the system downstream for its effect.
    Effect {
        run: u64,
        key: u64,
        fence: Option<u64>,
    },
    Answer {
        copy: u64,
        answer: Answer,
    },
}

/// What a delivery came to. A run is one entry of a body, and its number is the body's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Fresh {
        run: u64,
        recorded: bool,
    },
    Replayed {
        run: u64,
    },
    Unprotected {
        run: u64,
    },
    /// Its outcome is not known; an operator decides.
    SetAside,
    /// It is to be delivered again.
    Again(String),
    /// Nothing that may happen here.
    Wrong(String),
}

impl Answer {
    /// Whether the delivery is acknowledged.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Again(_))
    }
}
