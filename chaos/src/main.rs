//! Delivers messages at least once to worker processes on real stores, kills and pauses the workers, restarts the servers,
//! promotes replicas, cuts the networks, and judges by a history of everything what the README promises.
//!
//! ```text
//! cargo run --release -p idem-chaos -- run --store all --seed 1 --seconds 60
//! cargo run --release -p idem-chaos --features nats -- run --store redis --queue nats
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

mod broker;
mod checker;
mod coordinator;
mod faults;
mod fleet;
mod history;
mod injector;
mod load;
mod queue;
mod replicated;
mod report;
mod scene;
mod time;
mod wire;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Parser, ValueEnum};

use self::broker::At;
use self::coordinator::Options;
use self::faults::Counts;
use self::report::Line;
use self::scene::Kind;
use self::wire::Broken;

#[derive(Debug, Parser)]
enum Command {
    /// A run on each store, one after the other.
    Run(Run),
    /// What a run starts its workers as.
    #[command(hide = true)]
    Worker,
}

#[derive(Debug, Args)]
struct Run {
    #[arg(long, value_enum, default_value = "all")]
    store: Stores,
    /// What delivers: a queue of the harness itself, or a broker with acknowledgements and redeliveries of its own. RabbitMQ
    /// and NATS JetStream are features of this package.
    #[arg(long, value_enum, default_value = "own")]
    queue: Queues,
    /// The broker, amqp://guest:guest@127.0.0.1:5672 or nats://127.0.0.1:4222 where nothing is said. A run makes a queue
    /// there, and removes it.
    #[arg(long)]
    broker: Option<String>,
    /// What is delivered and what goes wrong is the same for the same seed; what they meet is not.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(2..=64))]
    workers: u8,
    /// How long new work comes, on each store; the faults are spread over this time.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// New work comes until so many deliveries were made, also where it takes longer.
    #[arg(long, default_value_t = 0)]
    deliveries: u64,
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(200..))]
    lease_ms: u64,
    /// Workers killed on each store; as many as seconds where nothing is said.
    #[arg(long)]
    kills: Option<u32>,
    /// Workers stopped for longer than a lease; a third of the seconds.
    #[arg(long)]
    pauses: Option<u32>,
    /// Servers killed and started again; one each ten seconds.
    #[arg(long)]
    restarts: Option<u32>,
    /// Replicas that take the place of a server that dies, some after they heard nothing for a while; one each ten seconds, on
    /// the store that has one.
    #[arg(long)]
    promotions: Option<u32>,
    /// Networks disturbed; half as many as seconds.
    #[arg(long)]
    network: Option<u32>,
    /// Times that Redis is full; one each twenty seconds.
    #[arg(long)]
    fills: Option<u32>,
    /// Lets the workers be wrong: the verdict must say so.
    #[arg(long, value_enum)]
    broken: Option<Broken>,
    /// Writes figures and violations to this file, too.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Keeps the histories.
    #[arg(long)]
    keep: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Stores {
    All,
    Sqlite,
    Postgres,
    Mysql,
    Redis,
    /// Redis, and a replica that takes its place.
    Replicated,
    Tiered,
}

impl Stores {
    fn kinds(self) -> Vec<Kind> {
        match self {
            Self::All => Kind::ALL.to_vec(),
            Self::Sqlite => vec![Kind::Sqlite],
            Self::Postgres => vec![Kind::Postgres],
            Self::Mysql => vec![Kind::Mysql],
            Self::Redis => vec![Kind::Redis],
            Self::Replicated => vec![Kind::Replicated],
            Self::Tiered => vec![Kind::Tiered],
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Queues {
    Own,
    Rabbitmq,
    Nats,
}

impl Queues {
    fn broker(self) -> Option<broker::Kind> {
        match self {
            Self::Own => None,
            Self::Rabbitmq => Some(broker::Kind::RabbitMq),
            Self::Nats => Some(broker::Kind::Nats),
        }
    }
}

/// Violations that are shown of one store; a file has all of them.
const SHOWN: usize = 20;

fn main() -> ExitCode {
    let ended = match Command::parse() {
        Command::Run(options) => run(&options),
        Command::Worker => worker::run().map(|()| true),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing was broken.
fn run(options: &Run) -> anyhow::Result<bool> {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut lines = Vec::new();
    for kind in options.store.kinds() {
        let began = Instant::now();
        let (verdict, kept) = tokio.block_on(coordinator::run(options.of(kind), options.keep))?;
        let queue = options.queue.broker().map_or("own", broker::Kind::name);
        let line = Line { store: kind.name(), queue, seconds: began.elapsed().as_secs(), verdict };
        for violation in line.verdict.violations.iter().take(SHOWN) {
            let key = violation.key.map_or_else(String::new, |key| format!(" (key {key})"));
            println!("{}: {:?}{key}: {}", line.store, violation.rule, violation.says);
        }
        if let Some(kept) = kept {
            println!("{}: the histories are in {}", line.store, kept.display());
        }
        lines.push(line);
        // A long run is looked at while it runs.
        println!("{}", report::table(&lines));
    }
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_vec_pretty(&lines)?)?;
    }
    let clean = lines.iter().all(Line::is_clean);
    let sum = |count: fn(&Line) -> u64| lines.iter().map(count).sum::<u64>();
    println!(
        "seed {}: {} deliveries, {} kills, {} pauses past the lease, {} restarts of servers: {}",
        options.seed,
        sum(|line| line.verdict.figures.deliveries),
        sum(|line| line.verdict.figures.kills),
        sum(|line| line.verdict.figures.pauses_past_lease),
        sum(|line| line.verdict.figures.restarts),
        if clean { "nothing was broken" } else { "BROKEN" }
    );
    Ok(clean)
}

impl Run {
    fn of(&self, kind: Kind) -> Options {
        let per = |given: Option<u32>, seconds: u64| {
            given.unwrap_or_else(|| u32::try_from(self.seconds / seconds).unwrap_or(u32::MAX))
        };
        let lease = Duration::from_millis(self.lease_ms);
        let at = |kind| At::new(kind, self.broker.as_deref(), lease, coordinator::WINDOW, self.workers.into());
        Options {
            kind,
            queue: self.queue.broker().map(at),
            seed: self.seed,
            workers: usize::from(self.workers),
            length: Duration::from_secs(self.seconds),
            deliveries: self.deliveries,
            lease,
            counts: Counts {
                kills: per(self.kills, 1),
                pauses: per(self.pauses, 3),
                restarts: per(self.restarts, 10),
                network: per(self.network, 2),
                fills: per(self.fills, 20),
                promotions: per(self.promotions, 10),
            },
            broken: self.broken,
        }
    }
}
