//! What was written → what it means. Every option is taken apart here, so that one nobody looks at does not compile.

mod args;
mod failure;
mod function;
mod outcome;
mod scope;
mod template;
mod time;
mod transaction;

use proc_macro2::{Ident, Span};
use syn::Path;

use crate::attribute::{Attribute, Siblings};
use crate::diagnostic::Ctxt;
use crate::ir::{Handler, Protected, Protection, Task};
use crate::options::{Options, ResultKept};
use crate::signature::{Item, Output, Signature};

/// The handler, or nothing where a mistake stands in the way; the mistakes are in `cx`.
pub(crate) fn handler(
    attribute: Attribute,
    options: Options,
    siblings: &Siblings,
    signature: &Signature,
    item: &Item,
    cx: &mut Ctxt,
) -> Option<Handler> {
    if attribute == Attribute::NotIdempotent {
        return unprotected(options, siblings, signature, item, cx);
    }
    let Options {
        name,
        version,
        ttl,
        category,
        lease,
        scope,
        bucket,
        date_based,
        tz,
        window,
        key,
        skip,
        strict,
        on_in_progress,
        wait,
        on_store_error,
        on_stale,
        reconcile,
        on_error,
        error_ttl,
        max_attempts,
        expires_after,
        max_runtime,
        result,
        max_result,
        transaction,
        store,
        error,
        companion,
        pii,
        scope_label,
        associated,
        krate,
        reason: _, // not read on these attributes
    } = options;

    function::check(item, signature, cx);
    let associated = function::associated(&associated, &name, signature, cx);
    let companion = function::companion(companion, associated, item, cx);
    time::window_alone(attribute, &window, [bucket.span(), date_based.span(), tz.span()], cx);
    let bucket = time::bucket(attribute, &bucket, date_based, tz, cx);
    let ttl = time::ttl(attribute, &ttl, &lease, bucket.as_ref(), &window, cx);
    outcome::check(&strict, siblings.strict, &on_in_progress, &wait, cx);
    outcome::check_result(&result, &max_result, cx);
    args::check_forms(signature, cx);
    failure::in_transaction(transaction.is_written(), &on_stale, &reconcile, &on_error, &max_attempts, cx);
    failure::reconcile(&reconcile, &on_stale, cx);
    failure::single_attempt(&max_attempts, &on_error, &reconcile, cx);
    let on_error = failure::on_error(on_error, &error_ttl, cx);
    let mut skipped = args::skipped(skip, signature, cx);
    let transaction = transaction::transaction(transaction, &lease, &on_store_error, &mut skipped, signature, cx);
    scope::check_label(&scope_label, &scope, cx);
    let scoped = scope.is_written();
    let scope = scope::parts(scope, &item.sig.generics, signature, cx);
    let scoped = scoped && scope.as_ref().is_none_or(|parts| !parts.is_empty());
    let (args, template) = args::args(key, &skipped, scope.as_deref(), scoped, signature, item, cx);
    function::check_names(&args, signature, cx);
    let read = args::read(&args, scope.as_deref(), signature);

    let Output::Result(types) = &signature.output else {
        return None;
    };
    Some(Handler {
        krate: runtime(krate.get()),
        associated,
        companion,
        taken: siblings.taken.clone(),
        task: Task {
            name: name.take(),
            version: version.take(),
            ttl,
            category: category.take(),
            lease: lease.take(),
            scope,
            scope_plain: scope_label.is_written(),
            pii: pii.is_written(),
            bucket,
            window: window.take(),
            strict: strict.is_written() || siblings.strict.is_some(),
            on_in_progress: on_in_progress.take(),
            wait: wait.take(),
            on_store_error: on_store_error.take(),
            on_stale: on_stale.take(),
            on_error,
            max_attempts: max_attempts.take(),
            expires_after: expires_after.take(),
            max_runtime: max_runtime.take(),
            discard_result: result.take() == Some(ResultKept::Discard),
            max_result: max_result.take(),
            store: store.take(),
        },
        protection: Protection::Protected(Box::new(Protected {
            args,
            template,
            read,
            result: (**types).clone(),
            map_error: error.take(),
            reconcile: reconcile.take(),
            transaction,
        })),
    })
}

/// `#[not_idempotent]`: nothing is asked of the function.
fn unprotected(
    options: Options,
    siblings: &Siblings,
    signature: &Signature,
    item: &Item,
    cx: &mut Ctxt,
) -> Option<Handler> {
    let Options {
        name,
        companion,
        associated,
        krate,
        reason,
        ..  // the table refuses the others on this attribute
    } = options;
    if let Some(span) = siblings.strict {
        cx.error(
            span,
            "`#[strict]` on a function that is `#[not_idempotent]`: there are no duplicates to refuse; remove it",
        );
    }
    if !reason.is_written() {
        cx.error(
            item.name_span(),
            "`#[not_idempotent]` needs a reason, for whoever reads the audit: `#[not_idempotent(reason = \"reads only\")]`",
        );
    }
    let associated = function::associated(&associated, &name, signature, cx);
    let companion = function::companion(companion, associated, item, cx);
    Some(Handler {
        krate: runtime(krate.get()),
        associated,
        companion,
        taken: Vec::new(),
        task: Task { name: name.take(), ..Task::default() },
        protection: Protection::None { reason: reason.take()? },
    })
}

/// The crate that the expansion calls: `::idem` unless the attribute says otherwise.
pub(crate) fn runtime(written: Option<&Path>) -> Path {
    written.cloned().unwrap_or_else(|| Path {
        leading_colon: Some(<syn::Token![::]>::default()),
        ..Path::from(Ident::new("idem", Span::call_site()))
    })
}
