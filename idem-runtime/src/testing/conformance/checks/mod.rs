//! The checks, each with the rule it proves.

mod absent;
mod admit;
mod claim;
mod complete;
mod crowd;
mod fail;
mod lease;
mod list;
mod operate;
mod random;
mod resend;
mod results;
mod sweep;
mod table;
mod takeover;

use std::fmt;
use std::pin::Pin;

use super::bench::{Bench, Checked};

type Running<'a> = Pin<Box<dyn Future<Output = Checked> + Send + 'a>>;

/// One promise of a store.
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// The rule it proves, in `docs/spec/protocol.md`.
    pub rule: &'static str,
    /// The promise, in a sentence.
    pub promise: &'static str,
    pub(super) run: for<'a> fn(&'a Bench) -> Running<'a>,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("name", &self.name).field("rule", &self.rule).finish_non_exhaustive()
    }
}

/// The list of checks, for whoever makes something of each.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_checks {
    ($make:path, $with:expr) => {
        $make! {
            $with;
            claim {
                /// A claim of a key without a record is granted, as attempt 1.
                claim_of_absent_is_granted: "PROTO-1",
                /// While one holds the key, every other claim is told who and for how long.
                claim_of_a_held_key_is_running: "PROTO-2",
                /// What is completed, failed, parked or cancelled is so for every caller and handle.
                every_answer_is_the_same_to_all: "PROTO-2",
                /// The fence grows strictly, also over release, takeover, clear, expiry and sweep.
                fence_grows_with_every_claim: "PROTO-3",
                /// The attempt counts the claims of one piece of work whose body was entered.
                attempts_count_claims_that_ran: "PROTO-3",
                /// The same claim sent again gets the same fence and attempt.
                repeated_claim_answers_the_same: "PROTO-4",
                /// A claim that arrives after its own release claims nothing and blocks nothing.
                late_claim_after_release_is_stale: "PROTO-5",
                /// A release that overtakes its claim makes the claim void.
                late_claim_of_a_caller_that_gave_up_is_stale: "PROTO-5",
                /// A claim that arrives after its key was cleared claims nothing.
                late_claim_after_clear_is_stale: "PROTO-5",
                /// Other arguments under the key are a mismatch in every state, and change nothing.
                mismatch_is_said_in_every_state: "PROTO-13",
                /// What was cleared, expired or never claimed says nothing about arguments.
                forgotten_arguments_do_not_mismatch: "PROTO-13",
                /// Another tenant, task or version is another record.
                keys_are_apart: "PROTO-20",
            }
            takeover {
                /// A claim whose lease is over goes to the next caller, and not before.
                abandoned_claim_is_taken_over: "PROTO-6",
                /// An abandoned claim that must not be rerun is parked, whatever the newcomer would do.
                abandoned_claim_under_park_is_parked: "PROTO-6",
                /// An abandoned claim that is to be asked for goes to a claim that asks, and is parked for every other.
                abandoned_claim_under_reconcile_goes_to_one_that_asks: "PROTO-6",
                /// The newcomer's own policy does not decide over the abandoned claim.
                newcomers_policy_does_not_park: "PROTO-6",
                /// After its last attempt a record parks, abandoned or released.
                used_up_attempts_park: "PROTO-6",
                /// A failure to be remembered parks where no attempt is left.
                remembered_failure_parks_on_the_last_attempt: "PROTO-9",
                /// After a takeover the old owner changes nothing, not a byte.
                completion_of_the_old_owner_is_refused: "PROTO-8",
                /// After a takeover the old owner's failure changes nothing.
                failure_of_the_old_owner_is_refused: "PROTO-9",
                /// A late owner is believed while nobody took its claim over.
                owner_back_before_a_takeover_goes_on: "PROTO-8",
            }
            lease {
                /// A renewed claim is held beyond its first lease.
                renewal_holds_the_claim: "PROTO-7",
                /// A lease that is over is revived while nobody took the claim over.
                renewal_revives_a_lease_that_is_over: "PROTO-7",
                /// A renewal of a claim that is lost says so, and changes nothing.
                renewal_of_a_lost_claim_says_what_is_there: "PROTO-7",
                /// Renewals sent together are answered one for one, in order.
                renewals_are_answered_one_for_one: "PROTO-7",
                /// A lease of nothing is still a lease.
                lease_of_zero_is_a_lease: "PROTO-7",
                /// A running record without a deadline belongs to its owner until that ends it.
                claim_without_a_deadline_is_no_orphan: "PROTO-6",
                /// The keeper's handle renews and settles the same records.
                keeper_sees_the_same_records: "PROTO-7",
                /// Clients whose clocks are wrong take, keep and lose claims like all others.
                clocks_of_clients_change_nothing: "PROTO-19",
                /// The time that the store tells is that of its leases, through every handle.
                time_is_that_of_the_leases: "PROTO-19",
            }
            complete {
                /// What was completed is answered to every later claim.
                completion_is_replayed: "PROTO-8",
                /// The same completion sent again answers the same, and prolongs nothing.
                repeated_completion_answers_the_same: "PROTO-8",
                /// Only the owner with the claim's own fence completes it.
                completion_asks_for_owner_and_fence: "PROTO-8",
                /// Who released or failed a claim cannot complete it any more.
                completion_after_giving_up_is_refused: "PROTO-8",
                /// The owner of a parked claim may still say that it is done.
                completion_of_a_parked_claim_is_accepted: "PROTO-8",
                /// A cancelled call is not completed.
                completion_after_cancel_is_refused: "PROTO-10",
                /// What was cleared is not written over by a late completion.
                tombstone_refuses_a_late_completion: "PROTO-11",
                /// A claim that the store forgot is written anew only where the caller says so.
                forgotten_claim_is_restored_only_where_allowed: "PROTO-8",
                /// A claim written anew does not turn the fence back.
                restored_completion_keeps_the_fence: "PROTO-3",
                /// A result is kept for its time from completion, however long the body took.
                retention_counts_from_completion: "PROTO-14",
                /// What is kept forever is not swept.
                forever_is_forever: "PROTO-14",
                /// After an operator's result the owner's own is refused.
                operators_result_is_not_the_owners: "PROTO-12",
            }
            fail {
                /// A release frees the key at once and keeps owner, fence and attempt.
                release_frees_at_once: "PROTO-9",
                /// A remembered failure is answered for its time, then the key is free.
                failure_is_remembered_for_its_time: "PROTO-9",
                /// What is parked waits for an operator.
                parked_stays_parked: "PROTO-9",
                /// The same failure sent again answers the same, and counts once.
                repeated_failure_answers_the_same: "PROTO-9",
                /// Nobody ends another's claim.
                failure_of_a_stranger_is_refused: "PROTO-9",
            }
            operate {
                /// What is cancelled is refused, to its running owner too.
                cancel_refuses_later_deliveries: "PROTO-10",
                /// What is completed stays completed.
                cancel_comes_too_late_for_a_completed_call: "PROTO-10",
                /// What is cleared runs again, as attempt 1, and its result is gone.
                clear_lets_a_key_run_again: "PROTO-11",
                /// A live claim is cleared by force only.
                clear_of_a_live_claim_needs_force: "PROTO-11",
                /// What stays of a clear goes once no completion can be under way.
                tombstone_ends_with_the_longest_lease: "PROTO-11",
                /// Parked and abandoned records become what the operator says.
                operator_resolves_what_is_not_known: "PROTO-12",
                /// Everything else is left as it is.
                only_what_is_not_known_is_resolved: "PROTO-12",
            }
            admit {
                /// A job whose key nobody holds is its first caller's to enqueue, and nobody else's.
                first_to_ask_is_admitted: "ADMIT-1",
                /// What a delivery did is answered, and nothing is admitted over it.
                what_a_delivery_did_is_answered: "ADMIT-2",
                /// What is not known is never admitted to be run again.
                unknown_outcomes_are_not_admitted: "ADMIT-2",
                /// A delivery takes the key, whoever admitted it, as attempt 1 and with a higher fence.
                delivery_takes_what_is_pending: "ADMIT-3",
                /// A new admission after attempts keeps their number, fence and policy.
                admission_keeps_the_attempts: "ADMIT-3",
                /// The same ticket sent again is answered the same.
                repeated_admission_answers_the_same: "ADMIT-4",
                /// A ticket that is given back frees the key, and claims nothing when it comes late.
                late_admission_of_a_ticket_given_back_is_stale: "ADMIT-4",
                /// A ticket whose producer is gone runs out.
                ticket_runs_out: "ADMIT-5",
                /// A ticket that is kept outlives its first time, and is never shortened.
                kept_ticket_stays: "ADMIT-5",
                /// Evidence of attempts outlives a ticket that ran out.
                attempts_outlive_a_ticket: "ADMIT-5",
                /// Of many that ask at once one is admitted.
                one_of_many_is_admitted: "ADMIT-1",
                /// Of a delivery and a producer at once each gets what is left by the other.
                admission_and_delivery_exclude_each_other: "ADMIT-3",
            }
            absent {
                /// A record whose time is over is absent for every operation, swept or not.
                record_whose_time_is_over_is_absent: "PROTO-15",
                /// Leases, results and failures end at their end, not a millisecond before.
                time_is_over_at_its_end_and_not_before: "PROTO-15",
                /// Attempt, fence and owner are kept for a day after the claim ended, and no longer.
                evidence_is_kept_for_a_day: "PROTO-14",
                /// A task that asks for more than a day gets it.
                longer_grace_is_kept: "PROTO-14",
                /// What must not be rerun unasked is never forgotten.
                evidence_that_forbids_a_rerun_never_runs_out: "PROTO-14",
            }
            sweep {
                /// A sweep changes no record whose time is not over.
                sweep_leaves_what_is_not_over: "PROTO-17",
                /// A sweep removes what is over, no more than it was told to.
                sweep_removes_in_batches: "PROTO-17",
                /// A claim that a sweep named is still its owner's.
                stale_list_of_a_sweep_takes_nothing: "PROTO-17",
                /// A row that cannot be read is named and left; the others go on.
                sweep_survives_a_bad_row: "PROTO-17",
                /// Live work and sweeps do not disturb each other.
                sweeping_takes_nothing_from_live_work: "PROTO-17",
            }
            list {
                /// Every field of a record is read back as it was written.
                record_is_read_back_whole: "PROTO-16",
                /// Pages hold every record once, in order.
                list_pages_in_the_order_of_digests: "PROTO-16",
                /// Only what was asked for is listed.
                list_filters: "PROTO-16",
                /// A record of a newer format is an error, never "absent".
                record_of_a_newer_format_is_an_error: "PROTO-18",
                /// A record that cannot be read is an error, never "absent".
                corrupt_record_is_an_error: "PROTO-18",
                /// A store says what it is and where.
                store_describes_itself: "PROTO-16",
            }
            results {
                /// Results of every size come back byte for byte.
                results_are_equal_byte_for_byte: "PROTO-21",
                /// Bytes that look like text or an end come back byte for byte.
                odd_results_are_equal_byte_for_byte: "PROTO-21",
                /// A result that was not kept says why, and is no empty result.
                result_that_was_not_kept_says_why: "PROTO-21",
            }
            resend {
                /// A message sent again after a loss does no more than once.
                lost_messages_double_nothing_and_lose_nothing: "PROTO-18",
                /// Requests that arrive late find themselves overtaken.
                late_requests_change_nothing: "PROTO-18",
                /// A dropped request breaks nothing.
                dropped_requests_leave_the_store_usable: "PROTO-18",
            }
            crowd {
                /// Of many claims at once one is granted.
                one_of_many_is_granted: "PROTO-2",
                /// Of many takeovers at once one is granted.
                one_of_many_takes_over: "PROTO-6",
                /// Of many claims after a release one is granted.
                one_of_many_follows_a_release: "PROTO-9",
                /// Of many claims of an expired record one is granted.
                one_of_many_follows_an_expired_record: "PROTO-15",
                /// The same claim sent twice at once is one claim.
                one_claim_sent_twice_at_once_is_one_claim: "PROTO-4",
                /// Of a late completion and a takeover at once one loses.
                completion_and_takeover_exclude_each_other: "PROTO-8",
            }
            table {
                /// Every operation answers and leaves what the table says: absent.
                cells_of_absent: "PROTO-22",
                /// Every operation answers and leaves what the table says: running.
                cells_of_running: "PROTO-22",
                /// Every operation answers and leaves what the table says: running without arguments.
                cells_of_running_without_arguments: "PROTO-22",
                /// Every operation answers and leaves what the table says: stale.
                cells_of_stale: "PROTO-22",
                /// Every operation answers and leaves what the table says: stale under park.
                cells_of_stale_under_park: "PROTO-22",
                /// Every operation answers and leaves what the table says: stale under reconcile.
                cells_of_stale_under_reconcile: "PROTO-22",
                /// Every operation answers and leaves what the table says: stale at the last attempt.
                cells_of_stale_at_the_last_attempt: "PROTO-22",
                /// Every operation answers and leaves what the table says: taken over.
                cells_of_taken_over: "PROTO-22",
                /// Every operation answers and leaves what the table says: retryable.
                cells_of_retryable: "PROTO-22",
                /// Every operation answers and leaves what the table says: retryable after two.
                cells_of_retryable_after_two: "PROTO-22",
                /// Every operation answers and leaves what the table says: retryable forever.
                cells_of_retryable_forever: "PROTO-22",
                /// Every operation answers and leaves what the table says: a stub.
                cells_of_a_stub: "PROTO-22",
                /// Every operation answers and leaves what the table says: completed.
                cells_of_completed: "PROTO-22",
                /// Every operation answers and leaves what the table says: completed and over.
                cells_of_completed_and_over: "PROTO-22",
                /// Every operation answers and leaves what the table says: restored.
                cells_of_restored: "PROTO-22",
                /// Every operation answers and leaves what the table says: failed.
                cells_of_failed: "PROTO-22",
                /// Every operation answers and leaves what the table says: failed and over.
                cells_of_failed_and_over: "PROTO-22",
                /// Every operation answers and leaves what the table says: parked.
                cells_of_parked: "PROTO-22",
                /// Every operation answers and leaves what the table says: parked by a takeover.
                cells_of_parked_by_a_takeover: "PROTO-22",
                /// Every operation answers and leaves what the table says: resolved.
                cells_of_resolved: "PROTO-22",
                /// Every operation answers and leaves what the table says: cancelled.
                cells_of_cancelled: "PROTO-22",
                /// Every operation answers and leaves what the table says: cancelled before any claim.
                cells_of_cancelled_before_any_claim: "PROTO-22",
                /// Every operation answers and leaves what the table says: cleared.
                cells_of_cleared: "PROTO-22",
                /// Every operation answers and leaves what the table says: pending.
                cells_of_pending: "PROTO-22",
                /// Every operation answers and leaves what the table says: pending and over.
                cells_of_pending_and_over: "PROTO-22",
                /// Every operation answers and leaves what the table says: pending without arguments.
                cells_of_pending_without_arguments: "PROTO-22",
                /// Every operation answers and leaves what the table says: pending after an attempt.
                cells_of_pending_after_an_attempt: "PROTO-22",
                /// Every operation answers and leaves what the table says: pending after an attempt, and over.
                cells_of_pending_after_an_attempt_and_over: "PROTO-22",
                /// Every operation answers and leaves what the table says: pending after an abandoned attempt.
                cells_of_pending_after_an_abandoned_attempt: "PROTO-22",
                /// Every operation answers and leaves what the table says: pending after a clearing.
                cells_of_pending_after_a_clearing: "PROTO-22",
                /// Every operation answers and leaves what the table says: pending and given back.
                cells_of_pending_given_back: "PROTO-22",
                /// Every operation answers and leaves what the table says: pending and taken by a delivery.
                cells_of_pending_taken: "PROTO-22",
                /// Every operation answers and leaves what the table says: cleared and over.
                cells_of_cleared_and_over: "PROTO-22",
            }
            random {
                /// Whatever is done in whatever order, the store answers as the protocol says.
                random_sequences_agree_with_the_model: "PROTO-22",
            }
        }
    };
}

macro_rules! table {
    ($with:expr; $($module:ident { $(#[doc = $promise:literal] $name:ident: $rule:literal,)* })*) => {
        /// All checks, in the order they run.
        pub const CHECKS: &[Check] = &[$($(
            Check { name: stringify!($name), rule: $rule, promise: $promise, run: |bench| Box::pin($module::$name(bench)) },
        )*)*];
    };
}

__conformance_checks!(table, ());
