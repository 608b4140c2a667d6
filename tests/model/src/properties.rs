//! What is to hold, each named after the rules of `docs/spec/protocol.md` that say it.

use idem_runtime::record::State;
use stateright::Property;

use crate::call::Phase;
use crate::monitor::Rule;
use crate::world::Model;

/// That every delivery ends; the one property that a fault may break without doing anything wrong.
pub const ENDS: &str = "every delivery ends";

type Of = Property<Model>;

macro_rules! unbroken {
    ($name:literal, $rule:ident) => {
        Of::always($name, |_, world| world.seen.broken != Some(Rule::$rule))
    };
}

pub(crate) fn properties() -> Vec<Property<Model>> {
    vec![
        Of::always("LEASE-2: one live owner at most", |_, world| {
            let live = |phase: Phase| matches!(phase, Phase::Body { deadline, .. } if world.now < deadline);
            world.calls.iter().filter(|call| live(call.phase)).count() <= 1
        }),
        unbroken!("LEASE-3: a body is entered under a claim that the store holds", EnteredUnheld),
        unbroken!("PROTO-2, PROTO-14: a completed key has one value and never runs again", OneValue),
        unbroken!("PROTO-3: the fence grows with every claim", FenceGrows),
        unbroken!("PROTO-4: a claim sent again has the first answer", RepeatedClaim),
        unbroken!("PROTO-5: a claim after its own end claims nothing", LateClaim),
        unbroken!("PROTO-6: park never reruns", ParkReruns),
        unbroken!("PROTO-8: a lost claim completes nothing", LostCompletes),
        unbroken!("PROTO-9: nobody ends another's claim", EndedByAnother),
        unbroken!("PROTO-9: attempts are counted once", Attempts),
        Of::always("PROTO-6: no claim keeps others out for longer than a lease", |model, world| {
            let later = world.now + model.sizes.lease;
            world.row.is_none_or(|row| row.state != State::Running || !model.rules().keeps_out(row, later))
        }),
        Of::always("PROTO-9: a released key can be claimed at once", |model, world| {
            let held = world.seen.current.is_some();
            held || world.row.is_none_or(|row| !model.rules().keeps_out(row, world.now))
        }),
        Of::always("a delivery ends with the value, or parked", |_, world| {
            let parked = world.row.is_some_and(|row| row.state == State::Parked);
            world.ended == 0 || world.seen.value.is_some() || parked
        }),
        Of::eventually(ENDS, |model, world| world.ended == model.sizes.deliveries),
    ]
}
