use std::collections::HashMap;
use std::time::Duration;

use super::generate::Pace;
use super::read;
use crate::testing::conformance::twin::Act;

const TICK: Duration = Duration::from_secs(2);

#[test]
fn acts_read_back_as_they_are_told() {
    for pace in [Pace::of_a_test(TICK), Pace::of_a_store(TICK)] {
        for seed in 0..200 {
            let acts = pace.sequence(seed);
            let text: String = acts.iter().map(|act| format!("    {act}\n")).collect();
            assert_eq!(read(&text).as_ref(), Ok(&acts), "{text}");
        }
    }
}

/// Whatever begins at a tick ends half a tick from every other, so that acts that are quick are never near an end.
#[test]
fn where_time_really_passes_nothing_ends_at_a_tick() {
    let pace = Pace::of_a_store(TICK);
    for seed in 0..200 {
        let mut ticks = 0;
        for act in pace.sequence(seed) {
            let times = match act {
                Act::Pass(time) => {
                    assert!(time.as_millis().is_multiple_of(TICK.as_millis()), "{act}");
                    ticks += time.as_millis() / TICK.as_millis();
                    continue;
                }
                Act::Fresh { policy, .. } => Some(policy.lease),
                Act::Admit(_, hold) => Some(hold),
                Act::Fail(_, crate::claim::Failure::Store(time)) => Some(time),
                Act::Complete { ttl: crate::policy::Retention::For(time), .. } => Some(time),
                _ => None,
            };
            let in_the_middle = |time: Duration| time.as_millis() % TICK.as_millis() == TICK.as_millis() / 2;
            assert!(times.is_none_or(in_the_middle), "{act}");
        }
        assert!(ticks <= 5, "a sequence of {ticks} ticks");
    }
}

#[test]
fn a_seed_is_the_same_sequence_every_time() {
    let pace = Pace::of_a_store(TICK);
    let mut seen = HashMap::new();
    for seed in 0..50 {
        let acts = pace.sequence(seed);
        assert_eq!(acts, pace.sequence(seed));
        assert_eq!(seen.insert(format!("{acts:?}"), seed), None);
    }
}
