//! A private server of any kind.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::process;
use crate::supervisor::Supervisor;
use crate::wait::until;

/// MariaDB takes a third of a second on an idle machine, PostgreSQL longer after a crash; tests run many at once.
const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(60);

/// What distinguishes one kind of server from another.
#[derive(Debug)]
pub struct Plan {
    pub kind: &'static str,
    pub folder: PathBuf,
    pub port: u16,
    pub command: Vec<String>,
    /// What its log says when it takes connections. Not the port alone: another server may have been faster to take it.
    pub ready: &'static str,
    /// Whether a server answers at this port.
    pub answers: fn(u16) -> Result<(), String>,
    /// The signal for an orderly end.
    pub orderly: &'static str,
    /// The signal for an end without ceremony that leaves nothing behind on the machine.
    pub last: &'static str,
    pub url: String,
}

/// A private server: killed and removed when it is dropped, and when its process ends in whatever way.
#[derive(Debug)]
pub struct Server {
    plan: Plan,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    supervisor: Supervisor,
    process: u32,
    paused: bool,
}

impl Server {
    /// Starts what `plan` makes for a free port; again with another one where somebody was faster.
    pub(crate) fn launch(plan: impl Fn(u16) -> Result<Plan, String>) -> Result<Self, String> {
        let mut tries = 1..=5;
        loop {
            let server = Self::new(plan(crate::port::free()?)?)?;
            match server.start() {
                Ok(()) => return Ok(server),
                Err(error) if error.to_lowercase().contains("in use") && tries.next().is_some() => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn new(plan: Plan) -> Result<Self, String> {
        let log = plan.folder.join("log");
        let supervisor = Supervisor::new(&plan.folder, &log, plan.last, &plan.command)?;
        Ok(Self { plan, now: Mutex::new(Now { supervisor, process: 0, paused: false }) })
    }

    /// Until it answers.
    fn start(&self) -> Result<(), String> {
        let Plan { kind, port, ready, answers, .. } = &self.plan;
        let before = self.log().len();
        let mut now = self.now();
        let process = now.supervisor.start()?;
        (now.process, now.paused) = (process, false);
        drop(now);
        let new = || self.log().get(before..).unwrap_or_default().to_owned();
        let mut answer = Err("did not say that it is ready".to_owned());
        let done = until(START, || {
            if new().contains(ready) {
                answer = answers(*port);
            }
            answer.is_ok() || !process::runs(process)
        });
        match answer {
            Ok(()) => Ok(()),
            Err(_) if done => Err(format!("{kind} ended when it was started at port {port}; its log:\n{}", new())),
            Err(why) => Err(format!("{kind} at port {port} {why} within {START:?}; its log:\n{}", new())),
        }
    }

    /// `scheme://user@127.0.0.1:port/…`, without a password.
    pub fn url(&self) -> &str {
        &self.plan.url
    }

    /// Its port of 127.0.0.1, which stays the same.
    pub fn port(&self) -> u16 {
        self.plan.port
    }

    /// Its process: of PostgreSQL the parent of those that serve connections.
    pub fn pid(&self) -> u32 {
        self.now().process
    }

    /// Everything it has said so far.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.plan.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// As a crash of the machine does, but for what the kernel has taken to write: all its processes at once, by `SIGKILL`.
    pub fn kill(&self) {
        let process = self.pid();
        // Stopped first, so that it neither starts children nor hears that they died.
        process::signal("STOP", &[process]);
        let all = process::family(process);
        process::signal("KILL", &all);
        self.gone(&all);
    }

    /// An orderly end.
    ///
    /// # Panics
    /// It does not end within a minute.
    pub fn stop(&self) {
        self.resume();
        let all = process::family(self.pid());
        process::signal(self.plan.orderly, &all[..1]);
        self.gone(&all);
    }

    /// Starts it after [`kill`](Self::kill) or [`stop`](Self::stop): the same folder, the same port.
    ///
    /// # Panics
    /// It still runs, or does not start.
    pub fn start_again(&self) {
        let Plan { kind, port, .. } = &self.plan;
        assert!(!process::runs(self.pid()), "{kind} at port {port} runs: kill or stop it before it is started again");
        self.start().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Its processes do nothing until [`resume`](Self::resume); connections stay open, and are even accepted.
    pub fn pause(&self) {
        let mut now = self.now();
        process::signal("STOP", &[now.process]);
        process::signal("STOP", &process::family(now.process));
        now.paused = true;
    }

    /// Ends a pause.
    pub fn resume(&self) {
        let mut now = self.now();
        if std::mem::take(&mut now.paused) {
            process::signal("CONT", &process::family(now.process));
        }
    }

    fn gone(&self, processes: &[u32]) {
        let Plan { kind, port, .. } = &self.plan;
        let gone = until(STOP, || !processes.iter().any(|process| process::runs(*process)));
        assert!(gone, "{kind} at port {port} still runs after {STOP:?}; its log:\n{}", self.log());
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    /// The supervisor does the rest, which needs processes that listen.
    fn drop(&mut self) {
        self.resume();
    }
}
