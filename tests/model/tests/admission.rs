//! Before the queue: every state of a model, every rule in it, and stores that are wrong in one way.
#![allow(missing_docs)]

use std::collections::BTreeSet;

use idem_model::{Admission, Explored, Mutant, explore};
use stateright::{Checker, HasDiscoveries, Model as _};

const SIZE: Admission = Admission { producers: 2, crashes: 1, faults: 1, ticks: 2, mutant: None };

#[test]
fn two_producers_a_crash_and_an_admission_that_runs_out() {
    let checker = SIZE.checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let discoveries = checker.discoveries();
    for property in checker.model().properties() {
        let found = discoveries.get(property.name);
        let wrong = found.map(ToString::to_string).unwrap_or_default();
        assert_eq!(found.is_some(), !property.expectation.discovery_is_failure(), "{}: {wrong}", property.name);
    }
    let states = checker.unique_state_count();
    assert!(states >= 10_000, "{states} states: something is not reached any more");
    assert_eq!(explore(&SIZE), Explored { states, cycle: false });
}

/// The checker finds a run of the mutant that breaks this property.
fn caught(mutant: Mutant, property: &'static str) {
    let broken = Admission { mutant: Some(mutant), ..SIZE };
    assert!(broken.property(property).expectation.discovery_is_failure());
    let expected = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = broken.checker().finish_when(expected).spawn_bfs().join();
    let found = checker.discoveries();
    assert!(found.contains_key(property), "{mutant:?} breaks {:?}, expected {property}", found.keys());
}

#[test]
fn admit_by_key_only() {
    caught(Mutant::AdmitByKeyOnly, "ADMIT-1: of all that ask one is told to enqueue");
}

#[test]
fn admit_completed() {
    caught(Mutant::AdmitCompleted, "ADMIT-2: what is known is not admitted");
}

#[test]
fn admission_excludes() {
    caught(Mutant::AdmissionExcludes, "ADMIT-3: an admission keeps no delivery out");
}

#[test]
fn give_back_by_key_only() {
    caught(Mutant::GiveBackByKeyOnly, "ADMIT-4: nobody gives another's ticket back");
}

#[test]
fn late_ticket_admitted() {
    caught(Mutant::LateTicketAdmitted, "ADMIT-4: a ticket after it was given back is stale");
}

#[test]
fn admission_without_end() {
    caught(Mutant::AdmissionWithoutEnd, "ADMIT-5: an admission is over when its time is");
}
