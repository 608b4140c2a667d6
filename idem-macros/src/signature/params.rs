use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Pat, PatIdent, PatType, Type};

use super::peel;
use crate::attribute::PARAMETER;
use crate::diagnostic::{Ctxt, did_you_mean};

/// The forms of `#[idem(…)]` that a later version reads.
const LATER: &[&str] = &["name", "with", "set", "omit_none"];

/// One parameter other than `self`.
pub(crate) struct Param {
    pub(crate) pat: Pat,
    pub(crate) ty: Type,
    pub(crate) bindings: Vec<Binding>,
    /// `#[idem(skip)]` stands on it.
    pub(crate) skipped: bool,
}

/// A name that a parameter's pattern binds.
pub(crate) struct Binding {
    /// Without `r#`.
    pub(crate) name: String,
    pub(crate) ident: Ident,
}

impl Param {
    pub(super) fn read(param: &mut PatType, cx: &mut Ctxt) -> Self {
        let skipped = take_skip(&mut param.attrs, cx);
        if let Some(cfg) = param.attrs.iter().find(|a| a.path().is_ident("cfg")) {
            cx.error(cfg.span(), "`cfg` on a parameter is not available yet in this version: put it on two functions");
        }
        let mut bindings = Bindings(Vec::new());
        bindings.visit_pat(&param.pat);
        Self { pat: (*param.pat).clone(), ty: (*param.ty).clone(), bindings: bindings.0, skipped }
    }

    /// `user` or `mut user`: the binding is the argument itself.
    pub(crate) fn simple(&self) -> Option<&Ident> {
        match &self.pat {
            Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => self.bindings.first().map(|b| &b.ident),
            _ => None,
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

/// `self` takes no attribute of this crate.
pub(super) fn refuse_on_self(attrs: &mut Vec<Attribute>, cx: &mut Ctxt) {
    attrs.retain(|attr| {
        let own = is_own(attr);
        if own {
            cx.error(attr.span(), "`self` never enters the key: remove this attribute");
        }
        !own
    });
}

fn is_own(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|s| s.ident == PARAMETER)
}

/// Takes `#[idem(skip)]` off a parameter.
fn take_skip(attrs: &mut Vec<Attribute>, cx: &mut Ctxt) -> bool {
    let mut skip: Option<Span> = None;
    attrs.retain(|attr| {
        if !is_own(attr) {
            return true;
        }
        match attr.parse_args_with(form) {
            Ok(key) if skip.is_some() => cx.error(key.span(), "`skip` is given twice: keep one"),
            Ok(_) => {}
            Err(error) => cx.push(error),
        }
        // Also where it could not be read: whoever wrote it did not mean "take the argument as it is".
        skip = Some(attr.span());
        false
    });
    skip.is_some()
}

fn form(input: ParseStream<'_>) -> syn::Result<Ident> {
    const FORM: &str = "expected `#[idem(skip)]`";
    let key = Ident::parse_any(input).map_err(|e| syn::Error::new(e.span(), FORM))?;
    let name = key.to_string();
    if LATER.contains(&name.as_str()) {
        let message = format!("`#[idem({name})]` is not available yet in this version");
        input.parse::<TokenStream>()?;
        return Err(syn::Error::new(key.span(), message));
    }
    if name != "skip" {
        let hint = did_you_mean(&name, ["skip"]).unwrap_or_else(|| "a parameter takes `skip`".into());
        let message = format!("unknown option `{name}`; {hint}");
        input.parse::<TokenStream>()?;
        return Err(syn::Error::new(key.span(), message));
    }
    if input.peek(syn::Token![,]) {
        input.parse::<syn::Token![,]>()?;
    }
    if input.is_empty() {
        return Ok(key);
    }
    input.parse::<TokenStream>()?;
    Err(syn::Error::new(key.span(), FORM))
}
