//! Calendar units, zones and windows.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use idem_runtime::key::{Bucket, CalendarError, TimeLabel, Unit};
use jiff::Timestamp;
use std::num::NonZeroU64;

#[track_caller]
fn check(unit: Unit, zone: &str, at: &str, expect: &str) {
    let at: Timestamp = at.parse().unwrap();
    let label = Bucket::new(unit, zone).unwrap().label(at);
    assert_eq!(label.to_string(), expect);
    assert!(format!("{label:?}").contains(expect), "{label:?}");
    assert_eq!(TimeLabel::calendar(unit, zone, expect).unwrap(), label);
}

/// KEY-25.
#[test]
fn the_two_hours_of_the_autumn_change_differ() {
    check(Unit::Hour, "Europe/Oslo", "2026-10-25T00:30:00Z", "2026-10-25T02+0200");
    check(Unit::Hour, "Europe/Oslo", "2026-10-25T01:30:00Z", "2026-10-25T02+0100");
    check(Unit::Hour, "Europe/Oslo", "2026-03-29T00:59:59Z", "2026-03-29T01+0100");
    check(Unit::Hour, "Europe/Oslo", "2026-03-29T01:00:00Z", "2026-03-29T03+0200");
}

/// KEY-25.
#[test]
fn an_hour_shows_its_offset() {
    check(Unit::Hour, "UTC", "2026-11-21T12:00:00Z", "2026-11-21T12+0000");
    check(Unit::Hour, "Asia/Kolkata", "2026-11-21T12:00:00Z", "2026-11-21T17+0530");
    check(Unit::Hour, "America/St_Johns", "2026-11-21T12:00:00Z", "2026-11-21T08-0330");
    // Local mean time had seconds.
    check(Unit::Hour, "America/New_York", "1880-01-01T12:00:00Z", "1880-01-01T07-045602");
}

/// KEY-25.
#[test]
fn a_day_begins_at_the_zones_midnight() {
    check(Unit::Date, "UTC", "2026-11-21T23:59:59.999999999Z", "2026-11-21");
    check(Unit::Date, "Europe/Oslo", "2026-11-21T22:59:59Z", "2026-11-21");
    check(Unit::Date, "Europe/Oslo", "2026-11-21T23:00:00Z", "2026-11-22");
    check(Unit::Date, "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31");
    check(Unit::Month, "Europe/Oslo", "2026-11-30T23:00:00Z", "2026-12");
}

/// KEY-25.
#[test]
fn a_week_has_the_iso_year() {
    for (at, expect) in [
        ("2026-01-01", "2026-W01"),
        ("2025-12-29", "2026-W01"),
        ("2025-12-28", "2025-W52"),
        ("2026-12-31", "2026-W53"),
        ("2027-01-03", "2026-W53"),
        ("2027-01-04", "2027-W01"),
        ("2026-11-21", "2026-W47"),
    ] {
        check(Unit::Week, "UTC", &format!("{at}T00:00:00Z"), expect);
    }
}

/// KEY-25.
#[test]
fn years_have_four_digits() {
    check(Unit::Date, "UTC", "0001-01-01T00:00:00Z", "0001-01-01");
    check(Unit::Date, "UTC", "0000-01-01T00:00:00Z", "0000-01-01");
    check(Unit::Date, "UTC", "-000001-01-01T00:00:00Z", "-0001-01-01");
    check(Unit::Hour, "America/New_York", "-009999-06-01T00:00:00Z", "-9999-05-31T19-045602");
}

/// KEY-25: a zone is its name as written, and that is the name of the database.
#[test]
fn a_zone_has_one_spelling() {
    for zone in ["Europe/Kiev", "Europe/Kyiv", "US/Pacific", "Etc/UTC", "UTC", "GMT"] {
        assert_eq!(Bucket::new(Unit::Date, zone).unwrap().zone(), zone);
    }
    for zone in ["europe/oslo", "utc", "EUROPE/OSLO"] {
        let error = Bucket::new(Unit::Date, zone).unwrap_err();
        assert!(matches!(error, CalendarError::ZoneSpelling { .. }), "{error}");
    }
    for zone in ["Europe/Atlantis", "", "+01:00", "Etc/Unknown", "Local", &"x".repeat(80)] {
        let error = Bucket::new(Unit::Date, zone).unwrap_err();
        assert!(matches!(error, CalendarError::UnknownZone { .. }), "{error}");
    }
}

/// Every zone that is compiled in has a label.
#[test]
fn every_zone_can_be_named() {
    let zones: Vec<String> = jiff::tz::TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect();
    assert!(zones.len() > 400, "{} zones", zones.len());
    for zone in zones {
        let bucket = Bucket::new(Unit::Hour, &zone);
        let bucket = bucket.unwrap_or_else(|error| panic!("{zone}: {error}"));
        bucket.label(Timestamp::UNIX_EPOCH);
    }
}

/// KEY-26.
#[test]
fn windows_are_floored_towards_minus_infinity() {
    for (ms, nanosecond, expect) in [
        (100, 1_795_262_400_123_000_000, "w100.17952624001"),
        (100, 0, "w100.0"),
        (100, 99_999_999, "w100.0"),
        (100, 100_000_000, "w100.1"),
        (100, -1, "w100.-1"),
        (100, -1_000_000, "w100.-1"),
        (100, -100_000_000, "w100.-1"),
        (100, -100_000_001, "w100.-2"),
        (u64::MAX, -1, "w18446744073709551615.-1"),
        (u64::MAX, 1, "w18446744073709551615.0"),
    ] {
        let at = Timestamp::from_nanosecond(nanosecond).unwrap();
        let label = TimeLabel::window(NonZeroU64::new(ms).unwrap(), at);
        assert_eq!(label.to_string(), expect);
    }
}

/// KEY-25.
#[test]
fn a_label_fits_its_unit() {
    for (unit, label) in [
        (Unit::Date, "2026-11"),
        (Unit::Date, "2026-11-2a"),
        (Unit::Date, "2026:11:21"),
        (Unit::Hour, "2026-11-21T12"),
        (Unit::Hour, "2026-11-21T12Z0000"),
        (Unit::Week, "2026-w47"),
        (Unit::Month, ""),
    ] {
        let error = TimeLabel::calendar(unit, "UTC", label).unwrap_err();
        assert!(matches!(error, CalendarError::Label { .. }), "{error}");
    }
}
