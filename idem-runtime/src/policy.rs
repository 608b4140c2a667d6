//! What a task may ask for, and the words it asks with.

use std::fmt;
use std::time::Duration;

/// What a duplicate of a running call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInProgress {
    /// Wait for the running call and answer what it answered.
    #[default]
    Wait,
    /// Fail at once with `Error::InProgress`.
    Error,
    /// Answer `T::default()` at once, as `Outcome::Skipped`.
    Skip,
}

/// What a call does while its store cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnStoreError {
    /// Fail with `Error::StoreUnavailable`; the body is not entered.
    #[default]
    Fail,
    /// Run without protection, and say so: `Outcome::Unprotected` and a warning event.
    Run,
}

/// What becomes of a claim whose owner is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnStale {
    /// The next delivery takes it over and runs the body again.
    #[default]
    Rerun,
    /// It is set aside for an operator: whether the effect took place is not known.
    Park,
    /// The next delivery takes it over and asks a function of the task's whether the effect took place.
    Reconcile,
}

/// What becomes of a key whose body returned an error, as a function of the task's decides for each error
/// (`on_error = path::to::function`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorDisposition {
    /// The key is free: the next delivery runs the body.
    Retry,
    /// The failure is remembered for this long: deliveries get `Error::PriorFailure` until then, and the body is not entered.
    Store(Duration),
    /// It is set aside for an operator: deliveries get `Error::OutcomeUnknown`.
    Park,
}

/// What a task does with every error of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum OnError {
    /// The key is free at once.
    #[default]
    Release,
    /// The failure is remembered for this long.
    Store(Duration),
    /// A function of the task's decides.
    Judge,
}

/// How long a record is kept after the event that starts its time; the shorter is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Retention {
    /// For this long.
    For(Duration),
    /// Until somebody clears it.
    Forever,
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::For(d) => f.write_str(&spelled(*d)),
            Self::Forever => f.write_str("forever"),
        }
    }
}

/// A duration that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a usable duration ({reason}): write a positive figure with a unit, such as \"500ms\", \"30s\", \"15m\", \"24h\", \"7d\" or \"2w\""
)]
pub struct DurationError {
    text: String,
    reason: &'static str,
}

/// Reads a duration as the attributes write it: `"24h"`, `"1h 30m"`, `"500ms"`.
///
/// # Errors
/// Nonsense, zero, a fraction of a millisecond, and months and years, whose length is not fixed
/// (`1M` would be a month, `1m` a minute).
///
/// ```
/// # use idem_runtime as idem;
/// use idem::policy::parse_duration;
/// assert_eq!(parse_duration("24h")?.as_secs(), 86_400);
/// assert!(parse_duration("0s").is_err());
/// assert!(parse_duration("1M").is_err());
/// # Ok::<(), idem::policy::DurationError>(())
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let refuse = |reason| DurationError { text: text.to_owned(), reason };
    if names_calendar_unit(text) {
        return Err(refuse("months and years have no fixed length"));
    }
    let duration = humantime::parse_duration(text).map_err(|_| refuse("it does not read as one"))?;
    if duration.is_zero() {
        return Err(refuse("it is zero"));
    }
    if duration.subsec_nanos() % 1_000_000 != 0 {
        return Err(refuse("it is finer than a millisecond"));
    }
    Ok(duration)
}

fn names_calendar_unit(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic())
        .any(|unit| matches!(unit, "M" | "month" | "months" | "y" | "yr" | "yrs" | "year" | "years"))
}

/// A duration as the attributes write it, in its largest whole unit: `48h`, `90s`, `62d`.
pub(crate) fn spelled(duration: Duration) -> String {
    const UNITS: [(u128, &str); 5] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let ms = duration.as_millis();
    let whole = UNITS.into_iter().find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{ms}ms"), |(unit, name)| format!("{}{name}", ms / unit))
}

/// Reads a retention: a duration or `"forever"`.
///
/// # Errors
/// As [`parse_duration`].
pub fn parse_retention(text: &str) -> Result<Retention, DurationError> {
    match text {
        "forever" => Ok(Retention::Forever),
        _ => parse_duration(text).map(Retention::For),
    }
}
