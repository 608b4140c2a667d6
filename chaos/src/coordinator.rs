//! A run on one store: delivers, disturbs, writes down, and lets the checker judge.

mod dispatch;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rustix::process::Signal;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::broker::{self, At, Broker};
use crate::checker::{self, Bounds, Verdict};
use crate::faults::{self, Counts, Targets};
use crate::fleet::{News, State, Worker};
use crate::history::{self, COORDINATOR, What, Writer};
use crate::injector::Injector;
use crate::load::{Load, Stream};
use crate::queue::Queue;
use crate::scene::{Kind, Scene};
use crate::wire::{Broken, FromWorker, Setup, ToWorker};

/// What is run.
#[derive(Debug, Clone)]
pub struct Options {
    pub kind: Kind,
    /// The broker's queue that delivers; none where the coordinator does.
    pub queue: Option<At>,
    pub seed: u64,
    pub workers: usize,
    /// New work comes for so long at least.
    pub length: Duration,
    /// And until so many deliveries were made.
    pub deliveries: u64,
    pub lease: Duration,
    pub counts: Counts,
    pub broken: Option<Broken>,
}

/// Copies under way in one worker at a time; redelivered ones come on top, up to as many again. A broker has as many waiting.
pub const WINDOW: u16 = 24;

/// Between two looks at what is due.
const TICK: Duration = Duration::from_millis(5);

/// How long the last faults may take once they are due, and the last deliveries once all faults are over.
const DRAIN: Duration = Duration::from_secs(60);

/// Workers that end by themselves are a violation; so many make the run pointless.
const MOST_DEATHS: u32 = 20;

/// Runs it, and judges.
pub async fn run(options: Options, keep: bool) -> anyhow::Result<(Verdict, Option<PathBuf>)> {
    let (kind, workers) = (options.kind, options.workers);
    let bounds = Bounds { lease: options.lease, one_file: kind == Kind::Sqlite };
    let broker = match &options.queue {
        Some(queue) => Some(broker::open(queue).await?),
        None => None,
    };
    let played = async {
        let scene = tokio::task::spawn_blocking(move || Scene::start(kind, workers)).await??;
        scene.prepare().await.context("the scene could not be made")?;
        let scene = Arc::new(scene);
        Run::new(options, Arc::clone(&scene), broker.clone())?.play().await?;
        anyhow::Ok(scene)
    }
    .await;
    // It is somebody's, and stays there otherwise; the workers are gone by now.
    let removed = match broker {
        Some(broker) => broker.remove().await,
        None => Ok(()),
    };
    let scene = played?;
    removed.context("the queue could not be removed")?;
    let history = history::read(&scene.folder())?;
    let verdict = checker::judge(&history, bounds);
    let kept = match Arc::into_inner(scene) {
        Some(scene) if keep => Some(scene.keep()),
        _ => None,
    };
    Ok((verdict, kept))
}

pub struct Run {
    options: Options,
    scene: Arc<Scene>,
    pub history: Writer,
    pub workers: Vec<Worker>,
    broker: Option<Arc<dyn Broker>>,
    queue: Queue,
    stream: Stream,
    load: Load,
    /// The system downstream: the highest fence of each key that it has seen.
    fences: HashMap<u64, u64>,
    random: StdRng,
    news: UnboundedSender<News>,
    heard: UnboundedReceiver<News>,
    processes: u32,
    deaths: u32,
    deliveries: u64,
}

impl Run {
    fn new(options: Options, scene: Arc<Scene>, broker: Option<Arc<dyn Broker>>) -> anyhow::Result<Self> {
        let Options { kind, seed, workers, lease, broken, .. } = options;
        let transactions = kind.has_transactions() && broken.is_none();
        let load = Load { seed, transactions, lease_ms: u64::try_from(lease.as_millis())? };
        let (news, heard) = unbounded_channel();
        // A broker decides by itself what comes again.
        let visibility = if broker.is_some() { Duration::MAX } else { lease };
        let mut run = Self {
            options,
            history: Writer::open(&scene.folder().join(history::file_name(COORDINATOR)))?,
            scene,
            workers: Vec::new(),
            broker,
            queue: Queue::new(visibility),
            stream: Stream::new(load, u64::MAX),
            load,
            fences: HashMap::new(),
            random: StdRng::seed_from_u64(seed),
            news,
            heard,
            processes: COORDINATOR,
            deaths: 0,
            deliveries: 0,
        };
        for place in 0..workers {
            let worker = run.start(place)?;
            run.workers.push(worker);
        }
        Ok(run)
    }

    async fn play(mut self) -> anyhow::Result<()> {
        self.deliver().await?;
        self.end().await?;
        for (key, number) in self.scene.rows().await? {
            self.history.note(&What::Row { run: number, key })?;
        }
        Ok(())
    }

    fn start(&mut self, place: usize) -> anyhow::Result<Worker> {
        // A wall clock may be wrong by an hour or a month.
        const SKEWS: [i64; 5] = [0, 0, 3_600, -3_600, 30 * 86_400];
        self.processes += 1;
        let skew = SKEWS[self.random.random_range(0..SKEWS.len())];
        let setup = Setup {
            process: self.processes,
            store: self.scene.store_of(place)?,
            queue: self.options.queue.clone(),
            skew_seconds: skew,
            lease_ms: self.load.lease_ms,
            history: self.scene.folder().join(history::file_name(self.processes)),
            broken: self.options.broken,
        };
        Worker::start(&setup, &self.news)
    }

    /// Until the time is over, every planned fault was done, and everything is acknowledged.
    async fn deliver(&mut self) -> anyhow::Result<()> {
        let Options { seed, workers, length, lease, counts, .. } = self.options;
        let (servers, redis, replicated) = (self.scene.servers(), self.scene.redis(), self.scene.replicated());
        let targets = Targets { workers, servers, redis, replicated };
        let plan = faults::plan(seed, counts, targets, length, lease);
        let mut injector = Injector::new(plan, Arc::clone(&self.scene), self.news.clone());
        let began = Instant::now();
        let mut quiet: Option<Instant> = None;
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                heard = self.heard.recv() => {
                    let mut next = heard;
                    while let Some(news) = next {
                        self.hear(news, &mut injector).await?;
                        next = self.heard.try_recv().ok();
                    }
                }
                _ = tick.tick() => {
                    injector.inject(began.elapsed(), self)?;
                    self.queue.look(Instant::now());
                    let over = began.elapsed() >= length && self.deliveries >= self.options.deliveries;
                    if over && injector.is_done() && quiet.is_none() {
                        self.stream.end();
                        quiet = Some(Instant::now());
                    }
                    let late = began.elapsed() > length + DRAIN;
                    ensure!(injector.is_done() || !late, "a planned fault finds nothing that it can be done to");
                }
            }
            let more = match self.broker.clone() {
                Some(broker) => self.publish(&*broker).await?,
                None => self.dispatch()?,
            };
            if quiet.is_some_and(|since| (!more && self.queue.is_empty()) || since.elapsed() > DRAIN) {
                return Ok(());
            }
        }
    }

    async fn hear(&mut self, news: News, injector: &mut Injector) -> anyhow::Result<()> {
        match news {
            News::Said { process, message } => self.said(process, message),
            News::Gone { process } => self.gone(process).await,
            News::Resume { process } => self.resume(process),
            News::Over { number, failed } => {
                ensure!(failed.is_none(), "a fault could not be played: {failed:?}");
                injector.over(number);
                Ok(self.history.note(&What::TroubleOver { number })?)
            }
        }
    }

    fn said(&mut self, process: u32, message: FromWorker) -> anyhow::Result<()> {
        // What a process said is true, also where it is dead by now.
        let worker = self.workers.iter_mut().find(|worker| worker.process == process);
        match message {
            FromWorker::Ready => {
                if let Some(worker) = worker.filter(|worker| worker.state == State::Starting) {
                    worker.state = State::Ready;
                }
            }
            FromWorker::Answer { copy, answer } => {
                if let Some(worker) = worker {
                    worker.under_way.remove(&copy);
                }
                if answer.is_final() {
                    self.queue.acknowledged(copy);
                } else if self.broker.is_none() {
                    let pause = Duration::from_millis(self.random.random_range(10..200));
                    self.queue.again_at(copy, Instant::now() + pause);
                }
            }
            FromWorker::Effect { run, key, fence } => {
                let last = self.fences.get(&key).copied();
                let accepted = fence.is_none() || fence > last;
                if let (true, Some(fence)) = (accepted, fence) {
                    self.fences.insert(key, fence);
                }
                self.history.note(&What::Effect { run, key, fence, accepted })?;
                if let Some(worker) = worker {
                    worker.say(&ToWorker::Effect { run, accepted })?;
                }
            }
        }
        Ok(())
    }

    /// What a dead worker did not acknowledge comes again at once, and another worker takes its place.
    async fn gone(&mut self, process: u32) -> anyhow::Result<()> {
        let Some(place) = self.workers.iter().position(|worker| worker.process == process) else { return Ok(()) };
        let new = self.start(place)?;
        let old = std::mem::replace(&mut self.workers[place], new);
        for copy in &old.under_way {
            self.queue.again(*copy);
        }
        let killed = old.state == State::Ending;
        let status = old.wait().await?;
        if !killed {
            self.history.note(&What::Died { process })?;
            self.deaths += 1;
            ensure!(self.deaths < MOST_DEATHS, "workers end by themselves, the last one with {status}");
        }
        Ok(())
    }

    fn resume(&mut self, process: u32) -> anyhow::Result<()> {
        let stopped = |worker: &&mut Worker| worker.process == process && worker.state == State::Paused;
        if let Some(worker) = self.workers.iter_mut().find(stopped) {
            self.history.note(&What::Resumed { process })?;
            worker.signal(Signal::CONT)?;
            worker.state = State::Ready;
        }
        Ok(())
    }

    /// The workers end with their input.
    async fn end(&mut self) -> anyhow::Result<()> {
        const PATIENCE: Duration = Duration::from_secs(30);
        for worker in std::mem::take(&mut self.workers) {
            let ended = tokio::time::timeout(PATIENCE, worker.wait()).await;
            ended.context("a worker does not end with its input")??;
        }
        Ok(())
    }
}
