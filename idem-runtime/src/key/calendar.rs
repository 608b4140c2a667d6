//! Calendar units and zones.
use super::label::Short;
use super::time_label::{Label, TimeLabel, Zone};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use std::fmt::{self, Write};

/// A calendar unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// An hour by the zone's clock, with its offset: `2026-10-25T02+0200`.
    Hour,
    /// A day: `2026-11-21`.
    Date,
    /// An ISO week: `2026-W47`.
    Week,
    /// A month: `2026-11`.
    Month,
}

impl Unit {
    pub(super) const ALL: [Unit; 4] = [Unit::Hour, Unit::Date, Unit::Week, Unit::Month];

    /// The unit's name in a key: `hour`, `date`, `week` or `month`.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Hour => "hour",
            Unit::Date => "date",
            Unit::Week => "week",
            Unit::Month => "month",
        }
    }

    /// Shapes of the unit's labels, `0` for a digit and `+` for a sign.
    fn shapes(self) -> &'static [&'static str] {
        match self {
            Unit::Hour => &["0000-00-00T00+0000", "0000-00-00T00+000000"],
            Unit::Date => &["0000-00-00"],
            Unit::Week => &["0000-W00"],
            Unit::Month => &["0000-00"],
        }
    }

    /// Whether a label has the unit's shape.
    pub(super) fn accepts(self, label: &str) -> bool {
        // A year before 0.
        let label = label.strip_prefix('-').unwrap_or(label);
        self.shapes().iter().any(|shape| {
            shape.len() == label.len()
                && shape.bytes().zip(label.bytes()).all(|(shape, byte)| match shape {
                    b'0' => byte.is_ascii_digit(),
                    b'+' => matches!(byte, b'+' | b'-'),
                    _ => shape == byte,
                })
        })
    }
}

/// A calendar bucket or label that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// No zone has this name.
    #[error(
        "`{zone}` is no time zone, but a name of the IANA database is needed; write one such as \
         `UTC` or `Europe/Oslo`"
    )]
    UnknownZone {
        /// The name given.
        zone: Box<str>,
    },
    /// A zone has this name in another spelling. The name enters the key as it is written, so that
    /// two spellings would be two keys.
    #[error("`{zone}` is not how the zone is spelled; write `{canonical}`")]
    ZoneSpelling {
        /// The name given.
        zone: Box<str>,
        /// The spelling of the IANA database.
        canonical: Box<str>,
    },
    /// A label that is not one of its unit.
    #[error(
        "`{label}` is no label of the unit `{unit}`, which looks like `{example}`; pass the label \
         as the producer of the job made it",
        unit = .unit.name(),
        example = .unit.shapes()[0]
    )]
    Label {
        /// The unit asked for.
        unit: Unit,
        /// The label given.
        label: Box<str>,
    },
}

/// A calendar unit in a time zone: says which bucket an instant lies in.
///
/// Zone rules are compiled in, so that every machine of one build gives the same label.
#[derive(Debug, Clone)]
pub struct Bucket {
    unit: Unit,
    zone: Zone,
    rules: TimeZone,
}

impl Bucket {
    /// The unit in the zone of this IANA name. Aliases are zones of their own to a key.
    ///
    /// # Errors
    /// [`CalendarError`] for an unknown zone, and for a known one in another spelling.
    pub fn new(unit: Unit, zone: &str) -> Result<Self, CalendarError> {
        let unknown = || CalendarError::UnknownZone { zone: zone.into() };
        let rules = TimeZoneDatabase::bundled().get(zone).map_err(|_| unknown())?;
        match rules.iana_name() {
            Some(canonical) if canonical == zone => {}
            Some(canonical) if canonical.eq_ignore_ascii_case(zone) => {
                return Err(CalendarError::ZoneSpelling { zone: zone.into(), canonical: canonical.into() });
            }
            _ => return Err(unknown()),
        }
        let zone = Short::new(zone).ok_or_else(unknown)?;
        Ok(Bucket { unit, zone, rules })
    }

    /// The unit.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The zone's name, as given.
    pub fn zone(&self) -> &str {
        self.zone.as_str()
    }

    /// The bucket that the instant lies in.
    pub fn label(&self, at: Timestamp) -> TimeLabel {
        let offset = self.rules.to_offset(at);
        let time = offset.to_datetime(at);
        let mut label = Short::EMPTY;
        let written = match self.unit {
            Unit::Hour => hour(&mut label, time, offset),
            Unit::Date => date(&mut label, time.date()),
            Unit::Week => {
                let week = time.date().iso_week_date();
                year(&mut label, week.year()).and_then(|()| write!(label, "-W{:02}", week.week()))
            }
            Unit::Month => year(&mut label, time.year()).and_then(|()| write!(label, "-{:02}", time.month())),
        };
        debug_assert!(written.is_ok(), "a label has room for every year of jiff's");
        TimeLabel::in_zone(self.zone, self.unit, label)
    }
}

fn year(label: &mut Label, year: i16) -> fmt::Result {
    let sign = if year < 0 { "-" } else { "" };
    write!(label, "{sign}{:04}", year.unsigned_abs())
}

fn date(label: &mut Label, date: Date) -> fmt::Result {
    year(label, date.year())?;
    write!(label, "-{:02}-{:02}", date.month(), date.day())
}

/// With the offset, since a clock that is put back shows one hour twice.
fn hour(label: &mut Label, time: DateTime, offset: Offset) -> fmt::Result {
    date(label, time.date())?;
    let sign = if offset.is_negative() { '-' } else { '+' };
    let seconds = offset.seconds().unsigned_abs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    write!(label, "T{:02}{sign}{hours:02}{minutes:02}", time.hour())?;
    // Local mean times, before zones were agreed on.
    if seconds != 0 {
        write!(label, "{seconds:02}")?;
    }
    Ok(())
}
