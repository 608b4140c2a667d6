//! States that nothing in their future can tell apart are made one: otherwise the search would not end in time.

use idem_runtime::record::State;

use crate::call::{Ask, Message, Phase, Told};
use crate::row::{Row, time};
use crate::world::World;

/// Renames, forgets and sorts what makes no difference.
pub fn normalise(world: &mut World, lease: u8) {
    forget_unheard(world);
    clip_times(world, lease);
    rename(world, owners, |_, rank| rank);
    rename_fences(world, world.now, fences);
    world.calls.sort_unstable();
    world.wire.sort_unstable();
}

/// Answers to nobody change nothing when they arrive.
fn forget_unheard(world: &mut World) {
    let World { calls, wire, .. } = world;
    wire.retain(|message| match *message {
        Message::Request(_) => true,
        Message::Reply { owner, told } => calls.iter().any(|call| call.owner == owner && told.is_heard_in(call.phase)),
    });
}

/// Of what is over it does not matter since when.
fn clip_times(world: &mut World, lease: u8) {
    let now = world.now;
    let is_over = now.saturating_sub(lease);
    if let Some(row) = &mut world.row {
        clip_row(row, now);
    }
    for call in &mut world.calls {
        match &mut call.phase {
            Phase::Asking { sent, .. } => *sent = (*sent).max(is_over),
            Phase::Checking { deadline } | Phase::Body { deadline, .. } | Phase::Completing { deadline, .. } => {
                *deadline = (*deadline).max(now)
            }
            Phase::Waiting { until } => *until = (*until).max(now),
            Phase::Confirming { .. } => {}
        }
    }
}

/// Shows each name of a kind in a state.
pub type Each<W, T> = fn(&mut W, &mut dyn FnMut(&mut T));

/// Gives the names of a kind new ones, in the order of the old ones, so that states that differ in names alone are one.
pub fn rename<W, T: Copy + Ord + From<u8>>(world: &mut W, each: Each<W, T>, mut new: impl FnMut(T, T) -> T) {
    let mut known: Vec<T> = Vec::with_capacity(8);
    each(world, &mut |name| known.push(*name));
    known.sort_unstable();
    known.dedup();
    let nobody = T::from(0);
    known.retain(|name| *name != nobody);
    let named: Vec<(T, T)> = known.iter().zip(1_u8..).map(|(name, rank)| (*name, new(*name, T::from(rank)))).collect();
    each(world, &mut |name| {
        if let Some((_, renamed)) = named.iter().find(|(old, _)| old == name) {
            *name = *renamed;
        }
    });
}

/// Fences that the clock has passed are lower than every later one, whatever their figures.
pub fn rename_fences<W>(world: &mut W, now: u8, each: Each<W, u64>) {
    let clock = u64::try_from(time(now).as_micros()).unwrap_or(0);
    let mut past = 0;
    rename(world, each, |fence, rank| {
        if fence < clock {
            past = rank;
            return rank;
        }
        clock + (rank - past - 1)
    });
}

/// Of a record it does not matter since when something is over.
pub fn clip_row(row: &mut Row, now: u8) {
    row.lease_until = row.lease_until.map(|until| until.max(now));
    row.retry_at = row.retry_at.map(|until| until.max(now));
    row.expires_at = row.expires_at.map(|end| end.max(now));
    if row.state == State::Completed {
        row.longest_lease = 0;
    }
}

/// Every owner, and every result, which is an owner's.
pub fn owners(world: &mut World, each: &mut dyn FnMut(&mut u8)) {
    for row in [&mut world.row, &mut world.lagging].into_iter().flatten() {
        each(&mut row.owner);
        row.value.iter_mut().for_each(&mut *each);
    }
    for call in &mut world.calls {
        each(&mut call.owner);
        call.before.iter_mut().for_each(&mut *each);
    }
    for message in &mut world.wire {
        match message {
            Message::Request(
                Ask::Claim { owner }
                | Ask::Check { owner }
                | Ask::Renew { owner, .. }
                | Ask::Complete { owner, .. }
                | Ask::Fail { owner, .. },
            )
            | Message::Reply { owner, .. } => each(owner),
        }
    }
    let seen = &mut world.seen;
    seen.current.iter_mut().for_each(|(owner, _)| each(owner));
    seen.used.iter_mut().chain(&mut seen.value).for_each(each);
}

fn fences(world: &mut World, each: &mut dyn FnMut(&mut u64)) {
    for row in [&mut world.row, &mut world.lagging].into_iter().flatten() {
        each(&mut row.fence);
    }
    for call in &mut world.calls {
        match &mut call.phase {
            Phase::Confirming { fence } | Phase::Body { fence, .. } | Phase::Completing { fence, .. } => each(fence),
            Phase::Asking { .. } | Phase::Checking { .. } | Phase::Waiting { .. } => {}
        }
    }
    for message in &mut world.wire {
        match message {
            Message::Request(Ask::Complete { fence, .. })
            | Message::Reply { told: Told::Claimed(fence) | Told::Checked(Some(fence)), .. } => each(fence),
            Message::Request(_) | Message::Reply { .. } => {}
        }
    }
    world.seen.current.iter_mut().for_each(|(_, fence)| each(fence));
    each(&mut world.seen.top);
}
