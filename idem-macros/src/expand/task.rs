use std::time::Duration;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt;

use super::paths::Runtime;
use crate::ir::{
    Arg, Handler, OnError, OnInProgress, OnStale, OnStoreError, Protection, ScopePart, ScopeSource, Template, Ttl,
    Unit, Written,
};

/// `Task::new(…)`: where the function stands.
pub(super) fn bare(rt: &Runtime<'_>, function: &Ident) -> TokenStream {
    // At the function's name, so that `line!` and `column!` speak of it and not of the attribute.
    let here = function.span();
    let name = function.unraw().to_string();
    let of = rt.task();
    quote_spanned! {here=>
        #of::new(
            ::core::concat!(::core::module_path!(), "::", #name),
            ::core::file!(),
            ::core::line!(),
            ::core::column!(),
        )
    }
}

/// The same, and a call for each thing that was said or is implied.
pub(super) fn task(rt: &Runtime<'_>, function: &Ident, handler: &Handler) -> TokenStream {
    let site = Span::mixed_site();
    let mut task = bare(rt, function);
    let mut say = |method: &str, value: TokenStream| {
        let method = Ident::new(&format!("with_{method}"), site);
        task.extend(quote_spanned!(site=> .#method(#value)));
    };
    let nothing = TokenStream::new;

    let written = &handler.task;
    if let Some(name) = &written.name {
        say("name", name.to_token_stream());
    }
    let protected = match &handler.protection {
        Protection::Protected(protected) => protected,
        Protection::None { reason } => {
            say("not_idempotent", reason.to_token_stream());
            if handler.associated {
                say("associated", nothing());
            }
            return task;
        }
    };
    if let Some(version) = written.version {
        say("version", Literal::u32_unsuffixed(version).into_token_stream());
    }
    match written.ttl {
        Some(Ttl::For(kept)) => say("ttl", duration(kept)),
        Some(Ttl::Forever) => say("ttl_forever", nothing()),
        None => {}
    }
    if let Some(category) = &written.category {
        say("category", category.to_token_stream());
    }
    if let Some(lease) = written.lease {
        say("lease", duration(lease));
    }
    if let Some(scope) = &written.scope {
        let parts = scope.iter().map(|part| scope_part(rt, part));
        say("scope", quote_spanned!(site=> &[#(#parts),*]));
    }
    if let Some(bucket) = &written.bucket {
        let (unit, zone) = (unit(rt, bucket.unit), &bucket.zone);
        say("bucket", quote_spanned!(site=> #unit, #zone));
    }
    if let Some(window) = written.window {
        say("window", duration(window));
    }
    if written.scope_plain {
        say("plain_scope", nothing());
    }
    if written.pii {
        say("pii", nothing());
    }
    say("args", names(&protected.args, |_| true));
    if protected.args.iter().any(leaves_out) {
        say("optional_args", names(&protected.args, leaves_out));
    }
    if let Some(Template { text, places }) = &protected.template {
        say("template", quote_spanned!(site=> #text, &[#(#places),*]));
    }
    if written.strict {
        say("strict", nothing());
    }
    if let Some(policy) = written.on_in_progress {
        say("on_in_progress", on_in_progress(rt, policy));
    }
    if let Some(wait) = written.wait {
        say("wait", duration(wait));
    }
    if let Some(policy) = written.on_store_error {
        say("on_store_error", on_store_error(rt, policy));
    }
    if protected.reconcile.is_some() {
        say("on_stale", variant(rt.on_stale(), "Reconcile"));
    } else if let Some(policy) = written.on_stale {
        say("on_stale", on_stale(rt, policy));
    }
    match &written.on_error {
        Some(OnError::Store(ttl)) => say("error_ttl", duration(*ttl)),
        Some(OnError::Judge(_)) => say("judged_errors", nothing()),
        None => {}
    }
    if let Some(attempts) = written.max_attempts {
        say("max_attempts", Literal::u32_unsuffixed(attempts).into_token_stream());
    }
    if let Some(age) = written.expires_after {
        say("expires_after", duration(age));
    }
    if let Some(limit) = written.max_runtime {
        say("max_runtime", duration(limit));
    }
    if written.discard_result {
        say("discard_result", nothing());
    }
    if let Some(bytes) = written.max_result {
        say("max_result", Literal::u64_unsuffixed(bytes).into_token_stream());
    }
    if let Some(transaction) = &protected.transaction {
        say("transaction", transaction.kind.to_token_stream());
    }
    if let Some(store) = &written.store {
        say("store", store.to_token_stream());
    }
    if handler.associated {
        say("associated", nothing());
    }
    task
}

/// The names of some arguments, each under its conditions: `&["user", #[cfg(unix)] "path"]`.
pub(super) fn names(args: &[Arg], which: impl Fn(&Arg) -> bool) -> TokenStream {
    let site = Span::mixed_site();
    let names =
        args.iter().filter(|arg| which(arg)).map(|Arg { name, cfgs, .. }| quote_spanned!(site=> #(#cfgs)* #name));
    quote_spanned!(site=> &[#(#names),*])
}

fn leaves_out(arg: &Arg) -> bool {
    arg.written == Written::UnlessNone
}

fn duration(value: Duration) -> TokenStream {
    // `validate` lets through whole milliseconds below a hundred years.
    let ms = u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
    let ms = Literal::u64_unsuffixed(ms);
    quote_spanned!(Span::mixed_site()=> ::core::time::Duration::from_millis(#ms))
}

fn scope_part(rt: &Runtime<'_>, part: &ScopePart) -> TokenStream {
    let site = Span::mixed_site();
    let (of, kind, source) = (rt.scope_part(), &part.kind, rt.scope_source());
    let source = match &part.source {
        ScopeSource::Argument(arg) => {
            let name = &arg.name;
            quote_spanned!(site=> #source::Argument(#name))
        }
        ScopeSource::Expression(expr) => {
            let text = super::plan::spelled(expr);
            quote_spanned!(site=> #source::Expression(#text))
        }
        ScopeSource::Delivery => quote_spanned!(site=> #source::Delivery),
    };
    quote_spanned!(site=> #of { kind: #kind, source: #source })
}

fn unit(rt: &Runtime<'_>, unit: Unit) -> TokenStream {
    let word = match unit {
        Unit::Hour => "Hour",
        Unit::Date => "Date",
        Unit::Week => "Week",
        Unit::Month => "Month",
    };
    variant(rt.unit(), word)
}

fn on_in_progress(rt: &Runtime<'_>, policy: OnInProgress) -> TokenStream {
    let word = match policy {
        OnInProgress::Wait => "Wait",
        OnInProgress::Error => "Error",
        OnInProgress::Skip => "Skip",
    };
    variant(rt.on_in_progress(), word)
}

fn on_store_error(rt: &Runtime<'_>, policy: OnStoreError) -> TokenStream {
    let word = match policy {
        OnStoreError::Fail => "Fail",
        OnStoreError::Run => "Run",
    };
    variant(rt.on_store_error(), word)
}

fn on_stale(rt: &Runtime<'_>, policy: OnStale) -> TokenStream {
    let word = match policy {
        OnStale::Rerun => "Rerun",
        OnStale::Park => "Park",
    };
    variant(rt.on_stale(), word)
}

fn variant(of: TokenStream, word: &str) -> TokenStream {
    let word = Ident::new(word, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> #of::#word)
}
