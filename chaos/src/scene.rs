//! The store of a run: private servers, a proxy between each of them and each worker, and the tables of effects.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use idem::sqlx::{self, ConnectOptions, Connection};
use idem::testing::proxy::Proxy;
use idem_test_servers::{MySql, Postgres, Redis, Server};
use tokio::runtime::Handle;

use crate::replicated::{self, Replicated};
use crate::wire::StoreAt;

/// The kinds of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    Sqlite,
    Postgres,
    Mysql,
    Redis,
    /// Redis, and a replica that is waited for.
    Replicated,
    /// Redis as a cache in front of PostgreSQL.
    Tiered,
}

impl Kind {
    pub const ALL: [Self; 6] = [Self::Sqlite, Self::Postgres, Self::Mysql, Self::Redis, Self::Replicated, Self::Tiered];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Redis => "redis",
            Self::Replicated => "replicated",
            Self::Tiered => "tiered",
        }
    }

    pub fn has_transactions(self) -> bool {
        !matches!(self, Self::Redis | Self::Replicated)
    }
}

enum Backend {
    Postgres(Postgres),
    MySql(MySql),
    Redis(Redis),
    Replicated(Box<Replicated>),
}

impl Backend {
    fn with<T>(&self, does: impl FnOnce(&Server) -> T) -> T {
        match self {
            Self::Postgres(server) => does(server),
            Self::MySql(server) => does(server),
            Self::Redis(server) => does(server),
            Self::Replicated(pair) => pair.with(does),
        }
    }

    fn url(&self) -> String {
        let url = self.with(|server| server.url().to_owned());
        match self {
            Self::MySql(_) => url.strip_suffix("mysql").map_or(url.clone(), |url| format!("{url}{DATABASE}")),
            _ => url,
        }
    }
}

/// A store, and what stands between it and the workers.
pub struct Scene {
    kind: Kind,
    folder: tempfile::TempDir,
    backends: Vec<Backend>,
    /// Of each server, as it was found at the beginning.
    urls: Vec<String>,
    /// Of each worker's place, one for each server.
    proxies: Vec<Vec<Proxy>>,
}

const TABLE: &str = "CREATE TABLE chaos_effects (work BIGINT NOT NULL, run BIGINT NOT NULL)";
const DATABASE: &str = "chaos";

impl Scene {
    /// Starts what the store needs. It blocks.
    pub fn start(kind: Kind, workers: usize) -> anyhow::Result<Self> {
        let postgres = || Backend::Postgres(Postgres::start(&[("max_connections", "300")]));
        let mysql = || Backend::MySql(MySql::start(&["--max-connections=300"]));
        // What was acknowledged is on the disk: a Redis without that promises less.
        let redis = || Backend::Redis(Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]));
        let backends = match kind {
            Kind::Sqlite => Vec::new(),
            Kind::Postgres => vec![postgres()],
            Kind::Mysql => vec![mysql()],
            Kind::Redis => vec![redis()],
            Kind::Replicated => vec![Backend::Replicated(Box::new(Replicated::start()?))],
            Kind::Tiered => vec![postgres(), redis()],
        };
        let urls: Vec<String> = backends.iter().map(Backend::url).collect();
        let proxies = |_| urls.iter().map(|url| Proxy::before(url)).collect();
        let proxies = (0..workers).map(proxies).collect::<Result<_, _>>()?;
        let folder = tempfile::Builder::new().prefix("idem-chaos-").tempdir()?;
        Ok(Self { kind, folder, backends, urls, proxies })
    }

    /// Makes the table of effects.
    pub async fn prepare(&self) -> anyhow::Result<()> {
        match self.direct() {
            StoreAt::Redis(_) | StoreAt::Replicated(_) => {}
            StoreAt::Sqlite(path) => {
                // The file as the workers will find it.
                drop(idem::SqliteStore::open(&path).await?);
                let mut file = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await?;
                sqlx::raw_sql(TABLE).execute(&mut file).await?;
                file.close().await?;
            }
            StoreAt::Postgres(url) | StoreAt::Tiered { durable: url, .. } => {
                let mut server = sqlx::PgConnection::connect(&url).await?;
                sqlx::raw_sql(TABLE).execute(&mut server).await?;
            }
            StoreAt::MySql(url) => {
                let server = url.strip_suffix(DATABASE).context("the database's name ends the URL")?;
                let mut server = sqlx::MySqlConnection::connect(&format!("{server}mysql")).await?;
                sqlx::raw_sql("CREATE DATABASE chaos").execute(&mut server).await?;
                sqlx::raw_sql(TABLE).execute(&mut sqlx::MySqlConnection::connect(&url).await?).await?;
            }
        }
        Ok(())
    }

    /// The rows that transactions left: of which key, by which run.
    pub async fn rows(&self) -> anyhow::Result<Vec<(u64, u64)>> {
        const ROWS: &str = "SELECT work, run FROM chaos_effects";
        let rows: Vec<(i64, i64)> = match self.direct() {
            StoreAt::Redis(_) | StoreAt::Replicated(_) => Vec::new(),
            StoreAt::Sqlite(path) => {
                let mut file = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await?;
                sqlx::query_as(ROWS).fetch_all(&mut file).await?
            }
            StoreAt::Postgres(url) | StoreAt::Tiered { durable: url, .. } => {
                sqlx::query_as(ROWS).fetch_all(&mut sqlx::PgConnection::connect(&url).await?).await?
            }
            StoreAt::MySql(url) => {
                sqlx::query_as(ROWS).fetch_all(&mut sqlx::MySqlConnection::connect(&url).await?).await?
            }
        };
        Ok(rows.into_iter().map(|(work, run)| (work.cast_unsigned(), run.cast_unsigned())).collect())
    }

    /// Where a worker finds the store: through its own proxies.
    pub fn store_of(&self, worker: usize) -> anyhow::Result<StoreAt> {
        self.store(|server| {
            let proxy = self.proxies.get(worker).and_then(|proxies| proxies.get(server));
            let url = proxy.and_then(|proxy| proxy.url(&self.urls[server]));
            url.context("no proxy stands before this server")
        })
    }

    fn direct(&self) -> StoreAt {
        match self.store(|server| Ok::<_, std::convert::Infallible>(self.urls[server].clone())) {
            Ok(store) => store,
        }
    }

    fn store<E>(&self, url: impl Fn(usize) -> Result<String, E>) -> Result<StoreAt, E> {
        Ok(match self.kind {
            Kind::Sqlite => StoreAt::Sqlite(self.folder.path().join("idem.db")),
            Kind::Postgres => StoreAt::Postgres(url(0)?),
            Kind::Mysql => StoreAt::MySql(url(0)?),
            Kind::Redis => StoreAt::Redis(url(0)?),
            Kind::Replicated => StoreAt::Replicated(url(0)?),
            Kind::Tiered => StoreAt::Tiered { durable: url(0)?, cache: url(1)? },
        })
    }

    pub fn servers(&self) -> usize {
        self.backends.len()
    }

    /// The Redis among the servers.
    pub fn redis(&self) -> Option<usize> {
        self.backends.iter().position(|backend| matches!(backend, Backend::Redis(_) | Backend::Replicated(_)))
    }

    /// The one among them that has a replica.
    pub fn replicated(&self) -> Option<usize> {
        self.backends.iter().position(|backend| matches!(backend, Backend::Replicated(_)))
    }

    pub fn proxy(&self, worker: usize, server: usize) -> Proxy {
        self.proxies[worker][server].clone()
    }

    /// The folder of the run's histories.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Keeps the folder, for a person to look at.
    pub fn keep(mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_owned()
    }

    /// Kills a server, and starts it again. It blocks.
    pub fn restart(&self, server: usize, down: Duration) -> anyhow::Result<()> {
        match &self.backends[server] {
            Backend::Replicated(pair) => pair.restart(down),
            backend => {
                backend.with(|server| {
                    server.kill();
                    std::thread::sleep(down);
                    server.start_again();
                });
                Ok(())
            }
        }
    }

    /// Lets the replica take the place of a Redis that dies, `deaf` after the last that it heard. It blocks.
    pub fn promote(&self, server: usize, deaf: Duration, down: Duration, tokio: &Handle) -> anyhow::Result<()> {
        let Backend::Replicated(pair) = &self.backends[server] else { bail!("this server has no replica") };
        let mut proxies = self.proxies.iter().map(|proxies| &proxies[server]);
        pair.promote(deaf, down, tokio, |url| Ok(proxies.try_for_each(|proxy| proxy.lead_to(url))?))
    }

    /// Lets a Redis hold so many bytes; 0 is no limit. It blocks.
    pub fn limit(&self, server: usize, bytes: u64) -> anyhow::Result<()> {
        self.backends[server].with(|server| replicated::ask(server, &format!("CONFIG SET maxmemory {bytes}"))).map(drop)
    }
}
