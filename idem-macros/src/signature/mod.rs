//! What the function says: the item as written, and the facts about it that the options refer to.

mod boxed;
mod forms;
mod item;
mod output;
mod params;
mod queues;
mod types;
mod unstable;

pub(crate) use boxed::Boxed;
pub(crate) use forms::Forms;
pub(crate) use item::Item;
pub(crate) use output::{Output, ResultTypes};
pub(crate) use params::{Binding, Param, numbered};
pub(crate) use types::{Generic, generic_name, generics_in, peel, plainly_other};
pub(crate) use unstable::refused_in_key;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::FnArg;
use syn::spanned::Spanned;

use crate::diagnostic::Ctxt;

/// Facts about a function, with the spans to point at.
pub(crate) struct Signature {
    pub(crate) params: Vec<Param>,
    /// What it returns, or what the boxed future that it returns resolves to.
    pub(crate) output: Output,
    /// It is not an `async fn` but returns a boxed future.
    pub(crate) boxed: Option<Boxed>,
    /// A `self` receiver, or the name `Self`: the function stands in an `impl` or a trait.
    pub(crate) method: Option<Span>,
}

impl Signature {
    /// Reads the item and takes this crate's attributes off its parameters.
    pub(crate) fn read(item: &mut Item, cx: &mut Ctxt) -> Self {
        let mut params = Vec::new();
        let mut receiver = None;
        for input in &mut item.sig.inputs {
            match input {
                FnArg::Receiver(this) => {
                    forms::refuse_on_self(&mut this.attrs, cx);
                    receiver = Some(this.self_token.span());
                }
                FnArg::Typed(param) => params.push(Param::read(param, params.len(), cx)),
            }
        }
        let boxed = Boxed::read(&item.sig);
        Self {
            params,
            output: boxed.as_ref().map_or_else(|| Output::read(&item.sig.output), |boxed| Output::of(&boxed.output)),
            boxed,
            method: receiver.or_else(|| names_self(item.sig.to_token_stream())),
        }
    }

    /// Every name that the parameters bind, in order.
    pub(crate) fn bindings(&self) -> impl Iterator<Item = (&Param, &Binding)> {
        self.params.iter().flat_map(|p| p.bindings.iter().map(move |b| (p, b)))
    }

    pub(crate) fn binding(&self, name: &str) -> Option<(&Param, &Binding)> {
        self.bindings().find(|(_, b)| b.name == name)
    }

    /// Every parameter that binds a name: several may, each under a `cfg` of its own.
    pub(crate) fn all_bindings<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Param, &'a Binding)> {
        self.bindings().filter(move |(_, b)| b.name == name)
    }
}

fn names_self(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "Self" => Some(ident.span()),
        TokenTree::Group(group) => names_self(group.stream()),
        _ => None,
    })
}
