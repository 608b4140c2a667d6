//! Whose arguments a record of a job has that was admitted to a queue.

use idem_runtime::claim::{ClaimRequest, FailVerdict, Failure};
use idem_runtime::record::State;

use crate::support::{LEASE, TTL, World, claim_by};

fn without_arguments(owner: u8) -> ClaimRequest {
    ClaimRequest { fingerprint: None, ..claim_by(owner) }
}

#[test]
fn admit_3_the_arguments_of_an_attempt_stay_where_the_producer_names_none() {
    let (mut world, first) = (World::new(), claim_by(1));
    world.granted(&first);
    world.fail(&first, Failure::Release);
    world.admit(&without_arguments(2), TTL);
    assert_eq!((world.there().state, &world.there().fingerprint), (State::Pending, &first.fingerprint));
}

#[test]
fn admit_4_a_ticket_that_is_given_back_takes_its_arguments_along_and_no_others() {
    let (mut world, ticket) = (World::new(), claim_by(1));
    world.admit(&ticket, TTL);
    assert_eq!(world.fail(&ticket, Failure::NotStarted), FailVerdict::Settled(State::Retryable));
    assert_eq!(world.there().fingerprint, None);

    let (mut world, first, ticket) = (World::new(), claim_by(1), claim_by(2));
    world.granted(&first);
    world.fail(&first, Failure::Release);
    world.pass(LEASE);
    world.admit(&ticket, TTL);
    world.fail(&ticket, Failure::NotStarted);
    assert_eq!(world.there().fingerprint, first.fingerprint);
}
