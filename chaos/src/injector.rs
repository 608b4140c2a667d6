//! Does what the plan says, once it is due and its target can take it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use idem::testing::proxy::{Proxy, WireFault};
use rustix::process::Signal;
use tokio::sync::mpsc::UnboundedSender;

use crate::coordinator::Run;
use crate::faults::{Fault, NetworkFault};
use crate::fleet::{News, State};
use crate::history::{Trouble, What};
use crate::scene::Scene;

/// How long lost exchanges are waited for: a worker that says nothing loses nothing.
const IDLE: Duration = Duration::from_secs(1);

/// Less than Redis needs for itself: it takes nothing more.
const FULL: u64 = 1;

pub struct Injector {
    plan: VecDeque<(Duration, Fault)>,
    due: Vec<Fault>,
    scene: Arc<Scene>,
    news: UnboundedSender<News>,
    /// Faults under way, by their numbers.
    busy: HashMap<u64, Target>,
    stopped: HashSet<u32>,
    next: u64,
}

/// What one fault at a time may concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Server(usize),
    Network { worker: usize, server: usize },
}

impl Injector {
    pub fn new(plan: Vec<(Duration, Fault)>, scene: Arc<Scene>, news: UnboundedSender<News>) -> Self {
        let (due, busy, stopped) = (Vec::new(), HashMap::new(), HashSet::new());
        Self { plan: plan.into(), due, scene, news, busy, stopped, next: 0 }
    }

    /// A fault has ended.
    pub fn over(&mut self, number: u64) {
        self.busy.remove(&number);
    }

    /// Whether everything was done, and is over.
    pub fn is_done(&self) -> bool {
        self.plan.is_empty() && self.due.is_empty() && self.busy.is_empty() && self.stopped.is_empty()
    }

    /// Does what is due.
    pub fn inject(&mut self, elapsed: Duration, run: &mut Run) -> anyhow::Result<()> {
        self.stopped.retain(|process| {
            run.workers.iter().any(|worker| worker.process == *process && worker.state == State::Paused)
        });
        while let Some((_, fault)) = self.plan.pop_front_if(|(at, _)| *at <= elapsed) {
            self.due.push(fault);
        }
        for fault in std::mem::take(&mut self.due) {
            if !self.does(fault, run)? {
                self.due.push(fault);
            }
        }
        Ok(())
    }

    /// False where the target cannot take it yet.
    fn does(&mut self, fault: Fault, run: &mut Run) -> anyhow::Result<bool> {
        match fault {
            Fault::Kill { worker } => {
                let worker = &mut run.workers[worker];
                if !matches!(worker.state, State::Ready | State::Paused) {
                    return Ok(false);
                }
                run.history.note(&What::Killed { process: worker.process })?;
                worker.signal(Signal::KILL)?;
                worker.state = State::Ending;
            }
            Fault::Pause { worker, length } => {
                let worker = &mut run.workers[worker];
                if worker.state != State::Ready {
                    return Ok(false);
                }
                run.history.note(&What::Paused { process: worker.process })?;
                worker.signal(Signal::STOP)?;
                worker.state = State::Paused;
                self.stopped.insert(worker.process);
                let (news, process) = (self.news.clone(), worker.process);
                tokio::spawn(async move {
                    tokio::time::sleep(length).await;
                    let _ = news.send(News::Resume { process });
                });
            }
            Fault::Restart { server, down } => {
                let Some(over) = self.begins(Target::Server(server), Trouble::Restart, None, run)? else {
                    return Ok(false);
                };
                let scene = Arc::clone(&self.scene);
                tokio::task::spawn_blocking(move || {
                    over.after(|| scene.restart(server, down));
                });
            }
            Fault::Promote { server, deaf, down } => {
                let Some(over) = self.begins(Target::Server(server), Trouble::Promotion, None, run)? else {
                    return Ok(false);
                };
                let (scene, tokio) = (Arc::clone(&self.scene), tokio::runtime::Handle::current());
                tokio::task::spawn_blocking(move || {
                    over.after(|| scene.promote(server, deaf, down, &tokio));
                });
            }
            Fault::Fill { server, length } => {
                let Some(over) = self.begins(Target::Server(server), Trouble::Full, None, run)? else {
                    return Ok(false);
                };
                let scene = Arc::clone(&self.scene);
                tokio::task::spawn_blocking(move || {
                    over.after(|| {
                        scene.limit(server, FULL)?;
                        std::thread::sleep(length);
                        scene.limit(server, 0)
                    });
                });
            }
            Fault::Network { worker, server, fault } => {
                let of = &run.workers[worker];
                if of.state != State::Ready {
                    return Ok(false);
                }
                let (target, process) = (Target::Network { worker, server }, of.process);
                let Some(over) = self.begins(target, Trouble::Network, Some(process), run)? else { return Ok(false) };
                let proxy = self.scene.proxy(worker, server);
                tokio::spawn(async move {
                    disturb(&proxy, fault).await;
                    over.after(|| Ok(()));
                });
            }
        }
        Ok(true)
    }

    /// Marks the beginning, where nothing else concerns the target.
    fn begins(
        &mut self,
        target: Target,
        kind: Trouble,
        process: Option<u32>,
        run: &mut Run,
    ) -> anyhow::Result<Option<Over>> {
        if self.busy.values().any(|busy| *busy == target) {
            return Ok(None);
        }
        let number = self.next;
        self.next += 1;
        self.busy.insert(number, target);
        run.history.note(&What::Trouble { number, kind, process })?;
        Ok(Some(Over { number, news: self.news.clone() }))
    }
}

/// Says that a fault is over.
struct Over {
    number: u64,
    news: UnboundedSender<News>,
}

impl Over {
    fn after(self, fault: impl FnOnce() -> anyhow::Result<()>) {
        // A server that does not start again panics.
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(fault));
        let failed = match played {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("{error:#}")),
            Err(_) => Some("a server was not started again".to_owned()),
        };
        let _ = self.news.send(News::Over { number: self.number, failed });
    }
}

async fn disturb(proxy: &Proxy, fault: NetworkFault) {
    match fault {
        NetworkFault::Cut => proxy.cut_all().await,
        NetworkFault::Refuse(length) => {
            proxy.refuse().await;
            proxy.cut_all().await;
            tokio::time::sleep(length).await;
            proxy.accept().await;
        }
        NetworkFault::Slow { by, length } => {
            proxy.always(WireFault::LateReply(by));
            tokio::time::sleep(length).await;
        }
        NetworkFault::LoseRequests(times) => lose(proxy, times, WireFault::LoseRequest).await,
        NetworkFault::LoseReplies(times) => lose(proxy, times, WireFault::LoseReply).await,
        NetworkFault::HalfReplies(times) => lose(proxy, times, WireFault::HalfReply).await,
    }
    proxy.heal();
}

/// The next exchanges, until all were met, or nobody makes any.
async fn lose(proxy: &Proxy, times: u32, fault: WireFault) {
    let met = proxy.faults() + u64::from(times);
    for _ in 0..times {
        proxy.next(fault);
    }
    let began = Instant::now();
    while proxy.faults() < met && began.elapsed() < IDLE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
