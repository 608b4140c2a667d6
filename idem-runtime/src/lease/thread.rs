//! The keeper's thread: its loop, and what it has under way.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::keeper::Shared;
use super::{Busy, LONGEST_ANSWER, Lease};
use crate::claim::{RenewRequest, RenewVerdict};
use crate::events;
use crate::record::State;
use crate::store::Store;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{OnceLock, spawn, time};

/// The pause before a store that did not answer is asked again; doubled each time, up to the longest.
const RETRY: Duration = Duration::from_millis(100);

/// The longest pause before the connection is tried again.
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// The longest pause before a settlement is sent again: somebody may wait for the key.
const LONGEST_RESEND: Duration = Duration::from_secs(1);

/// What a thread has of its own, and what it has under way. Its successor shares none of it: it must not wait for what
/// hangs here.
#[derive(Debug, Default)]
struct Desk {
    /// The connection, once it is open.
    store: OnceLock<Arc<dyn Store>>,
    opening: AtomicBool,
    /// It could not be opened so far.
    away: AtomicBool,
    renewing: AtomicBool,
    settling: AtomicBool,
}

impl Desk {
    /// Whether a renewal is waited for, or the connection for one. Settlements that are waited for are left until they are
    /// answered.
    fn asking(&self) -> bool {
        self.opening.load(Ordering::Acquire) || self.renewing.load(Ordering::Acquire)
    }
}

/// The thread.
pub(super) fn serve(shared: &Arc<Shared>, generation: u64) {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(keep(shared, generation)),
        Err(error) => {
            events::keeper_failed(&error.to_string());
            shared.generation.store(0, Ordering::Release);
        }
    }
}

/// Looks, starts what is due, and sleeps until the next look. It waits for no answer of the store itself, so that a slow
/// one delays neither the next look nor the bodies whose deadline has passed.
pub(super) async fn keep(shared: &Arc<Shared>, generation: u64) {
    let desk = Arc::new(Desk::default());
    while shared.generation.load(Ordering::Acquire) == generation {
        let now = shared.clock.uptime();
        shared.tick(now);
        shared.looks_at.store(0, Ordering::Release);
        shared.wake_overdue(now);
        start(shared, &desk, now);
        if shared.closed.load(Ordering::Acquire) && shared.left.is_empty() {
            return;
        }
        match shared.next_look(now, desk.asking()) {
            Some(sleep) => _ = time::timeout(sleep, shared.news.notified()).await,
            None => shared.news.notified().await,
        }
    }
    // Replaced: the news that ended this sleep was meant for the successor.
    shared.news.notify_one();
}

/// Starts what is to be done and not under way.
fn start(shared: &Arc<Shared>, desk: &Arc<Desk>, now: Duration) {
    if !desk.settling.load(Ordering::Acquire) {
        shared.left.give_up(now, !desk.away.load(Ordering::Acquire));
    }
    let Some(store) = desk.store.get() else {
        if !desk.opening.swap(true, Ordering::AcqRel) {
            spawn(open(Arc::clone(shared), Arc::clone(desk)));
        }
        return;
    };
    if !desk.renewing.load(Ordering::Acquire) {
        let due = shared.due(now);
        if !due.is_empty() {
            desk.renewing.store(true, Ordering::Release);
            spawn(renew(Arc::clone(shared), Arc::clone(desk), Arc::clone(store), due));
        }
    }
    if !shared.left.is_empty() && !desk.settling.swap(true, Ordering::AcqRel) {
        spawn(settle(Arc::clone(shared), Arc::clone(desk), Arc::clone(store)));
    }
}

/// Opens the thread's connection, however often it takes. The first failure is told, the others are the same one.
async fn open(shared: Arc<Shared>, desk: Arc<Desk>) {
    let opening = Busy(&desk.opening);
    let mut pause = RETRY;
    loop {
        let failed = match time::timeout(LONGEST_ANSWER, shared.store.keeper()).await {
            Ok(Ok(store)) => {
                _ = desk.store.set(store);
                desk.away.store(false, Ordering::Release);
                drop(opening);
                shared.news.notify_one();
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "its connection did not open in time".to_owned(),
        };
        if !desk.away.swap(true, Ordering::AcqRel) {
            events::keeper_failed(&failed);
        }
        time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_RETRY);
    }
}

/// Renews claims together. One renewal is waited for at a time, for a third of the shortest lease in it: by then the next
/// beat is due, and may be answered though this one hangs.
async fn renew(shared: Arc<Shared>, desk: Arc<Desk>, store: Arc<dyn Store>, due: Vec<Arc<Lease>>) {
    let mut renewing = Some(Busy(&desk.renewing));
    let request = |lease: &Arc<Lease>| {
        let claim = &lease.claim;
        RenewRequest { key: claim.key.clone(), owner: claim.owner, lease: claim.lease }
    };
    let requests: Vec<_> = due.iter().map(request).collect();
    let sent = shared.clock.uptime();
    let asked: Vec<_> = due.iter().map(|lease| lease.asked(sent)).collect();
    let patience = due.iter().map(|lease| lease.patience()).min().unwrap_or(LONGEST_ANSWER);
    let mut renewal = pin!(time::timeout(LONGEST_ANSWER, store.renew(&requests)));
    let answers = if let Ok(answers) = time::timeout(patience, &mut renewal).await {
        answers
    } else {
        renewing = None;
        shared.news.notify_one();
        // A late answer is as good as any: it counts from the sending.
        renewal.await
    };
    let mut answers = answers.ok().and_then(Result::ok).unwrap_or_default().into_iter();
    for (lease, asked) in due.iter().zip(asked) {
        match answers.next() {
            Some(Ok(RenewVerdict::Renewed)) => lease.renewed(sent),
            Some(Ok(RenewVerdict::LeaseLost(Some(State::Cancelled)))) => lease.cancel(),
            Some(Ok(RenewVerdict::LeaseLost(_))) => lease.lose(),
            Some(Err(_)) | None => {
                lease.missed(asked, shared.clock.uptime());
                events::beat_missed(&lease.claim.key);
            }
        }
    }
    drop(renewing);
    shared.news.notify_one();
}

/// Sends what dropped calls left behind, until nothing is left.
async fn settle(shared: Arc<Shared>, desk: Arc<Desk>, store: Arc<dyn Store>) {
    let settling = Busy(&desk.settling);
    let mut pause = RETRY;
    while !shared.left.settle(&store, &*shared.clock).await {
        if shared.left.is_empty() {
            break;
        }
        time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_RESEND);
    }
    drop(settling);
    shared.news.notify_one();
}
