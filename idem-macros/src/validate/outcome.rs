//! Options that decide what a duplicate gets, two by two.

use std::time::Duration;

use proc_macro2::Span;

use crate::diagnostic::Ctxt;
use crate::ir::OnInProgress;
use crate::options::{ResultKept, Slot};

pub(super) fn check(
    strict: &Slot<()>,
    strict_beside: Option<Span>,
    on_in_progress: &Slot<OnInProgress>,
    wait: &Slot<Duration>,
    cx: &mut Ctxt,
) {
    let Some(policy) = on_in_progress.get() else {
        return;
    };
    if let Some(span) = wait.span()
        && *policy != OnInProgress::Wait
    {
        cx.error(span, "`wait` bounds `on_in_progress = \"wait\"`, and this task does not wait: remove one of the two");
    }
    if *policy == OnInProgress::Skip
        && let Some(span) = strict.span().or(strict_beside).and(on_in_progress.span())
    {
        cx.error(
            span,
            "`strict` refuses duplicates and `on_in_progress = \"skip\"` answers them as if they had run: use `\"wait\"` or `\"error\"` with `strict`",
        );
    }
}

pub(super) fn check_result(result: &Slot<ResultKept>, max_result: &Slot<u64>, cx: &mut Ctxt) {
    if let (Some(ResultKept::Discard), Some(span)) = (result.get(), max_result.span()) {
        cx.error(
            span,
            "`max_result` bounds a stored result, and `result = \"discard\"` stores none: remove one of the two",
        );
    }
}
