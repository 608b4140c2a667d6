use std::time::Duration;

use proc_macro2::Span;

use crate::attribute::Attribute;
use crate::diagnostic::Ctxt;
use crate::ir::{Bucket, Ttl, Unit};
use crate::options::Slot;

const UTC: &str = "UTC";

/// The calendar unit that joins the key, and its zone.
pub(super) fn bucket(
    attribute: Attribute,
    bucket: &Slot<Unit>,
    date_based: Slot<Option<String>>,
    tz: Slot<String>,
    cx: &mut Ctxt,
) -> Option<Bucket> {
    let written = [bucket.span(), date_based.span(), tz.span()];
    if attribute == Attribute::Once {
        for span in written.into_iter().flatten() {
            cx.error(span, "`#[idempotent_once]` means once, not once in a calendar unit: use `#[idempotent]`");
        }
        return None;
    }
    let daily = attribute == Attribute::Daily;
    if let Some(span) = bucket.span() {
        if daily {
            cx.error(
                span,
                "`#[idempotent_daily]` has the bucket `date` already: use `#[idempotent(bucket = …)]` for another",
            );
        } else if date_based.is_written() {
            cx.error(span, "`date_based` is `bucket = \"date\"`: keep one of the two");
        }
    }
    if let Some(span) = tz.span() {
        if date_based.get().is_some_and(Option::is_some) {
            cx.error(span, "`tz` is given twice, here and in `date_based`: keep one");
        } else if !daily && !bucket.is_written() && !date_based.is_written() {
            cx.error(
                span,
                "`tz` without a calendar unit: add `date_based`, or `bucket = \"hour\"`, `\"week\"` or `\"month\"`",
            );
        }
    }
    let unit = if daily || date_based.is_written() { Unit::Date } else { *bucket.get()? };
    let zone = date_based.take().flatten().or(tz.take());
    Some(Bucket { unit, zone: zone.unwrap_or_else(|| UTC.into()) })
}

/// A window is a bucket of its own.
pub(super) fn window_alone(attribute: Attribute, window: &Slot<Duration>, others: [Option<Span>; 3], cx: &mut Ctxt) {
    let Some(span) = window.span() else { return };
    match attribute {
        Attribute::Once => {
            cx.error(span, "`#[idempotent_once]` means once, not once in a window: use `#[idempotent]`");
        }
        Attribute::Daily => {
            cx.error(span, "`#[idempotent_daily]` has the bucket `date` already: use `#[idempotent(window = …)]`");
        }
        Attribute::Idempotent | Attribute::NotIdempotent if others.iter().any(Option::is_some) => {
            cx.error(span, "`window` beside a calendar unit: only one bucket joins a key; keep one of the two");
        }
        Attribute::Idempotent | Attribute::NotIdempotent => {}
    }
}

/// How long a completed record is kept, where the attribute says or implies it.
pub(super) fn ttl(
    attribute: Attribute,
    ttl: &Slot<Ttl>,
    lease: &Slot<Duration>,
    bucket: Option<&Bucket>,
    window: &Slot<Duration>,
    cx: &mut Ctxt,
) -> Option<Ttl> {
    if let (Some(span), Some(&Ttl::For(kept))) = (ttl.span(), ttl.get()) {
        let joins = match (bucket, window.get()) {
            (Some(bucket), _) => Some(("bucket", bucket.unit.length(), "leave `ttl` out for twice the bucket")),
            (None, Some(window)) => Some(("window", *window, "leave `ttl` out, or make it longer")),
            (None, None) => None,
        };
        if let Some((what, length, way_out)) = joins.filter(|(_, length, _)| kept < *length) {
            let length = humantime::format_duration(length);
            let message = format!(
                "`ttl` is shorter than the {what} ({length}): the record would be gone while its key still holds; {way_out}"
            );
            cx.error(span, message);
        }
        if let (Some(span), Some(&lease)) = (lease.span(), lease.get())
            && lease > kept
        {
            cx.error(span, "`lease` is longer than `ttl`: the claim would outlast the record it leads to; shorten the `lease` or lengthen the `ttl`");
        }
    }
    if ttl.is_written() {
        return ttl.get().copied();
    }
    if attribute == Attribute::Once {
        return Some(Ttl::Forever);
    }
    // A retry that comes late in the next unit still finds the record.
    bucket.map(|b| Ttl::For(2 * b.unit.length()))
}
