use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ExprPath, Ident, Path};

use super::ops::ops;
use super::paths::Runtime;
use super::plan::{Place, plan, references};
use super::sides::{Sides, located_at};
use super::task::task;
use crate::ir::{Handler, Protected, Transaction};
use crate::signature::{Item, Signature};

/// The function, its body run by the runtime.
pub(super) fn protected(
    rt: &Runtime<'_>,
    item: &Item,
    signature: &Signature,
    handler: &Handler,
    protected: &Protected,
) -> TokenStream {
    let site = Span::mixed_site();
    let Item { attrs, vis, sig, body } = item;
    let (inner_attrs, output) = (&body.inner_attrs, &protected.result.whole);
    // Never taken. It fixes the type of `return`, `?` and the block, so that a mismatch is shown where it is.
    let typed = quote_spanned! {site.located_at(output.span())=>
        if let ::core::option::Option::Some(__returned) = ::core::option::Option::None::<#output> {
            return __returned;
        }
    };
    let block = body.block_after(typed);
    let Registration { items, task } = registration(rt, item, handler);
    let plan = plan(rt, Place::Function, signature, &handler.task, protected);
    let sides = Sides::of(rt, protected);
    let ops = ops(rt, &sides, &handler.task, protected);
    let (begin, begun) = (rt.begin(), Ident::new("__begun", site));
    let run = sides.known(quote_spanned!(site=> async move #block));
    let result = match (&protected.transaction, &protected.reconcile) {
        (None, None) => {
            let (at, finish) = (sides.site(), sides.shown(rt.finish()));
            sides.renamed(quote_spanned!(at=> #finish(#begun, #ops, move || #run).await))
        }
        (None, Some(path)) => {
            let asked = asked(rt, &sides, signature, path);
            reconciled(rt, &sides, &asked, &begun, &ops, &run)
        }
        (Some(transaction), _) => in_transaction(rt, &sides, transaction, &begun, &ops, &run),
    };
    let allow = allow();
    quote_spanned! {site=>
        #(#attrs)* #vis #sig {
            #(#inner_attrs)*
            #items
            #allow
            let #begun = #begin(#task, #plan);
            #result
        }
    }
}

/// enter → ask → body: what became of an abandoned claim is asked while the arguments are still here, before the body takes
/// them.
fn reconciled(
    rt: &Runtime<'_>,
    sides: &Sides,
    asked: &TokenStream,
    begun: &Ident,
    ops: &TokenStream,
    run: &TokenStream,
) -> TokenStream {
    let (site, at) = (Span::mixed_site(), sides.site());
    let (enter, entered, kept) = (sides.shown(rt.enter()), Ident::new("__entered", site), Ident::new("__ops", site));
    let allow = allow();
    let left = sides.renamed(quote_spanned!(at=> #entered.run(move || #run).await));
    quote_spanned! {site=>
        let #kept = #ops;
        let #entered = #enter(&#begun, &#kept).await;
        #allow
        let #entered = #entered.ask(#asked).await;
        #left
    }
}

/// A closure that calls the task's function with references to the arguments, and the abandoned claim behind them.
fn asked(rt: &Runtime<'_>, sides: &Sides, signature: &Signature, path: &ExprPath) -> TokenStream {
    let site = Span::mixed_site();
    let names = signature.params.iter().flat_map(|param| param.bindings.iter().map(|binding| &binding.ident));
    let references = signature.params.iter().enumerate().map(|(i, param)| references(Place::Function, i, param));
    let (claim, ok) = (Ident::new("__claim", site), &sides.ok);
    // All of it at the path, so that a function of another type is shown there.
    let at = site.located_at(path.span());
    let names = names.cloned().map(|mut name| {
        name.set_span(name.span().located_at(path.span()));
        name
    });
    let reconciled = located_at(path.span(), rt.reconciled());
    let call = quote_spanned!(at=> let __answer: #reconciled<#ok> = #path(#(#names,)* &#claim).await; __answer);
    quote_spanned! {site=>
        {
            #(#references)*
            move |#claim| async move { #call }
        }
    }
}

/// enter → body → leave, each on the caller's connection, which the body borrows in between.
fn in_transaction(
    rt: &Runtime<'_>,
    sides: &Sides,
    transaction: &Transaction,
    begun: &Ident,
    ops: &TokenStream,
    run: &TokenStream,
) -> TokenStream {
    let Transaction { ident, ty, kind: _ } = transaction;
    let (site, at) = (Span::mixed_site(), sides.site());
    let (enter, transactional) = (sides.shown(rt.enter_transaction()), rt.transactional());
    let connection = quote_spanned!(site.located_at(ty.span())=> <#ty as #transactional>::connection(&mut *#ident));
    let (entered, ran) = (Ident::new("__entered", site), Ident::new("__ran", site));
    let left = sides.renamed(quote_spanned!(at=> #entered.leave(#ran, #connection).await));
    quote_spanned! {site=>
        let #entered = #enter(#begun, #ops, #connection).await;
        let #ran = {
            let #ident = &mut *#ident;
            #entered.run(move || #run).await
        };
        #left
    }
}

/// The function as it is. Where something can stand beside it, the registration does; else it is in the body.
pub(super) fn unprotected(rt: &Runtime<'_>, item: &Item, handler: &Handler) -> TokenStream {
    if !handler.associated {
        let items = registration(rt, item, handler).items;
        return quote!(#item #items);
    }
    let Item { attrs, vis, sig, body } = item;
    let site = Span::mixed_site();
    let inner_attrs = &body.inner_attrs;
    let Registration { items, .. } = registration(rt, item, handler);
    let body = body.block_after(quote_spanned!(site=> #(#inner_attrs)* { #items }));
    quote_spanned!(site=> #(#attrs)* #vis #sig #body)
}

/// The items that make the task known, and an expression for it.
struct Registration {
    items: TokenStream,
    task: TokenStream,
}

fn registration(rt: &Runtime<'_>, item: &Item, handler: &Handler) -> Registration {
    let site = Span::mixed_site();
    let (name, register) = (&item.sig.ident, rt.register());
    let uses = uses(&handler.taken);
    if !handler.associated {
        let cfgs = item.cfgs();
        return Registration {
            items: quote_spanned!(site=> #(#cfgs)* const _: () = { #uses #register!(#name::TASK); };),
            task: quote_spanned!(site=> #name::TASK),
        };
    }
    let (of, description) = (rt.task(), task(rt, name, handler));
    Registration {
        items: quote_spanned! {site=>
            static __TASK: #of = #description;
            const _: () = { #uses #register!(&__TASK); };
        },
        task: quote_spanned!(site=> &__TASK),
    }
}

/// Names attributes that were taken away, or their imports would be unused.
pub(super) fn uses(taken: &[Path]) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #(#[allow(unused_imports)] use #taken as _;)*)
}

/// Lints that our own statement might raise in the user's function; the body is not under it.
fn allow() -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #[allow(unused_variables, clippy::used_underscore_binding, clippy::needless_borrow, clippy::borrow_deref_ref)]
    }
}
