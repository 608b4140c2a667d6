//! The suite can fail: stores that are broken in one way each, and the checks that say so.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "conformance_mutants/broken.rs"]
mod broken;

use std::sync::Arc;

use broken::{Broken, Fault};
use idem_runtime::testing::ManualClock;
use idem_runtime::testing::conformance::{self, Check, Fixture, Report};

async fn report(fault: Option<Fault>, wanted: impl Fn(&Check) -> bool) -> Report {
    let open = async || {
        let clock = ManualClock::new();
        let store = Broken::new(fault, clock.clone());
        let (other, tampered) = (store.clone(), store.clone());
        let fixture = Fixture::new(Arc::new(store), Arc::new(other)).clock(clock);
        Ok(fixture.tamper(move |key, how| std::future::ready(Ok(tampered.tamper(&key, how)))))
    };
    conformance::run_where(open, wanted).await
}

fn beside_the_model(check: &Check) -> bool {
    check.name.starts_with("cells_of_") || check.name.starts_with("random_")
}

/// The suite must fail, and name these checks among those that do.
async fn caught(fault: Fault, by: &[&str]) {
    let report = report(Some(fault), |check| by.contains(&check.name) || beside_the_model(check)).await;
    let failed: Vec<_> = report.failed().map(|finding| finding.check.name).collect();
    let missed: Vec<_> = by.iter().filter(|check| !failed.contains(check)).collect();
    assert!(missed.is_empty(), "{fault:?} was not caught by {missed:?}, but by {failed:?}");
    let table = report.failed().any(|finding| beside_the_model(finding.check));
    assert!(table || !fault.shows_in_answers(), "{fault:?} shows in no cell and in no random sequence");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_store_without_a_fault_conforms() {
    report(None, |_| true).await.assert_passed();
}

macro_rules! mutants {
    ($($name:ident: $fault:ident => $($check:ident),+;)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            caught(Fault::$fault, &[$(stringify!($check)),+]).await;
        })*
    };
}

mutants! {
    anybody_may_complete: AnybodyCompletes => completion_of_the_old_owner_is_refused, completion_asks_for_owner_and_fence;
    the_fence_is_not_asked_for: FenceIgnored => completion_asks_for_owner_and_fence;
    a_release_deletes: ReleaseDeletes => late_claim_after_release_is_stale, release_frees_at_once, attempts_count_claims_that_ran;
    a_release_of_nothing_leaves_nothing: NoStub => late_claim_of_a_caller_that_gave_up_is_stale, late_requests_change_nothing;
    the_fence_is_forgotten: FenceForgotten => fence_grows_with_every_claim, abandoned_claim_is_taken_over;
    the_fence_stands_still: FenceOfTheAttempt => fence_grows_with_every_claim;
    a_sweep_takes_live_leases: SweepTakesLive => sweep_leaves_what_is_not_over, sweeping_takes_nothing_from_live_work;
    a_sweep_takes_abandoned_claims: SweepTakesStale => sweep_leaves_what_is_not_over;
    a_sweep_has_no_limit: SweepWithoutLimit => sweep_removes_in_batches;
    a_sweep_names_nobody: SweepNamesNobody => sweep_leaves_what_is_not_over, stale_list_of_a_sweep_takes_nothing;
    a_lease_without_a_deadline_is_over: NoDeadlineIsOver => claim_without_a_deadline_is_no_orphan;
    two_are_granted: GrantedTwice => claim_of_a_held_key_is_running, one_of_many_is_granted, abandoned_claim_is_taken_over;
    reading_and_writing_are_apart: NotAtomic => one_of_many_is_granted, one_of_many_takes_over;
    a_claim_again_is_another_attempt: RepeatCounts => repeated_claim_answers_the_same;
    a_claim_again_is_running: RepeatWaits => repeated_claim_answers_the_same, lost_messages_double_nothing_and_lose_nothing;
    a_completion_asks_for_the_lease: LeaseDecides => owner_back_before_a_takeover_goes_on;
    a_completion_again_is_lost: CompletionOnce => repeated_completion_answers_the_same, lost_messages_double_nothing_and_lose_nothing;
    a_completion_again_prolongs: CompletionProlongs => repeated_completion_answers_the_same;
    anything_is_restored: AlwaysRestored => forgotten_claim_is_restored_only_where_allowed;
    a_clear_deletes: ClearDeletes => tombstone_refuses_a_late_completion, late_claim_after_clear_is_stale;
    a_clear_takes_live_claims: ClearForces => clear_of_a_live_claim_needs_force;
    retention_counts_from_the_claim: RetentionFromClaim => retention_counts_from_completion;
    expired_records_are_there_until_swept: ExpiryBySweep => record_whose_time_is_over_is_absent;
    arguments_are_not_compared: MismatchIgnored => mismatch_is_said_in_every_state;
    the_newcomers_policy_parks: NewcomerDecides => abandoned_claim_under_park_is_parked, abandoned_claim_under_reconcile_goes_to_one_that_asks, newcomers_policy_does_not_park;
    anybody_may_renew: AnybodyRenews => renewal_of_a_lost_claim_says_what_is_there, renewals_are_answered_one_for_one;
    renewals_are_answered_out_of_order: RenewalsReversed => renewals_are_answered_one_for_one;
    tenants_share: TenantsShare => keys_are_apart;
    a_result_is_text: ResultIsText => results_are_equal_byte_for_byte, odd_results_are_equal_byte_for_byte;
    an_empty_result_is_none: EmptyIsAbsent => results_are_equal_byte_for_byte, result_that_was_not_kept_says_why;
    parked_runs_out: ParkedRunsOut => evidence_that_forbids_a_rerun_never_runs_out, parked_stays_parked;
    evidence_is_short: NoGrace => evidence_is_kept_for_a_day;
    a_list_has_no_order: ListByAge => list_pages_in_the_order_of_digests;
    a_list_ignores_the_task: ListIgnoresTask => list_filters;
    a_field_is_dropped: HolderDropped => record_is_read_back_whole;
    two_are_admitted: AdmittedTwice => first_to_ask_is_admitted, one_of_many_is_admitted;
    an_admission_takes_a_live_claim: AdmitTakesLive => what_a_delivery_did_is_answered, delivery_takes_what_is_pending;
    a_ticket_never_ends: TicketNeverEnds => ticket_runs_out;
    the_time_that_is_told_is_another_clocks: ClockApart => time_is_that_of_the_leases;
    the_keeper_has_records_of_its_own: KeeperApart => keeper_sees_the_same_records;
}
