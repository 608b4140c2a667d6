//! What is to go wrong, and when: decided by the seed before the run begins.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Something to be done to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `SIGKILL` to the worker in this place; another one takes it.
    Kill { worker: usize },
    /// `SIGSTOP`, and `SIGCONT` so much later.
    Pause { worker: usize, length: Duration },
    /// `kill -9` of a server and all its processes; it is started again so much later.
    Restart { server: usize, down: Duration },
    /// The replica hears nothing more; `deaf` later its primary is killed for good, and `down` later it takes its place.
    Promote { server: usize, deaf: Duration, down: Duration },
    /// The network of one worker, to one server.
    Network { worker: usize, server: usize, fault: NetworkFault },
    /// Redis is at its limit.
    Fill { server: usize, length: Duration },
}

/// What a network may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkFault {
    /// All connections are cut.
    Cut,
    /// No new ones are taken meanwhile.
    Refuse(Duration),
    /// Every reply comes later, for so long.
    Slow { by: Duration, length: Duration },
    /// Requests that do not arrive.
    LoseRequests(u32),
    /// Requests that arrive, and whose replies do not.
    LoseReplies(u32),
    /// Replies that break off.
    HalfReplies(u32),
}

/// How often each kind is done.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub kills: u32,
    pub pauses: u32,
    pub restarts: u32,
    pub network: u32,
    pub fills: u32,
    pub promotions: u32,
}

/// What there is to be disturbed.
#[derive(Debug, Clone, Copy)]
pub struct Targets {
    pub workers: usize,
    pub servers: usize,
    /// The Redis among the servers.
    pub redis: Option<usize>,
    /// The one that has a replica.
    pub replicated: Option<usize>,
}

/// The faults of a run, in the order of their times.
pub fn plan(seed: u64, counts: Counts, targets: Targets, length: Duration, lease: Duration) -> Vec<(Duration, Fault)> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut plan = Vec::new();
    let mut add = |times: u32, make: &mut dyn FnMut(&mut StdRng) -> Fault| {
        for _ in 0..times {
            // The first deliveries are to be under way.
            let at = length.mul_f64(random.random_range(0.05..0.95));
            plan.push((at, make(&mut random)));
        }
    };
    let Targets { workers, servers, redis, replicated } = targets;
    add(counts.kills, &mut |random| Fault::Kill { worker: random.random_range(0..workers) });
    add(counts.pauses, &mut |random| {
        let length = lease.mul_f64(random.random_range(1.3..2.2));
        Fault::Pause { worker: random.random_range(0..workers), length }
    });
    if servers > 0 {
        add(counts.restarts, &mut |random| Fault::Restart {
            server: random.random_range(0..servers),
            down: lease.mul_f64(random.random_range(0.0..0.8)),
        });
        add(counts.network, &mut |random| Fault::Network {
            worker: random.random_range(0..workers),
            server: random.random_range(0..servers),
            fault: network(random, lease),
        });
    }
    if let Some(server) = redis {
        add(counts.fills, &mut |random| Fault::Fill { server, length: lease.mul_f64(random.random_range(0.2..1.0)) });
    }
    if let Some(server) = replicated {
        add(counts.promotions, &mut |random| Fault::Promote {
            server,
            deaf: lease.mul_f64(random.random_range(0.0..1.5)),
            down: lease.mul_f64(random.random_range(0.0..0.8)),
        });
    }
    plan.sort_by_key(|(at, _)| *at);
    plan
}

fn network(random: &mut StdRng, lease: Duration) -> NetworkFault {
    let length = lease.mul_f64(random.random_range(0.2..1.5));
    let several = random.random_range(1..6);
    match random.random_range(0..6) {
        0 => NetworkFault::Cut,
        1 => NetworkFault::Refuse(length),
        2 => NetworkFault::Slow { by: Duration::from_millis(random.random_range(5..150)), length },
        3 => NetworkFault::LoseRequests(several),
        4 => NetworkFault::LoseReplies(several),
        _ => NetworkFault::HalfReplies(several),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Counts, Fault, Targets, plan};

    const COUNTS: Counts = Counts { kills: 20, pauses: 8, restarts: 3, network: 12, fills: 2, promotions: 4 };
    const TARGETS: Targets = Targets { workers: 4, servers: 2, redis: Some(1), replicated: Some(1) };
    const LENGTH: Duration = Duration::from_secs(60);
    const LEASE: Duration = Duration::from_secs(1);

    #[test]
    fn a_seed_has_one_plan_of_as_many_faults_as_were_asked_for() {
        let planned = |seed| plan(seed, COUNTS, TARGETS, LENGTH, LEASE);
        assert_eq!(planned(1), planned(1));
        assert_ne!(planned(1), planned(2));
        let count = |wanted: fn(&Fault) -> bool| planned(1).iter().filter(|(_, fault)| wanted(fault)).count();
        assert_eq!(count(|fault| matches!(fault, Fault::Kill { .. })), 20);
        assert_eq!(count(|fault| matches!(fault, Fault::Pause { length, .. } if *length > LEASE)), 8);
        assert_eq!(count(|fault| matches!(fault, Fault::Restart { .. })), 3);
        assert_eq!(count(|fault| matches!(fault, Fault::Network { .. })), 12);
        assert_eq!(count(|fault| matches!(fault, Fault::Fill { server: 1, .. })), 2);
        assert_eq!(count(|fault| matches!(fault, Fault::Promote { server: 1, .. })), 4);
        assert!(planned(1).is_sorted_by_key(|(at, _)| *at) && planned(1).iter().all(|(at, _)| *at < LENGTH));
    }

    #[test]
    fn a_store_without_servers_has_faults_of_workers_only() {
        let targets = Targets { servers: 0, redis: None, replicated: None, ..TARGETS };
        let planned = plan(1, COUNTS, targets, LENGTH, LEASE);
        assert_eq!(planned.len(), 28);
        assert!(planned.iter().all(|(_, fault)| matches!(fault, Fault::Kill { .. } | Fault::Pause { .. })));
    }
}
