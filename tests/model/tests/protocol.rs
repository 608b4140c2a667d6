//! The protocol as it is: every state of a model, and every rule in it.
#![allow(missing_docs)]

use idem_model::{Explored, Model, Sizes, explore};
use stateright::{Checker, HasDiscoveries, Model as _};

/// What the issue asks for at least: three workers, two deliveries, two crashes, a lease that runs out.
const REQUIRED: Sizes =
    Sizes { workers: 3, deliveries: 2, crashes: 2, faults: 1, beats: 0, ticks: 1, lease: 1, parks: false };

/// All states of a model: no rule is broken, every situation is met, and there are so many states at least.
fn holds(sizes: Sizes, at_least: usize) -> usize {
    let checker = Model::new(sizes).checker().threads(2).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let discoveries = checker.discoveries();
    for property in checker.model().properties() {
        let found = discoveries.get(property.name);
        if property.expectation.discovery_is_failure() {
            assert!(found.is_none(), "{}: {}", property.name, found.map(ToString::to_string).unwrap_or_default());
        } else {
            assert!(found.is_some(), "never {}, in {} states", property.name, checker.unique_state_count());
        }
    }
    let states = checker.unique_state_count();
    assert!(states >= at_least, "{states} states, expected {at_least} at least: something is not reached any more");
    states
}

#[test]
fn three_workers_two_deliveries_two_crashes_and_a_lease_that_runs_out() {
    holds(REQUIRED, 150_000);
}

#[test]
fn the_same_where_abandoned_claims_are_parked() {
    holds(Sizes { parks: true, ..REQUIRED }, 100_000);
}

#[test]
fn two_leases_run_out_while_messages_are_late() {
    holds(Sizes { workers: 2, crashes: 1, ticks: 2, ..REQUIRED }, 100_000);
}

#[test]
fn a_lease_of_two_ticks_in_which_a_holder_stops_before_the_store() {
    holds(Sizes { workers: 2, crashes: 1, ticks: 3, lease: 2, ..REQUIRED }, 100_000);
}

#[test]
fn two_faults_at_one_delivery() {
    holds(Sizes { workers: 2, deliveries: 1, crashes: 1, faults: 2, ..REQUIRED }, 10_000);
}

/// The checker sees that something never happens only on runs that end: this is that all do. It also counts the states anew.
#[test]
fn no_run_goes_on_for_ever() {
    for sizes in [
        Sizes { workers: 2, crashes: 1, beats: 1, ..REQUIRED },
        Sizes { workers: 2, crashes: 1, beats: 1, parks: true, ..REQUIRED },
    ] {
        let states = holds(sizes, 50_000);
        assert_eq!(explore(&Model::new(sizes)), Explored { states, cycle: false });
    }
}
