//! Options that decide what becomes of a call that does not end well.

use std::time::Duration;

use syn::ExprPath;

use crate::diagnostic::Ctxt;
use crate::ir::{OnError, OnStale};
use crate::options::{OnErrorWritten, Slot};

/// What becomes of the body's errors. `release` is what happens unasked, so it says nothing.
pub(super) fn on_error(on_error: Slot<OnErrorWritten>, error_ttl: &Slot<Duration>, cx: &mut Ctxt) -> Option<OnError> {
    let stores = matches!(on_error.get(), Some(OnErrorWritten::Store));
    // One that could not be read may have been meant as `"store"`.
    let may_store = stores || on_error.is_written() && on_error.get().is_none();
    if let Some(span) = error_ttl.span()
        && !may_store
    {
        let mend = match on_error.get() {
            Some(OnErrorWritten::Function(_)) => "and the function of `on_error` says it itself: remove `error_ttl`",
            Some(_) => {
                "and `on_error = \"release\"` remembers none: write `on_error = \"store\"`, or remove `error_ttl`"
            }
            None => "and this task remembers none: add `on_error = \"store\"`, or remove `error_ttl`",
        };
        cx.error(span, format!("`error_ttl` is how long a failure is remembered, {mend}"));
    }
    if let Some(span) = on_error.span()
        && stores
        && !error_ttl.is_written()
    {
        cx.error(
            span,
            "`on_error = \"store\"` does not say for how long the failure is remembered: add `error_ttl = \"10m\"`",
        );
    }
    match on_error.take()? {
        OnErrorWritten::Release => None,
        OnErrorWritten::Store => error_ttl.get().copied().map(OnError::Store),
        OnErrorWritten::Function(path) => Some(OnError::Judge(path)),
    }
}

/// Asking is one of the things that may become of an abandoned call.
pub(super) fn reconcile(reconcile: &Slot<ExprPath>, on_stale: &Slot<OnStale>, cx: &mut Ctxt) {
    if let Some(span) = on_stale.span().and(reconcile.span()) {
        cx.error(
            span,
            "`reconcile` asks what became of an abandoned call, and `on_stale` says it without asking: keep one of the two",
        );
    }
}

/// A single attempt is set aside when it fails or is abandoned: then nothing is remembered for a time, and nobody is asked.
pub(super) fn single_attempt(
    max_attempts: &Slot<u32>,
    on_error: &Slot<OnErrorWritten>,
    reconcile: &Slot<ExprPath>,
    cx: &mut Ctxt,
) {
    let Some(span) = max_attempts.span().filter(|_| max_attempts.get() == Some(&1)) else { return };
    let stores = matches!(on_error.get(), Some(OnErrorWritten::Store));
    let idle = [("on_error = \"store\"", stores), ("reconcile", reconcile.is_written())];
    for (option, _) in idle.into_iter().filter(|(_, written)| *written) {
        cx.error(
            span,
            format!("after `max_attempts = 1` the record is set aside at once, so that `{option}` never comes to pass: allow 2 or more, or remove one of the two"),
        );
    }
}

/// In a transaction a failed call leaves nothing behind that could be counted, remembered or set aside.
pub(super) fn in_transaction(
    transactional: bool,
    on_stale: &Slot<OnStale>,
    reconcile: &Slot<ExprPath>,
    on_error: &Slot<OnErrorWritten>,
    max_attempts: &Slot<u32>,
    cx: &mut Ctxt,
) {
    if !transactional {
        return;
    }
    let written = [
        ("on_stale", on_stale.span()),
        ("reconcile", reconcile.span()),
        ("on_error", on_error.span().filter(|_| !matches!(on_error.get(), Some(OnErrorWritten::Release)))),
        ("max_attempts", max_attempts.span()),
    ];
    for (option, span) in written.into_iter().filter_map(|(option, span)| Some((option, span?))) {
        let message = format!(
            "`{option}` has no meaning with `transaction`: a failed call is rolled back, and nothing of it is left; remove `{option}`"
        );
        cx.error(span, message);
    }
}
