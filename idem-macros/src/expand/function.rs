use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ExprPath, FnArg, Ident, Pat, Path};

use super::ops::ops;
use super::paths::Runtime;
use super::plan::{Place, plan, references};
use super::sides::{Sides, located_at};
use super::task::{names, task};
use crate::ir::{Handler, Protected, Task, Transaction};
use crate::signature::{Binding, Item, Param, Signature};

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
    let Unpacked { sig, statements } = unpacked(sig, signature, protected.transaction.as_ref());
    let inner_attrs = &body.inner_attrs;
    let Registration { items, task } = registration(rt, item, handler);
    let some_argument = some_argument(item, &handler.task, protected);
    let plan = plan(rt, Place::Function, signature, &handler.task, protected);
    let sides = Sides::of(rt, protected);
    let ops = ops(rt, &sides, &handler.task, protected);
    let (begin, begun) = (rt.begin(), Ident::new("__begun", site));
    let run = run(&sides, item, signature, protected);
    let result = match (&protected.transaction, &protected.reconcile) {
        (None, None) => {
            let (at, finish) = (sides.site(), sides.shown(rt.finish()));
            sides.renamed(quote_spanned!(at=> #finish(#begun, #ops, #run).await))
        }
        (None, Some(path)) => {
            let asked = asked(rt, &sides, signature, path);
            reconciled(rt, &sides, &asked, &begun, &ops, &run)
        }
        (Some(transaction), _) => in_transaction(rt, &sides, signature, transaction, &begun, &ops, &run),
    };
    let allow = allow();
    let call = quote_spanned! {site=>
        #allow
        let #begun = #begin(#task, #plan);
        #statements
        #result
    };
    let call = match &signature.boxed {
        // The claim is made at the first poll, as an `async fn` makes it. `#[instrument]` below knows a boxed future by this
        // form, and takes the span of its braces for names of its own.
        Some(_) => {
            let braced = Group::new(Delimiter::Brace, call);
            quote_spanned!(site=> ::std::boxed::Box::pin(async move #braced))
        }
        None => call,
    };
    quote_spanned! {site=>
        #(#attrs)* #vis #sig {
            #(#inner_attrs)*
            #items
            #some_argument
            #call
        }
    }
}

/// A closure that makes the future of the body.
fn run(sides: &Sides, item: &Item, signature: &Signature, protected: &Protected) -> TokenStream {
    let (site, output) = (Span::mixed_site(), &protected.result.whole);
    if let Some(boxed) = &signature.boxed {
        let (ty, block) = (&boxed.inner, item.body.block_after(TokenStream::new()));
        let make = quote_spanned!(site=> move || -> #ty #block);
        if !sides.renames() {
            return make;
        }
        let known = sides.known(quote_spanned!(site=> __make()));
        return quote_spanned!(site=> { let __make = #make; move || #known });
    }
    // Never taken. It fixes the type of `return`, `?` and the block, so that a mismatch is shown where it is.
    let typed = quote_spanned! {site.located_at(output.span())=>
        if let ::core::option::Option::Some(__returned) = ::core::option::Option::None::<#output> {
            return __returned;
        }
    };
    let block = item.body.block_after(typed);
    let known = sides.known(quote_spanned!(site=> async move #block));
    quote_spanned!(site=> move || #known)
}

/// A signature whose arguments have names where the key takes them whole, and what binds the names of their patterns.
struct Unpacked {
    sig: syn::Signature,
    statements: TokenStream,
}

fn unpacked(sig: &syn::Signature, signature: &Signature, transaction: Option<&Transaction>) -> Unpacked {
    let (mut sig, mut statements) = (sig.clone(), TokenStream::new());
    let typed = sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (typed, param) in typed.zip(&signature.params) {
        // A connection's `mut` is of the name that the body sees.
        if let (Pat::Ident(pat), true) = (&mut *typed.pat, is_connection(param, transaction)) {
            pat.mutability = None;
        }
        let Some(ident) = &param.unpacked else { continue };
        *typed.pat = syn::parse_quote!(#ident);
        typed.attrs = param.cfgs().cloned().collect();
        if !param.bindings.is_empty() {
            let (attrs, pat) = (&param.attrs, &param.pat);
            statements.extend(quote_spanned!(Span::mixed_site()=> #(#attrs)* let #pat = #ident;));
        }
    }
    Unpacked { sig, statements }
}

fn is_connection(param: &Param, transaction: Option<&Transaction>) -> bool {
    param.simple().zip(transaction).is_some_and(|(ident, transaction)| *ident == transaction.ident)
}

/// Where every argument of the key is under a `cfg`: that one of them is there, asked of the compiler.
fn some_argument(item: &Item, task: &Task, protected: &Protected) -> Option<TokenStream> {
    let certain = protected.args.iter().any(|arg| arg.cfgs.is_empty()) || task.scope.iter().flatten().next().is_some();
    if certain || protected.args.is_empty() {
        return None;
    }
    let names = names(&protected.args, |_| true);
    let at = Span::mixed_site().located_at(item.name_span());
    Some(quote_spanned! {at=>
        const _: () = {
            const __NAMES: &[&::core::primitive::str] = #names;
            #[allow(clippy::const_is_empty)]
            {
                ::core::assert!(
                    !__NAMES.is_empty(),
                    "no argument enters the key in this configuration, so that every call would be a duplicate of the first: take in one that is not under `cfg`"
                );
            }
        };
    })
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
    let left = sides.renamed(quote_spanned!(at=> #entered.run(#run).await));
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
    let references = signature.params.iter().map(bound);
    let (claim, ok) = (Ident::new("__claim", site), &sides.ok);
    // All of it at the path, so that a function of another type is shown there.
    let at = site.located_at(path.span());
    let names = signature.params.iter().flat_map(|param| param.bindings.iter().map(move |binding| (param, binding)));
    let names = names.map(|(param, binding)| {
        let mut name = binding.ident.clone();
        name.set_span(name.span().located_at(path.span()));
        let cfgs = param.cfgs();
        quote_spanned!(at=> #(#cfgs)* #name)
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

/// Makes references of the names of a parameter, where its pattern has been taken apart already.
fn bound(param: &Param) -> TokenStream {
    if param.unpacked.is_none() {
        return references(Place::Function, param);
    }
    let of = |binding: &Binding| {
        let (cfgs, ident) = (param.cfgs(), &binding.ident);
        quote_spanned!(Span::mixed_site()=> #(#cfgs)* let #ident = &#ident;)
    };
    param.bindings.iter().map(of).collect()
}

/// enter → body → leave, each on the caller's connection, which the body borrows in between.
fn in_transaction(
    rt: &Runtime<'_>,
    sides: &Sides,
    signature: &Signature,
    transaction: &Transaction,
    begun: &Ident,
    ops: &TokenStream,
    run: &TokenStream,
) -> TokenStream {
    let Transaction { ident, ty, kind: _ } = transaction;
    let (site, at) = (Span::mixed_site(), sides.site());
    let (enter, transactional) = (sides.shown(rt.enter_transaction()), rt.transactional());
    let of = |name| Ident::new(name, site);
    let (lent, entered, ran) = (of("__lent"), of("__entered"), of("__ran"));
    let connection = quote_spanned!(site.located_at(ty.span())=> <#ty as #transactional>::connection(&mut *#lent));
    let left = sides.renamed(quote_spanned!(at=> #entered.leave(#ran, #connection).await));
    let pats = signature.params.iter().filter(|param| is_connection(param, Some(transaction))).map(|param| &param.pat);
    let allow = allow();
    quote_spanned! {site=>
        #allow
        let #lent = &mut *#ident;
        let #entered = #enter(#begun, #ops, #connection).await;
        let #ran = {
            // Whether the body uses it is for the compiler to say.
            #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
            #(let #pats = &mut *#lent;)*
            #entered.run(#run).await
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
    let (name, register) = (&handler.companion, rt.register());
    let uses = uses(&handler.taken);
    if !handler.associated {
        let cfgs = item.cfgs();
        return Registration {
            items: quote_spanned!(site=> #(#cfgs)* const _: () = { #uses #register!(#name::TASK); };),
            task: quote_spanned!(site=> #name::TASK),
        };
    }
    let (of, description) = (rt.task(), task(rt, &item.sig.ident, handler));
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

/// Our own statement raises no lint in the user's function; the body is not under it.
fn allow() -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #[allow(unused_variables, clippy::all, clippy::pedantic, clippy::nursery)]
    }
}
