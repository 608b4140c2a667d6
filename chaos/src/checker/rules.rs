//! The rules, each over the history of one key.

use std::collections::BTreeSet;

use super::faults::Faults;
use super::keys::{Key, Keys, Run};
use super::{Rule, Violation};
use crate::time::Micros;
use crate::wire::{Answer, Policy};

/// A body that finds its lease over is dropped at its next await. On a busy machine a thread may be away so long between
/// its look at the deadline and what it writes down.
const SCHEDULING: Micros = 500_000;

/// The first violation of each rule by each key, in no order.
pub fn check(keys: &Keys, faults: &Faults) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (number, key) in keys.iter() {
        // Of a key that went wrong everything else goes wrong too.
        let mut known = BTreeSet::new();
        let mut found = |rule: Rule, says: String| {
            if known.insert(rule) {
                violations.push(Violation { rule, key: Some(number), says });
            }
        };
        for copy in key.lost(number) {
            found(Rule::Lost, format!("copy {copy} of {} was never acknowledged", key.copies));
        }
        replies(key, &mut found);
        after_completion(key, faults, &mut found);
        effects(key, &mut found);
        if key.policy == Some(Policy::Transaction) {
            transactions(key, faults, &mut found);
        } else {
            claims(key, faults, &mut found);
        }
        if key.policy == Some(Policy::Park) {
            set_aside(key, &mut found);
        }
    }
    violations
}

fn replies(key: &Key, found: &mut impl FnMut(Rule, String)) {
    let replies: BTreeSet<u64> = key.completions.iter().map(|(_, run)| *run).collect();
    if replies.len() > 1 {
        found(Rule::Unequal, format!("the results of the runs {replies:?}"));
    }
    for reply in &replies {
        let exited = key.runs.iter().any(|run| run.number == *reply && run.exited.is_some_and(|(_, ok)| ok));
        if !exited {
            found(Rule::Unequal, format!("the result of run {reply}, which did not come to its end"));
        }
    }
    for (.., answer) in &key.answers {
        match answer {
            Answer::Unprotected { run } => found(Rule::Unexplained, format!("run {run} was unprotected")),
            Answer::Wrong(says) => found(Rule::Unexplained, says.clone()),
            Answer::SetAside if key.policy != Some(Policy::Park) => {
                found(Rule::Unexplained, "set aside, which nobody asked for".into());
            }
            _ => {}
        }
    }
}

fn after_completion(key: &Key, faults: &Faults, found: &mut impl FnMut(Rule, String)) {
    let Some(completed) = key.completed() else { return };
    let after = key.runs.iter().filter(|run| run.entered > completed);
    for run in after.filter(|run| !is_in_vain(key, run, faults)) {
        let after = run.entered - completed;
        found(Rule::AfterCompletion, format!("run {} was entered {after} µs after an acknowledgement", run.number));
    }
}

/// Whether a body was entered in a transaction that was over before: its connection was cut, or its server killed, while the
/// delivery was under way. It cannot leave a row.
fn is_in_vain(key: &Key, run: &Run, faults: &Faults) -> bool {
    let came = key.sent.iter().filter(|(at, to, _)| *to == run.process && *at <= run.entered).map(|(at, ..)| *at);
    let disturbed = came.min().is_some_and(|came| faults.troubled(run.process, &(came..=run.entered)));
    key.policy == Some(Policy::Transaction) && disturbed && !key.rows.contains(&run.number)
}

/// The system downstream asks for the fence, so it takes one effect of each claim at the most, in the order of claims.
fn effects(key: &Key, found: &mut impl FnMut(Rule, String)) {
    let accepted: Vec<_> = key.effects.iter().filter(|effect| effect.accepted).collect();
    for pair in accepted.windows(2) {
        let [one, other] = [pair[0].fence, pair[1].fence];
        if one.is_none() || one >= other {
            let (first, second) = (pair[0].run, pair[1].run);
            found(Rule::SecondEffect, format!("run {second} under {other:?} after run {first} under {one:?}"));
        }
    }
    let Some(&(_, completed)) = key.completions.first() else { return };
    let there = match key.policy {
        Some(Policy::Transaction) => key.rows.contains(&completed),
        _ => accepted.iter().any(|effect| effect.run == completed),
    };
    if !there {
        found(Rule::NoEffect, format!("of run {completed}, whose result was answered"));
    }
}

fn transactions(key: &Key, faults: &Faults, found: &mut impl FnMut(Rule, String)) {
    if key.rows.len() > 1 {
        found(Rule::SecondEffect, format!("the rows of the runs {:?}", key.rows));
    }
    for (one, other) in pairs(&key.runs) {
        // A transaction whose connection is gone is over, also where its body does not know yet.
        let stretch = one.entered..=other.entered;
        let undisturbed = !faults.troubled(one.process, &stretch);
        if other.entered < one.over(faults) && undisturbed {
            found(Rule::Overlap, format!("transactions: run {} within run {}", other.number, one.number));
        }
    }
}

fn claims(key: &Key, faults: &Faults, found: &mut impl FnMut(Rule, String)) {
    for (one, other) in pairs(&key.runs) {
        let over = one.over(faults);
        if one.fence.is_none() || one.fence == other.fence {
            let met = if other.entered < over { "met" } else { "had the same fence" };
            found(Rule::Overlap, format!("runs {} and {} {met}: {:?}", one.number, other.number, one.fence));
        } else if one.fence > other.fence {
            // The earlier claim may come late into its body only where it was stopped on the way.
            let stretch = one.entered..=other.entered;
            if !faults.paused(other.process, &stretch) {
                let (one, other) = (one.number, other.number);
                found(Rule::Overlap, format!("run {other} came after run {one}, under a lower fence"));
            }
        } else if one.attempt >= other.attempt {
            let attempts = (one.attempt, other.attempt);
            found(Rule::Attempts, format!("runs {} and {}: {attempts:?}", one.number, other.number));
        }
        if let Some((exited, _)) = one.exited
            && one.fence < other.fence
            && exited > other.entered + SCHEDULING
            && !faults.paused(one.process, &(other.entered..=exited))
        {
            let after = exited - other.entered;
            found(Rule::PastItsLease, format!("run {} went on for {after} µs after run {}", one.number, other.number));
        }
    }
}

/// A body may be entered again only after one that answered an error.
fn set_aside(key: &Key, found: &mut impl FnMut(Rule, String)) {
    for run in key.runs.iter().rev().skip(1) {
        if run.exited.is_none_or(|(_, ok)| ok) {
            found(Rule::RanSetAside, format!("after run {}, whose outcome was not known", run.number));
        }
    }
}

/// Every two runs, the earlier one first.
fn pairs(runs: &[Run]) -> impl Iterator<Item = (&Run, &Run)> {
    runs.iter().enumerate().flat_map(|(index, one)| runs[index + 1..].iter().map(move |other| (one, other)))
}
