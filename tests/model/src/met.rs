//! Situations that must have been met in a search, or what holds would hold of nothing.

use idem_runtime::record::State;
use stateright::Property;

use crate::call::{Ask, Message, Phase, Told};
use crate::row::Row;
use crate::world::{Model, World};

type Of = Property<Model>;

/// Those that a model of this size leads to.
pub(crate) fn situations(model: &Model) -> Vec<Property<Model>> {
    let mut all = of_all();
    all.extend(if model.sizes.parks { of_park() } else { of_rerun() });
    if model.sizes.beats > 0 {
        all.push(Of::sometimes("met: a heartbeat prolongs a body", |_, world| {
            told(world, |told| matches!(told, Told::Renewed(_))) && in_body(world, |_| true)
        }));
    }
    all
}

fn of_all() -> Vec<Property<Model>> {
    vec![
        Of::sometimes("met: a claim is sent again after it was granted", |_, world| {
            there(world, State::Running).is_some_and(|row| asks(world, |ask| ask == Ask::Claim { owner: row.owner }))
        }),
        Of::sometimes("met: a claim is under way after its own release", |_, world| {
            there(world, State::Retryable).is_some_and(|row| asks(world, |ask| ask == Ask::Claim { owner: row.owner }))
        }),
        Of::sometimes("met: a completion is sent again after it was kept", |_, world| {
            let again = |ask, row: Row| matches!(ask, Ask::Complete { owner, .. } if owner == row.owner);
            there(world, State::Completed).is_some_and(|row| asks(world, |ask| again(ask, row)))
        }),
        Of::sometimes("met: an answer later than the lease", |_, world| {
            world.calls.iter().any(|call| matches!(call.phase, Phase::Confirming { .. }))
        }),
        Of::sometimes("met: a body goes on past its deadline", |_, world| {
            in_body(world, |deadline| deadline <= world.now)
        }),
        Of::sometimes("met: a delivery is answered what another completed", |_, world| {
            there(world, State::Completed).is_some() && told(world, |told| told == Told::Over)
        }),
        Of::sometimes("met: a second attempt completes, and all deliveries end", |model, world| {
            let again = there(world, State::Completed).is_some_and(|row| row.attempt > 1);
            again && world.ended == model.sizes.deliveries
        }),
    ]
}

fn of_rerun() -> Vec<Property<Model>> {
    vec![
        Of::sometimes("met: a claim is taken over while its owner is in its body", |_, world| {
            let other = |row: Row| world.calls.iter().any(|call| is_body(call.phase) && call.owner != row.owner);
            there(world, State::Running).is_some_and(other)
        }),
        Of::sometimes("met: a completion is under way of a claim that was taken over", |_, world| {
            let late = |ask, row: Row| matches!(ask, Ask::Complete { owner, .. } if owner != row.owner);
            there(world, State::Running).is_some_and(|row| asks(world, |ask| late(ask, row)))
        }),
        Of::sometimes("met: a completion is refused", |_, world| told(world, |told| told == Told::NotKept)),
    ]
}

fn of_park() -> Vec<Property<Model>> {
    vec![
        Of::sometimes("met: an abandoned claim is parked, and all deliveries end", |model, world| {
            there(world, State::Parked).is_some() && world.ended == model.sizes.deliveries
        }),
        Of::sometimes("met: a claim is parked while its owner is in its body", |_, world| {
            there(world, State::Parked).is_some() && in_body(world, |_| true)
        }),
        Of::sometimes("met: the owner completes what was parked", |_, world| {
            let own = |ask, row: Row| matches!(ask, Ask::Complete { fence, .. } if fence == row.fence);
            there(world, State::Parked).is_some_and(|row| asks(world, |ask| own(ask, row)))
        }),
    ]
}

fn there(world: &World, state: State) -> Option<Row> {
    world.row.filter(|row| row.state == state)
}

fn asks(world: &World, which: impl Fn(Ask) -> bool) -> bool {
    world.wire.iter().any(|message| matches!(*message, Message::Request(ask) if which(ask)))
}

fn told(world: &World, which: impl Fn(Told) -> bool) -> bool {
    world.wire.iter().any(|message| matches!(*message, Message::Reply { told, .. } if which(told)))
}

fn is_body(phase: Phase) -> bool {
    matches!(phase, Phase::Body { .. })
}

fn in_body(world: &World, which: impl Fn(u8) -> bool) -> bool {
    world.calls.iter().any(|call| matches!(call.phase, Phase::Body { deadline, .. } if which(deadline)))
}
