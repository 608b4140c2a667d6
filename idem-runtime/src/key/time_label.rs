//! The time bucket of a key.
use super::calendar::{CalendarError, Unit};
use super::encoder::{self, ARRAY, NEGATIVE, UINT};
use super::label::Short;
use jiff::Timestamp;
use std::fmt;
use std::num::NonZeroU64;

/// A zone's name. The longest in the zone database has 32 bytes.
pub(super) type Zone = Short<40>;

/// A calendar label. The longest is an hour of a year before 0 at an offset with seconds,
/// `-0001-10-25T02+020000`, of 21 bytes.
pub(super) type Label = Short<24>;

/// The time bucket that joins a key: a calendar unit in a zone, or a window.
///
/// It is decided once, from the time the job was submitted, and travels with the job: a retry after
/// midnight keeps its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLabel {
    zone: Zone,
    stamp: Stamp,
}

/// What a readable key shows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    Calendar { unit: Unit, label: Label },
    Window { ms: NonZeroU64, index: i64 },
}

impl TimeLabel {
    /// A calendar bucket that was decided elsewhere, as it came with a job.
    ///
    /// # Errors
    /// [`CalendarError::Label`] if the label is not one of this unit;
    /// [`CalendarError::UnknownZone`] if the zone's name is longer than any zone's. Whether such a
    /// zone exists is not asked.
    pub fn calendar(unit: Unit, zone: &str, label: &str) -> Result<Self, CalendarError> {
        let wrong = || CalendarError::Label { unit, label: label.into() };
        if !unit.accepts(label) {
            return Err(wrong());
        }
        let label = Short::new(label).ok_or_else(wrong)?;
        let zone = Short::new(zone).ok_or_else(|| CalendarError::UnknownZone { zone: zone.into() })?;
        Ok(Self::in_zone(zone, unit, label))
    }

    pub(super) fn in_zone(zone: Zone, unit: Unit, label: Label) -> Self {
        let stamp = Stamp::Calendar { unit, label };
        TimeLabel { zone, stamp }
    }

    /// The window of this many milliseconds that the instant lies in.
    ///
    /// Windows tumble: two calls a millisecond apart may lie in two of them.
    pub fn window(ms: NonZeroU64, at: Timestamp) -> Self {
        // In nanoseconds, since an instant before 1970 is to be rounded down, not towards zero.
        let unix_ms = at.as_nanosecond().div_euclid(1_000_000);
        let index = unix_ms.div_euclid(i128::from(ms.get()));
        // Instants have fewer than 2^48 milliseconds.
        Self::window_of(ms, index as i64)
    }

    /// The window of this index, as it came with a job.
    pub fn window_of(ms: NonZeroU64, index: i64) -> Self {
        let zone = Short::EMPTY;
        let stamp = Stamp::Window { ms, index };
        TimeLabel { zone, stamp }
    }

    pub(super) fn stamp(&self) -> Stamp {
        self.stamp
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(ARRAY | 3);
        match &self.stamp {
            Stamp::Calendar { unit, label } => {
                encoder::text(out, unit.name());
                encoder::text(out, self.zone.as_str());
                encoder::text(out, label.as_str());
            }
            Stamp::Window { ms, index } => {
                encoder::text(out, "window");
                encoder::head(out, UINT, ms.get());
                let major = if *index < 0 { NEGATIVE } else { UINT };
                encoder::head(out, major, (index ^ (index >> 63)) as u64);
            }
        }
    }
}

/// As a readable key shows it: the calendar label without its zone, or the window.
impl fmt::Display for TimeLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stamp.fmt(f)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stamp::Calendar { label, .. } => f.write_str(label.as_str()),
            Stamp::Window { ms, index } => write!(f, "w{ms}.{index}"),
        }
    }
}

/// Whether a text is the time field of a readable key.
pub(super) fn is_stamp(text: &str) -> bool {
    match text.strip_prefix('w').and_then(|rest| rest.split_once('.')) {
        None => Unit::ALL.iter().any(|unit| unit.accepts(text)),
        Some((ms, index)) => {
            let window = (ms.parse::<NonZeroU64>(), index.parse::<i64>());
            // Only the spelling that displaying gives.
            matches!(window, (Ok(ms), Ok(index)) if Stamp::Window { ms, index }.to_string() == text)
        }
    }
}
