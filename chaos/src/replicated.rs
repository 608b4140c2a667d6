//! A Redis with a replica that takes its place.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::ensure;
use idem::testing::proxy::Proxy;
use idem_test_servers::{Redis, Server};

/// A primary and its only replica: what a `WAIT 1` was answered is on the one that is promoted.
pub struct Replicated(Mutex<Pair>);

struct Pair {
    primary: Redis,
    replica: Redis,
    /// Between the two: where it is cut, the replica hears nothing.
    link: Proxy,
}

/// What was acknowledged is on the disk, also where the primary is killed and started again; a replica is sent everything at
/// once when it comes.
const ARGUMENTS: [&str; 6] = ["--appendonly", "yes", "--appendfsync", "always", "--repl-diskless-sync-delay", "0"];

/// Until a new replica has everything.
const PATIENCE: Duration = Duration::from_secs(30);

impl Replicated {
    /// It blocks.
    pub fn start() -> anyhow::Result<Self> {
        let primary = Redis::start(&ARGUMENTS);
        let (replica, link) = replica_of(&primary)?;
        Ok(Self(Mutex::new(Pair { primary, replica, link })))
    }

    /// Does it to the one that is the primary meanwhile.
    pub fn with<T>(&self, does: impl FnOnce(&Server) -> T) -> T {
        does(&self.pair().primary)
    }

    /// Kills the primary, and starts it again; this is over when its replica has everything. It blocks.
    pub fn restart(&self, down: Duration) -> anyhow::Result<()> {
        let pair = self.pair();
        pair.primary.kill();
        std::thread::sleep(down);
        pair.primary.start_again();
        caught_up(&pair.primary)
    }

    /// The replica hears nothing for a while; then the primary dies for good, and so much later the replica is what it was.
    /// It has a replica of its own when this is over. It blocks.
    pub fn promote(
        &self,
        deaf: Duration,
        down: Duration,
        tokio: &tokio::runtime::Handle,
        lead: impl FnOnce(&str) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut pair = self.pair();
        tokio.block_on(async {
            pair.link.refuse().await;
            pair.link.cut_all().await;
        });
        std::thread::sleep(deaf);
        pair.primary.kill();
        std::thread::sleep(down);
        ask(&pair.replica, "REPLICAOF NO ONE")?;
        lead(pair.replica.url())?;
        let (replica, link) = replica_of(&pair.replica)?;
        pair.primary = std::mem::replace(&mut pair.replica, replica);
        pair.link = link;
        Ok(())
    }

    fn pair(&self) -> MutexGuard<'_, Pair> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new replica, which has everything.
fn replica_of(primary: &Redis) -> anyhow::Result<(Redis, Proxy)> {
    let link = Proxy::before(primary.url())?;
    // Not an argument: it is to be a primary also when it is started again.
    let replica = Redis::start(&ARGUMENTS);
    ask(&replica, &format!("REPLICAOF 127.0.0.1 {}", link.address().port()))?;
    caught_up(primary)?;
    Ok((replica, link))
}

fn caught_up(primary: &Redis) -> anyhow::Result<()> {
    let began = Instant::now();
    while !ask(primary, "WAIT 1 100")?.starts_with(":1") {
        ensure!(began.elapsed() < PATIENCE, "the replica does not catch up");
    }
    Ok(())
}

/// One command; the first line of its answer.
pub fn ask(server: &Server, command: &str) -> anyhow::Result<String> {
    let mut redis = TcpStream::connect(("127.0.0.1", server.port()))?;
    redis.set_read_timeout(Some(Duration::from_secs(5)))?;
    redis.write_all(format!("{command}\r\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(redis).read_line(&mut line)?;
    ensure!(!line.starts_with('-'), "Redis answered {line:?}");
    Ok(line)
}
