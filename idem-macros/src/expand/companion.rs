use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Type;

use super::generics;
use super::ops::{codec, kept, map_error};
use super::paths::Runtime;
use super::plan::{Place, plan};
use super::sides::Sides;
use super::task::task;
use crate::ir::{Handler, Protected, Protection, Task};
use crate::signature::{Item, Param, Signature, numbered, peel};

/// A type of the function's name, in the type namespace, with the task and what can be asked of it.
pub(super) fn companion(rt: &Runtime<'_>, item: &Item, signature: &Signature, handler: &Handler) -> TokenStream {
    let site = Span::mixed_site();
    let (of, description) = (rt.task(), task(rt, &item.sig.ident, handler));
    let methods = match &handler.protection {
        Protection::None { .. } => TokenStream::new(),
        Protection::Protected(protected) => {
            let call = call(rt, item, signature, protected);
            let queries = queries(rt, item, signature, handler, protected);
            quote_spanned!(site=> #call #queries)
        }
    };
    let constant = constant(item, &of, &description);
    with(item, &handler.companion, quote_spanned!(site=> #constant #methods))
}

/// `TASK`
pub(super) fn constant(item: &Item, of: &TokenStream, description: &TokenStream) -> TokenStream {
    let vis = &item.vis;
    quote_spanned! {Span::mixed_site()=>
        /// The description that is registered.
        #vis const TASK: &'static #of = {
            static TASK: #of = #description;
            &TASK
        };
    }
}

/// The type, with these items in its `impl`.
pub(super) fn with(item: &Item, name: &Ident, items: TokenStream) -> TokenStream {
    let site = Span::mixed_site();
    let (vis, function) = (&item.vis, &item.sig.ident);
    let cfgs: Vec<_> = item.cfgs().collect();
    let allow = allow();
    let doc = format!(" Stands beside the handler `{function}`: its task, key, record and outcome.");
    quote_spanned! {site=>
        #(#cfgs)*
        #[doc = #doc]
        #[allow(non_camel_case_types, dead_code, unreachable_pub, missing_debug_implementations, missing_copy_implementations)]
        #vis enum #name {}
        #(#cfgs)*
        #allow
        impl #name { #items }
    }
}

/// No lint speaks of what nobody wrote. Only these, and no groups of the compiler's: what somebody forbids cannot be allowed.
fn allow() -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #[allow(
            dead_code, unused_variables, non_snake_case, deprecated, unreachable_pub, single_use_lifetimes,
            clippy::all, clippy::pedantic, clippy::nursery
        )]
    }
}

/// `call(…)`: run or replay, and say which.
fn call(rt: &Runtime<'_>, item: &Item, signature: &Signature, protected: &Protected) -> TokenStream {
    let site = Span::mixed_site();
    let (vis, function) = (&item.vis, &item.sig.ident);
    let names: Vec<Ident> = signature
        .params
        .iter()
        .map(|param| match fresh(param) {
            // As a local it would hide the function that is to be called.
            ident if ident == *function => numbered(param.index),
            ident => ident,
        })
        .collect();
    let conditions: Vec<TokenStream> = signature.params.iter().map(conditions).collect();
    let types = signature.params.iter().map(|param| &param.ty);
    let (generics, where_clause) = (&item.sig.generics, &item.sig.generics.where_clause);
    let turbofish = generics::turbofish(generics);
    let sides = Sides::of(rt, protected);
    let map_error = map_error(rt, &sides, protected);
    let Sides { ok, err, .. } = &sides;
    let (outcome, detailed) = (rt.outcome(), rt.detailed());
    let future = sides.future(&quote_spanned!(site=> ::core::result::Result<#outcome<#ok>, #err>));
    let handler = sides.known(quote_spanned!(site=> #function #turbofish (#(#conditions #names),*)));
    let (at, detailed) = (sides.site(), sides.shown(detailed));
    let run = quote_spanned!(at=> #detailed(#handler, #map_error));
    quote_spanned! {site=>
        /// Calls the handler and says whether it ran or was replayed.
        #vis fn call #generics (#(#conditions #names: #types),*) -> #future #where_clause {
            #run
        }
    }
}

/// What can be asked of a key without a call: they take what the key is made of.
fn queries(
    rt: &Runtime<'_>,
    item: &Item,
    signature: &Signature,
    handler: &Handler,
    protected: &Protected,
) -> TokenStream {
    let site = Span::mixed_site();
    let vis = &item.vis;
    let read: Vec<&Param> = protected.read.iter().filter_map(|i| signature.params.get(*i)).collect();
    let named = |param: &&Param| {
        let (conditions, name) = (conditions(param), fresh(param));
        quote_spanned!(site=> #conditions #name)
    };
    let names: Vec<TokenStream> = read.iter().map(named).collect();
    let params: TokenStream = read
        .iter()
        .zip(&names)
        .map(|(param, name)| {
            let ty = referenced(&param.ty);
            quote_spanned!(site=> #name: #ty,)
        })
        .collect();
    let generics = generics::mentioned(&item.sig.generics, params.clone());
    let where_clause = &generics.where_clause;
    let plan = plan(rt, Place::Companion, signature, &handler.task, protected);
    let (key, record, error) = (rt.key(), rt.record(), rt.error());
    let (keyed, derive, key_of) = (rt.keyed(), rt.derive(), rt.key_of());
    let query = |name: &str, doc: &str, answer: TokenStream, ask: TokenStream| {
        let name = Ident::new(name, site);
        quote_spanned! {site=>
            #[doc = #doc]
            #vis fn #name #generics (#params) -> impl ::core::future::Future<Output = ::core::result::Result<#answer, #error>> #where_clause {
                #ask(Self::TASK, move || Self::key(#(#names),*))
            }
        }
    };
    let yes_or_no = || quote_spanned!(site=> ::core::primitive::bool);
    let status = query(
        "status",
        " The record of this key, if there is one.",
        quote_spanned!(site=> ::core::option::Option<#record>),
        rt.status(),
    );
    let clear = query(
        "clear",
        " Forgets this key, so that the handler may run again; refused while it runs.",
        yes_or_no(),
        rt.clear(),
    );
    let clear_forced =
        query("clear_forced", " Forgets this key even while the handler runs.", yes_or_no(), rt.clear_forced());
    let cancel =
        query("cancel", " Marks this key as cancelled: later deliveries are refused.", yes_or_no(), rt.cancel());
    let admit = admit(rt, item, protected, &handler.task, &params, &names);
    let resolve = {
        let Resolve { ty, codec, path, at } = Resolve::of(rt, handler, protected);
        let generics = generics::mentioned(&item.sig.generics, quote_spanned!(site=> #params #ty));
        let where_clause = &generics.where_clause;
        let resolution = quote_spanned!(at=> resolution: #ty);
        let ask = quote_spanned!(at=> #path(Self::TASK, move || Self::key(#(#names),*), resolution, #codec));
        quote_spanned! {site=>
            /// Decides a call whose outcome is not known: it is set aside, or its owner is gone.
            #vis fn resolve #generics (#params #resolution) -> impl ::core::future::Future<Output = ::core::result::Result<(), #error>> #where_clause {
                #ask
            }
        }
    };
    quote_spanned! {site=>
        fn __keyed #generics (#params) -> ::core::result::Result<#keyed, #error> #where_clause {
            #derive(Self::TASK, #plan)
        }
        /// The key that a call would use.
        #vis fn key #generics (#params) -> ::core::result::Result<#key, #error> #where_clause {
            #key_of(Self::__keyed(#(#names),*))
        }
        #admit
        #status
        #clear
        #clear_forced
        #cancel
        #resolve
    }
}

/// How an operator gives a result.
struct Resolve {
    ty: TokenStream,
    codec: TokenStream,
    /// What is called with it, and where that is shown.
    path: TokenStream,
    at: Span,
}

impl Resolve {
    /// The handler's own type; nothing where results are not kept.
    fn of(rt: &Runtime<'_>, handler: &Handler, protected: &Protected) -> Self {
        let (site, resolution) = (Span::mixed_site(), rt.resolution());
        if handler.task.discard_result {
            let (ty, discard) = (quote_spanned!(site=> #resolution<()>), rt.discard());
            let codec = quote_spanned!(site=> #discard(<() as ::core::default::Default>::default));
            return Self { ty, codec, path: rt.resolve(), at: site };
        }
        let sides = Sides::of(rt, protected);
        let ok = &sides.ok;
        let ty = sides.shown(quote_spanned!(site=> #resolution<#ok>));
        let (path, at) = (sides.shown(rt.resolve()), site.located_at(sides.site()));
        Self { ty, codec: kept(rt, &sides), path, at }
    }
}

/// `admit(…)`: whether the job of a call is to be enqueued. It speaks of the handler's result too.
fn admit(
    rt: &Runtime<'_>,
    item: &Item,
    protected: &Protected,
    task: &Task,
    params: &TokenStream,
    names: &[TokenStream],
) -> TokenStream {
    let (site, vis) = (Span::mixed_site(), &item.vis);
    let sides = Sides::of(rt, protected);
    let ok = &sides.ok;
    let generics = generics::mentioned(&item.sig.generics, quote_spanned!(site=> #params #ok));
    let where_clause = &generics.where_clause;
    let (admit, codec) = (sides.shown(rt.admit()), codec(rt, &sides, task));
    let (admission, error) = (rt.admission(), rt.error());
    let answer = quote_spanned!(site=> ::core::result::Result<#admission<#ok>, #error>);
    let future = sides.future(&answer);
    let at = sides.site();
    let ask = quote_spanned!(at=> #admit(Self::TASK, move || Self::__keyed(#(#names),*), #codec));
    quote_spanned! {site=>
        /// Asks whether the job of this call is to be enqueued: `New` with a ticket to keep once it is, or what is known of it.
        #vis fn admit #generics (#params) -> #future #where_clause {
            #ask
        }
    }
}

/// The name of a parameter in the companion: the one that it binds, or a number.
pub(super) fn fresh(param: &Param) -> Ident {
    param.only_binding().map_or_else(|| numbered(param.index), |binding| binding.ident.clone())
}

/// `cfg`, as it stands on the parameter.
fn conditions(param: &Param) -> TokenStream {
    let cfgs = param.cfgs();
    quote_spanned!(Span::mixed_site()=> #(#cfgs)*)
}

/// References as written, other types by reference; nothing is changed through a key.
fn referenced(ty: &Type) -> TokenStream {
    let site = Span::mixed_site();
    match peel(ty) {
        Type::Reference(reference) => {
            let (lifetime, elem) = (&reference.lifetime, &reference.elem);
            quote_spanned!(site=> &#lifetime #elem)
        }
        Type::ImplTrait(_) | Type::TraitObject(_) => quote_spanned!(site=> &(#ty)),
        _ => quote_spanned!(site=> &#ty),
    }
}
