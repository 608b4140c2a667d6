//! What is to hold before the queue, named after the rules of `docs/spec/protocol.md`, and what must have been met.

use idem_runtime::record::State;
use stateright::Property;

use super::Admission;
use super::desk::{Broken, Letter, Producer};
use crate::store::Admitted;

pub(super) fn properties() -> Vec<Property<Admission>> {
    type Of = Property<Admission>;
    let always = |name, condition| Of::always(name, condition);
    vec![
        always("ADMIT-1: of all that ask one is told to enqueue", |_, desk| desk.broken != Some(Broken::TwoAdmitted)),
        always("ADMIT-2: what is known is not admitted", |_, desk| desk.broken != Some(Broken::KnownAdmitted)),
        always("ADMIT-3: an admission keeps no delivery out", |model, desk| {
            let pending = desk.row.filter(|row| row.state == State::Pending);
            pending.is_none_or(|row| !model.rules().keeps_out(row, desk.now))
        }),
        always("ADMIT-3: attempts go on, and a lost claim completes nothing", |_, desk| {
            desk.broken != Some(Broken::LostCompletes)
        }),
        always("ADMIT-4: a ticket after it was given back is stale", |_, desk| desk.broken != Some(Broken::LateTicket)),
        always("ADMIT-4: nobody gives another's ticket back", |_, desk| desk.broken != Some(Broken::GaveBackAnothers)),
        always("ADMIT-5: an admission is over when its time is", |model, desk| {
            let rules = model.rules();
            let pending = desk.row.filter(|row| row.state == State::Pending);
            pending.is_none_or(|row| rules.admit(Some(row), u8::MAX, desk.now + rules.lease).1 != Admitted::Queued)
        }),
        Of::eventually("every producer ends, and the job is done", |_, desk| {
            desk.producers.is_empty() && desk.jobs == 0 && desk.running.is_empty() && desk.done
        }),
        Of::sometimes("met: a producer died with its ticket, and another waits", |_, desk| {
            let waits = |producer: &Producer| matches!(*producer, Producer::Idle(from) if from > desk.now);
            let ticket = desk.ticket.filter(|(_, until)| *until > desk.now);
            let owned = |(ticket, _)| desk.producers.contains(&Producer::Admitted(ticket));
            desk.jobs == 0 && ticket.is_some_and(|it| !owned(it)) && desk.producers.iter().any(waits)
        }),
        Of::sometimes("met: a ticket is under way after it was given back", |_, desk| {
            desk.used.is_some_and(|ticket| desk.wire.contains(&Letter::Admit(ticket)))
        }),
        Of::sometimes("met: a ticket is given back while a delivery runs", |_, desk| {
            let runs = desk.row.is_some_and(|row| row.state == State::Running);
            runs && desk.wire.iter().any(|letter| matches!(letter, Letter::GiveBack(_)))
        }),
        Of::sometimes("met: an abandoned claim is admitted again", |_, desk| {
            desk.row.is_some_and(|row| row.state == State::Pending && row.attempt > 0)
        }),
        Of::sometimes("met: its owner is late", |_, desk| {
            desk.row.is_some_and(|row| row.state == State::Pending) && !desk.running.is_empty()
        }),
    ]
}
