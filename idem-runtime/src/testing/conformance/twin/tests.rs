use std::time::Duration;

use super::real::Real;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::record::{Owner, Record};
use crate::testing::conformance::bench::Stop;

const BEGAN: Timestamp = Timestamp::from_micros(1_000_000_000);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_micros(BEGAN.as_micros() + millis * 1_000)
}

fn record(change: impl FnOnce(&mut Record)) -> Record {
    let key = crate::key::KeyWriter::new();
    let task = crate::key::TaskIdent::new("judged", std::num::NonZeroU32::MIN);
    let key = key.finish(&crate::key::KeySpace::new("test"), &task).unwrap();
    let mut record = Record::new(key, Owner::NOBODY, at(-60_000));
    change(&mut record);
    record
}

/// An act that took no time, a second after one that took this long.
fn judged(longest: Duration, deadline: i64) -> Result<(), Stop> {
    let mut real = Real::new();
    real.took(longest);
    real.ask();
    real.judge(BEGAN, [record(|record| record.lease_until = Some(at(deadline)))].iter())
}

#[test]
fn only_what_is_the_same_throughout_an_act_is_compared() {
    let (quick, slow) = (Duration::ZERO, Duration::from_millis(200));
    // The act itself takes a moment, so what is near on that side is left out.
    for (longest, deadline, clear) in [
        (quick, -1_000, true),
        (quick, -5, false),
        (quick, 0, false),
        (quick, 5, false),
        (quick, 1_000, true),
        (slow, -100, false),
        (slow, -1_000, true),
    ] {
        let judged = judged(longest, deadline);
        assert_eq!(judged.is_ok(), clear, "{longest:?}, {deadline} ms: {judged:?}");
        assert!(clear || matches!(judged, Err(Stop::Unclear(_))), "{judged:?}");
    }
}

#[test]
fn an_act_waits_until_deadlines_are_behind_it() {
    let near = |deadline: i64| {
        let mut real = Real::new();
        real.took(Duration::from_millis(100));
        real.near(BEGAN, &[record(|record| record.lease_until = Some(at(deadline)))])
    };
    for far in [-200, 1_000] {
        assert_eq!(near(far), None);
    }
    for close in [-100, 0, 100] {
        let wait = near(close).unwrap();
        let millis = i64::try_from(wait.as_millis()).unwrap();
        assert!(millis - close > 100 && millis - close < 200, "{close} ms: {wait:?}");
    }
}

#[test]
fn every_deadline_of_a_record_is_looked_at_but_one_that_was_over_at_once() {
    let judge = |change: fn(&mut Record)| Real::new().judge(BEGAN, [record(change)].iter()).is_ok();
    assert!(!judge(|record| record.lease_until = Some(BEGAN)));
    assert!(!judge(|record| record.retry_at = Some(BEGAN)));
    assert!(!judge(|record| record.expires_at = Some(BEGAN)));
    assert!(judge(|record| (record.updated_at, record.expires_at) = (BEGAN, Some(BEGAN))));
}

#[test]
fn what_acts_take_is_part_of_the_time_that_passes() {
    let mut real = Real::new();
    let rest = real.pass(Duration::from_secs(60));
    assert!(rest <= Duration::from_secs(60) && rest > Duration::from_secs(30), "{rest:?}");
    let more = real.pass(Duration::from_secs(60));
    assert!(more > Duration::from_secs(100), "the first minute was not waited for: {more:?}");
    let ago = |seconds| Real::since(SystemClock.uptime() - Duration::from_secs(seconds)).pass(Duration::from_secs(60));
    assert!(ago(20) <= Duration::from_secs(40), "what the acts took has passed");
    assert_eq!(ago(50), Duration::from_secs(30), "half of it is always waited for");
}
