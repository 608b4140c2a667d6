use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{Attribute, Pat, PatIdent, PatType, Type};

use super::{Forms, peel};
use crate::diagnostic::Ctxt;

/// One parameter other than `self`.
pub(crate) struct Param {
    /// Its place among them.
    pub(crate) index: usize,
    pub(crate) pat: Pat,
    pub(crate) ty: Type,
    pub(crate) bindings: Vec<Binding>,
    /// What `#[idem(…)]` says of it.
    pub(crate) forms: Forms,
    /// The attributes that stay on it.
    pub(crate) attrs: Vec<Attribute>,
    /// Stands for an argument whose pattern has no name of its own, where `#[idem(name = …)]` gives it one.
    pub(crate) unpacked: Option<Ident>,
}

/// A name that a parameter's pattern binds.
pub(crate) struct Binding {
    /// Without `r#`.
    pub(crate) name: String,
    pub(crate) ident: Ident,
}

/// A name for a parameter that has none of its own.
pub(crate) fn numbered(index: usize) -> Ident {
    format_ident!("arg{index}", span = Span::mixed_site())
}

impl Param {
    pub(super) fn read(param: &mut PatType, index: usize, cx: &mut Ctxt) -> Self {
        let forms = Forms::take(&mut param.attrs, cx);
        let mut bindings = Bindings(Vec::new());
        bindings.visit_pat(&param.pat);
        let nameless = forms.name.is_some() && bindings.0.len() != 1;
        Self {
            index,
            pat: (*param.pat).clone(),
            ty: (*param.ty).clone(),
            bindings: bindings.0,
            forms,
            attrs: param.attrs.clone(),
            unpacked: nameless.then(|| numbered(index)),
        }
    }

    /// What `cfg` says of it; it holds for whatever the expansion says of it.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        self.attrs.iter().filter(|a| a.path().is_ident("cfg"))
    }

    pub(crate) fn is_conditional(&self) -> bool {
        self.cfgs().next().is_some()
    }

    /// `user` or `mut user`: the binding is the argument itself. Also the name that stands for a pattern without one.
    pub(crate) fn simple(&self) -> Option<&Ident> {
        if self.unpacked.is_some() {
            return self.unpacked.as_ref();
        }
        match &self.pat {
            Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => self.bindings.first().map(|b| &b.ident),
            _ => None,
        }
    }

    /// What messages call it.
    pub(crate) fn label(&self) -> String {
        match (&self.forms.name, self.bindings.first()) {
            (_, Some(binding)) if self.bindings.len() == 1 => binding.name.clone(),
            (Some(name), _) => name.value(),
            (None, _) => self.pat.to_token_stream().to_string(),
        }
    }

    /// The one name that a pattern binds.
    pub(crate) fn only_binding(&self) -> Option<&Binding> {
        match self.bindings.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// The type, or what it refers to.
    pub(crate) fn referent(&self) -> &Type {
        match peel(&self.ty) {
            Type::Reference(reference) => &reference.elem,
            _ => &self.ty,
        }
    }

    pub(crate) fn is_reference(&self) -> bool {
        matches!(peel(&self.ty), Type::Reference(_))
    }

    pub(crate) fn is_mut_reference(&self) -> bool {
        matches!(peel(&self.ty), Type::Reference(r) if r.mutability.is_some())
    }

    /// The pattern as it matches a reference to the argument: binding by reference is the default there.
    pub(crate) fn pat_of_reference(&self) -> TokenStream {
        without_modes(self.pat.to_token_stream())
    }
}

fn without_modes(tokens: TokenStream) -> TokenStream {
    let kept = tokens.into_iter().filter_map(|token| match token {
        TokenTree::Ident(ident) if ident == "mut" || ident == "ref" => None,
        TokenTree::Punct(punct) if punct.as_char() == '&' => None,
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), without_modes(group.stream()));
            inner.set_span(group.span());
            Some(TokenTree::Group(inner))
        }
        token => Some(token),
    });
    kept.collect()
}

struct Bindings(Vec<Binding>);

impl<'ast> Visit<'ast> for Bindings {
    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        let name = pat.ident.unraw().to_string();
        // `Unit` and `NONE` are values to match, not names to bind.
        let is_value = name.starts_with(char::is_uppercase);
        if !is_value && !self.0.iter().any(|b| b.name == name) {
            self.0.push(Binding { name, ident: pat.ident.clone() });
        }
        visit::visit_pat_ident(self, pat);
    }
}
