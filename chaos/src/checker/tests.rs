//! Histories made by hand: one that is as it should be, and one for each way in which it is not.

use std::time::Duration;

use super::{Bounds, Rule, Verdict, judge};
use crate::history::{COORDINATOR, COPIES, Event, Trouble, What};
use crate::time::Micros;
use crate::wire::{Answer, Policy};

const BOUNDS: Bounds = Bounds { lease: Duration::from_secs(1), one_file: false };
const KEY: u64 = 3;
const COPY: u64 = KEY * COPIES;

/// A history under construction; times are milliseconds, and may be told in any order.
#[derive(Default, Clone)]
struct History(Vec<Event>);

impl History {
    fn of(policy: Policy, copies: u32) -> Self {
        Self::default().at(0, COORDINATOR, What::Owed { key: KEY, policy, copies })
    }

    fn at(mut self, ms: Micros, process: u32, what: What) -> Self {
        self.0.push(Event { at: ms * 1_000, process, what });
        self
    }

    fn sent(self, ms: Micros, copy: u64, to: u32) -> Self {
        self.at(ms, COORDINATOR, What::Sent { copy: COPY + copy, key: KEY, to })
    }

    /// A claim's fence is 100 times its attempt.
    fn entered(self, ms: Micros, process: u32, run: u64, attempt: u32) -> Self {
        let fence = Some(u64::from(attempt) * 100);
        self.at(ms, process, What::Entered { run, key: KEY, attempt, fence })
    }

    fn exited(self, ms: Micros, process: u32, run: u64, ok: bool) -> Self {
        self.at(ms, process, What::Exited { run, key: KEY, ok })
    }

    fn effect(self, ms: Micros, run: u64, attempt: u64, accepted: bool) -> Self {
        let fence = Some(attempt * 100);
        self.at(ms, COORDINATOR, What::Effect { run, key: KEY, fence, accepted })
    }

    fn answered(self, ms: Micros, process: u32, copy: u64, answer: Answer) -> Self {
        self.at(ms, process, What::Answered { copy: COPY + copy, key: KEY, answer })
    }

    fn row(self, run: u64) -> Self {
        self.at(90_000, COORDINATOR, What::Row { run, key: KEY })
    }

    fn killed(self, ms: Micros, process: u32) -> Self {
        self.at(ms, COORDINATOR, What::Killed { process })
    }

    fn paused(self, from: Micros, to: Micros, process: u32) -> Self {
        self.at(from, COORDINATOR, What::Paused { process }).at(to, COORDINATOR, What::Resumed { process })
    }

    fn verdict(mut self) -> Verdict {
        self.0.sort_by_key(|event| event.at);
        judge(&self.0, BOUNDS)
    }
}

const FRESH: fn(u64) -> Answer = |run| Answer::Fresh { run, recorded: true };
const REPLAYED: fn(u64) -> Answer = |run| Answer::Replayed { run };

/// One run and one replay.
fn good(policy: Policy) -> History {
    let history = History::of(policy, 2).sent(1, 0, 1).sent(1, 1, 2).entered(2, 1, 7, 1).exited(5, 1, 7, true);
    let history = if policy == Policy::Transaction { history.row(7) } else { history.effect(3, 7, 1, true) };
    history.answered(6, 1, 0, FRESH(7)).answered(7, 2, 1, REPLAYED(7))
}

/// Its owner is killed in its body, and the other process takes over so much later.
fn takeover(after: Micros) -> History {
    let history = History::of(Policy::Rerun, 1).sent(1, 0, 1).entered(2, 1, 7, 1).effect(3, 7, 1, true).killed(10, 1);
    let history = history.sent(20, 0, 2).entered(10 + after, 2, 8, 2).effect(11 + after, 8, 2, true);
    history.exited(12 + after, 2, 8, true).answered(13 + after, 2, 0, FRESH(8))
}

#[track_caller]
fn breaks(history: History, rules: &[Rule]) {
    let verdict = history.verdict();
    let mut found: Vec<Rule> = verdict.violations.iter().map(|violation| violation.rule).collect();
    found.dedup();
    assert_eq!(found, rules, "{:#?}", verdict.violations);
}

#[test]
fn a_history_as_it_should_be_breaks_nothing() {
    for policy in [Policy::Rerun, Policy::Park, Policy::Transaction] {
        breaks(good(policy), &[]);
    }
    let figures = good(Policy::Rerun).verdict().figures;
    assert_eq!((figures.keys, figures.copies, figures.deliveries), (1, 2, 2));
    assert_eq!((figures.bodies, figures.effects, figures.fresh, figures.replayed), (1, 1, 1, 1));
}

#[test]
fn a_delivery_that_is_never_acknowledged_is_lost() {
    let asked_again = Answer::Again("later".into());
    let begun = || History::of(Policy::Rerun, 2).entered(2, 1, 7, 1).exited(3, 1, 7, true).effect(3, 7, 1, true);
    breaks(begun().answered(4, 1, 0, FRESH(7)).answered(5, 2, 1, asked_again), &[Rule::Lost]);
    breaks(History::of(Policy::Transaction, 1), &[Rule::Lost]);
}

#[test]
fn answers_of_a_key_are_equal_and_of_a_run_that_ended() {
    let two = good(Policy::Rerun).entered(3, 2, 8, 2).effect(4, 8, 2, true).exited(5, 2, 8, true);
    breaks(two.answered(6, 2, 1, REPLAYED(8)), &[Rule::Unequal]);
    let never = History::of(Policy::Rerun, 1).entered(2, 1, 7, 1).effect(3, 7, 1, true).answered(6, 1, 0, FRESH(7));
    breaks(never, &[Rule::Unequal]);
    // What was not recorded promises nothing.
    let unrecorded = Answer::Fresh { run: 6, recorded: false };
    let first = good(Policy::Rerun).at(0, 1, What::Entered { run: 6, key: KEY, attempt: 0, fence: Some(1) });
    breaks(first.exited(1, 1, 6, true).answered(1, 1, 0, unrecorded), &[]);
}

#[test]
fn no_body_is_entered_after_an_acknowledged_completion() {
    for policy in [Policy::Rerun, Policy::Transaction] {
        breaks(good(policy).entered(50, 2, 8, 2).exited(51, 2, 8, true), &[Rule::AfterCompletion]);
    }
}

/// Redis does not hold a duplicate up until a replica knows what it is told; it does so with who completes.
#[test]
fn what_a_duplicate_was_told_may_be_forgotten_by_a_promotion_and_nothing_else() {
    let promotion = What::Trouble { number: 0, kind: Trouble::Promotion, process: None };
    let history = |told: Micros, first: Answer| {
        let history = History::of(Policy::Rerun, 3).entered(1_000, 1, 7, 1).effect(1_000, 7, 1, true);
        let history = history.exited(1_001, 1, 7, true).answered(told, 2, 0, first);
        let history = history.at(1_500, COORDINATOR, promotion.clone());
        let history = history.at(3_000, COORDINATOR, What::TroubleOver { number: 0 }).entered(5_000, 2, 8, 2);
        let history = history.effect(5_001, 8, 2, true).exited(5_002, 2, 8, true);
        history.answered(5_003, 2, 1, FRESH(8)).answered(5_004, 1, 2, REPLAYED(8))
    };
    let forgotten = history(2_000, REPLAYED(7));
    assert_eq!(forgotten.clone().verdict().figures.forgotten, 1);
    breaks(forgotten, &[]);
    // It was heard before the process was stopped.
    breaks(history(4_500, REPLAYED(7)).paused(2_500, 4_400, 2), &[]);
    let broken = [Rule::Unequal, Rule::AfterCompletion];
    breaks(history(2_000, FRESH(7)), &broken);
    breaks(history(1_100, REPLAYED(7)), &broken);
    breaks(history(4_500, REPLAYED(7)), &broken);
}

#[test]
fn a_body_may_be_entered_in_a_transaction_that_was_cut_before_and_leaves_nothing() {
    let late = |policy| good(policy).entered(50, 2, 8, 2).exited(51, 2, 8, true);
    let trouble = |process| What::Trouble { number: 1, kind: Trouble::Network, process: Some(process) };
    let cut = |history: History, process| {
        history.at(3, COORDINATOR, trouble(process)).at(4, COORDINATOR, What::TroubleOver { number: 1 })
    };
    breaks(cut(late(Policy::Transaction), 2), &[]);
    breaks(cut(late(Policy::Transaction), 3), &[Rule::AfterCompletion]);
    breaks(cut(late(Policy::Rerun), 2), &[Rule::AfterCompletion]);
    breaks(cut(late(Policy::Transaction), 2).row(8), &[Rule::AfterCompletion, Rule::SecondEffect]);
}

#[test]
fn bodies_that_meet_are_told_apart_by_rising_fences() {
    let two = |attempt, fence| {
        let entered = What::Entered { run: 8, key: KEY, attempt, fence };
        good(Policy::Rerun).at(4, 2, entered).exited(5, 2, 8, true)
    };
    breaks(two(2, Some(200)), &[]);
    breaks(two(2, Some(100)), &[Rule::Overlap]);
    breaks(two(2, None), &[Rule::Overlap]);
    breaks(two(2, Some(50)), &[Rule::Overlap]);
    // It was stopped between its claim and its body.
    breaks(two(2, Some(50)).paused(1, 4, 2), &[]);
    breaks(two(1, Some(200)), &[Rule::Attempts]);
    let without = good(Policy::Rerun).at(1, 2, What::Entered { run: 8, key: KEY, attempt: 0, fence: None });
    breaks(without.exited(5, 2, 8, true), &[Rule::Overlap]);
}

#[test]
fn transactions_of_a_key_do_not_meet_while_nothing_cuts_them() {
    let met = good(Policy::Transaction).entered(4, 2, 8, 2).exited(5, 2, 8, true);
    breaks(met.clone(), &[Rule::Overlap]);
    let trouble = |process| What::Trouble { number: 1, kind: Trouble::Network, process };
    let over = What::TroubleOver { number: 1 };
    breaks(met.clone().at(3, COORDINATOR, trouble(Some(1))).at(4, COORDINATOR, over.clone()), &[]);
    breaks(met.clone().at(3, COORDINATOR, trouble(None)).at(4, COORDINATOR, over.clone()), &[]);
    breaks(met.at(3, COORDINATOR, trouble(Some(2))).at(4, COORDINATOR, over), &[Rule::Overlap]);
}

#[test]
fn a_holder_that_was_not_stopped_ends_with_its_lease() {
    let late =
        |exit| takeover(1_000).at(1, 3, What::Paused { process: 9 }).entered(500, 3, 9, 3).exited(exit, 3, 9, true);
    let late = |exit| late(exit).entered(600, 4, 10, 4).exited(601, 4, 10, true);
    let rules = |exit| late(exit).verdict().violations.into_iter().map(|found| found.rule).collect::<Vec<_>>();
    assert!(rules(2_000).contains(&Rule::PastItsLease));
    assert!(!rules(1_000).contains(&Rule::PastItsLease));
    let stopped = late(2_000).paused(550, 1_900, 3).verdict();
    assert!(stopped.violations.iter().all(|violation| violation.rule != Rule::PastItsLease), "{stopped:#?}");
}

#[test]
fn an_effect_is_taken_once_of_each_claim_and_in_their_order() {
    breaks(good(Policy::Rerun).effect(4, 7, 1, false), &[]);
    breaks(good(Policy::Rerun).effect(4, 7, 1, true), &[Rule::SecondEffect]);
    let newer = good(Policy::Rerun).entered(1, 2, 6, 0).exited(2, 2, 6, false);
    breaks(newer.clone().effect(2, 6, 0, true), &[]);
    breaks(newer.effect(4, 6, 0, true), &[Rule::SecondEffect]);
    breaks(good(Policy::Transaction).row(8), &[Rule::SecondEffect]);
}

#[test]
fn what_is_completed_has_its_effect() {
    let without = |policy| {
        let history = History::of(policy, 1).entered(2, 1, 7, 1).exited(5, 1, 7, true);
        history.answered(6, 1, 0, FRESH(7))
    };
    for policy in [Policy::Rerun, Policy::Park, Policy::Transaction] {
        breaks(without(policy), &[Rule::NoEffect]);
    }
}

#[test]
fn what_is_set_aside_is_not_run_again_unless_it_failed() {
    let again = |ok| {
        let first = History::of(Policy::Park, 1).entered(1, 1, 6, 1).exited(2, 1, 6, ok);
        let second = first.entered(3, 1, 7, 2).effect(4, 7, 2, true).exited(5, 1, 7, true);
        second.answered(6, 1, 0, FRESH(7))
    };
    breaks(again(false), &[]);
    breaks(again(true), &[Rule::RanSetAside]);
    let abandoned = History::of(Policy::Park, 1).entered(1, 1, 6, 1).killed(2, 1);
    breaks(abandoned.answered(3, 2, 0, Answer::SetAside), &[]);
}

#[test]
fn answers_that_nothing_explains_are_told() {
    for answer in [Answer::Unprotected { run: 7 }, Answer::Wrong("mismatch".into()), Answer::SetAside] {
        breaks(good(Policy::Rerun).answered(8, 1, 1, answer), &[Rule::Unexplained]);
    }
}

#[test]
fn a_worker_that_nobody_killed_lives() {
    breaks(good(Policy::Rerun).at(9, COORDINATOR, What::Died { process: 1 }), &[Rule::Died]);
}

#[test]
fn takeovers_come_within_the_lease_and_a_second() {
    breaks(takeover(2_000), &[]);
    breaks(takeover(2_001), &[Rule::Takeover]);
    let figures = takeover(1_700).verdict().figures;
    let takeovers = &figures.takeovers;
    assert_eq!((takeovers.all, takeovers.undisturbed, takeovers.p99_ms), (1, 1, 1_700));
    assert_eq!((figures.kills, figures.bodies), (1, 2));
    // With nobody else there, or the server away, it takes as long as that.
    breaks(takeover(2_100).paused(1_000, 1_500, 2), &[]);
    let trouble = What::Trouble { number: 1, kind: Trouble::Restart, process: None };
    let away = takeover(2_100).at(1_000, COORDINATOR, trouble).at(1_500, COORDINATOR, What::TroubleOver { number: 1 });
    breaks(away.clone(), &[]);
    assert_eq!((away.clone().verdict().figures.takeovers.all, away.verdict().figures.restarts), (1, 1));
}

#[test]
fn a_transaction_that_holds_the_only_file_for_long_disturbs_a_takeover() {
    let other = |exited| {
        let owed = What::Owed { key: KEY + 1, policy: Policy::Transaction, copies: 0 };
        let entered = What::Entered { run: 20, key: KEY + 1, attempt: 1, fence: None };
        let ends = What::Exited { run: 20, key: KEY + 1, ok: true };
        takeover(2_100).at(0, COORDINATOR, owed).at(1_000, 9, entered).at(exited, 9, ends)
    };
    let judged = |exited, one_file| {
        let mut history = other(exited).0;
        history.sort_by_key(|event| event.at);
        let takeovers = judge(&history, Bounds { one_file, ..BOUNDS }).figures.takeovers;
        (takeovers.all, takeovers.undisturbed)
    };
    assert_eq!(judged(1_500, true), (1, 0));
    assert_eq!(judged(1_499, true), (1, 1));
    assert_eq!(judged(1_500, false), (1, 1));
}

#[test]
fn an_heir_that_is_lost_between_its_claim_and_its_body_is_no_slow_takeover() {
    let third = |died: Micros| {
        let history =
            History::of(Policy::Rerun, 1).sent(1, 0, 1).entered(2, 1, 7, 1).effect(3, 7, 1, true).killed(10, 1);
        let history = history.sent(20, 0, 2).sent(21, 0, 3).killed(died, 3).entered(2_100, 2, 8, 3);
        let history = history.effect(2_101, 8, 3, true).exited(2_102, 2, 8, true);
        history.answered(2_103, 2, 0, FRESH(8))
    };
    breaks(third(1_050), &[]);
    // With nobody lost meanwhile nothing excuses it.
    breaks(third(2_500), &[Rule::Takeover]);
}

#[test]
fn a_pause_counts_where_it_was_longer_than_the_lease() {
    let history = good(Policy::Rerun).paused(100, 1_100, 1).paused(2_000, 3_001, 1);
    assert_eq!(history.verdict().figures.pauses_past_lease, 1);
}
