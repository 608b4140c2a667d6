use std::time::Duration;

use syn::LitStr;
use syn::parse::ParseStream;

use super::{Site, text};
use crate::diagnostic::Ctxt;

/// A hundred years: what does not run out is written `"forever"`, and no store has to count further.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// `humantime` panics where a sum passes `u64` seconds; no text within these bounds comes near it.
const MAX_TEXT: usize = 64;
const MAX_DIGITS: usize = 12;

/// How long a completed record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ttl {
    For(Duration),
    Forever,
}

pub(crate) fn ttl(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<Ttl> {
    let text = text(input, site)?;
    if text.value() == "forever" {
        return Ok(Ttl::Forever);
    }
    read(&text, site).map(Ttl::For)
}

pub(crate) fn duration(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<Duration> {
    read(&text(input, site)?, site)
}

fn read(text: &LitStr, site: &Site<'_>) -> syn::Result<Duration> {
    measure(&text.value()).map_err(|fault| {
        let message = format!("`{} = {:?}` {fault}; write it as in `{}`", site.key, text.value(), site.entry.form);
        syn::Error::new(text.span(), message)
    })
}

fn measure(text: &str) -> Result<Duration, String> {
    if text.len() > MAX_TEXT || digit_runs(text).any(|run| run.len() > MAX_DIGITS) {
        return Err("is longer than any duration".into());
    }
    if let Some(unit) = units(text).find(|u| is_calendar(u)) {
        return Err(format!("has the unit `{unit}`, which has no fixed length; count in weeks (`w`) or days (`d`)"));
    }
    let value = humantime::parse_duration(text).map_err(not_a_duration)?;
    if value.is_zero() {
        return Err("is no time at all".into());
    }
    if value > LONGEST {
        return Err("is over a hundred years; what never ends is `ttl = \"forever\"` alone".into());
    }
    if value.subsec_nanos() % 1_000_000 != 0 {
        return Err("is finer than a millisecond".into());
    }
    Ok(value)
}

/// In our words: the other crate's own name units that are refused here.
fn not_a_duration(error: humantime::DurationError) -> String {
    use humantime::DurationError as E;
    let fault = match error {
        E::Empty => "it is empty".into(),
        E::UnknownUnit { unit, .. } if unit.is_empty() => "a number without a unit".into(),
        E::UnknownUnit { unit, .. } => format!("there is no unit `{unit}`"),
        E::NumberOverflow => "a number is too large or too fine".into(),
        E::InvalidCharacter(_) | E::NumberExpected(_) => "a number and a unit are expected".into(),
    };
    format!("is not a duration ({fault}); units are ms, s, m, h, d, w")
}

fn is_calendar(unit: &str) -> bool {
    matches!(unit, "M" | "y" | "yr" | "yrs") || unit.starts_with("month") || unit.starts_with("year")
}

fn units(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|u| !u.is_empty())
}

fn digit_runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_and_says_what_is_wrong_with_the_rest() {
        let ok = |text: &str, ms| assert_eq!(measure(text), Ok(Duration::from_millis(ms)), "{text}");
        ok("24h", 86_400_000);
        ok("1h 30m", 5_400_000);
        ok("1h30m", 5_400_000);
        ok("250ms", 250);
        ok("2w", 1_209_600_000);
        ok("1.5h", 5_400_000);

        let refused = |text: &str, why: &str| {
            let fault = measure(text).unwrap_err();
            assert!(fault.contains(why), "{text}: {fault}");
        };
        refused("", "it is empty");
        refused("24", "a number without a unit");
        refused("24x", "there is no unit `x`");
        refused("-1h", "not a duration");
        refused("0s", "no time at all");
        refused("1M", "no fixed length");
        refused("1 month", "no fixed length");
        refused("2years", "no fixed length");
        refused("1y", "no fixed length");
        refused("10us", "finer than a millisecond");
        refused("36501d", "over a hundred years");
        refused("18446744073709551615s 500ms 500ms", "longer than any");
        refused("\u{1F980}", "not a duration");
    }
}
