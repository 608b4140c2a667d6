use proc_macro2::{Group, Ident, Span};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, Member, Token};

use super::list::comma_separated;
use super::template::Template;
use super::{Site, value};
use crate::diagnostic::Ctxt;

const A_SELECTOR: &str = "a selector is a parameter or a path of fields in one: `key(job_id, order.id)`";

/// `order.id`: a parameter, or fields inside one.
pub(crate) struct Selector {
    /// As written, which is its name in the key.
    pub(crate) name: String,
    pub(crate) root: Ident,
    pub(crate) expr: Expr,
}

impl Selector {
    pub(crate) fn span(&self) -> Span {
        self.root.span()
    }

    /// Whether it names the parameter itself.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.expr, Expr::Path(_))
    }
}

/// What makes the key, as it is said.
pub(crate) enum Key {
    Selected(Vec<Selector>),
    Template(Template),
}

/// `(a, b.c)`, or `()` to say that no argument enters the key, or `= "…"`.
pub(crate) fn key(input: ParseStream<'_>, site: &Site<'_>, cx: &mut Ctxt) -> syn::Result<Key> {
    if input.peek(Token![=]) {
        let text = value::text(input, site).map_err(|e| {
            let message = format!(
                "`key` takes a list, or a text with places: `{}`, `key = \"close:{{job_id}}\"`",
                site.entry.form
            );
            syn::Error::new(e.span(), message)
        })?;
        return Ok(Key::Template(Template::read(text, cx)));
    }
    let mut selectors: Vec<Selector> = Vec::new();
    elements(input, site, cx, |input, cx| {
        let expr = input.parse::<Expr>().map_err(|e| syn::Error::new(e.span(), A_SELECTOR))?;
        let selector = selector(expr)?;
        if selectors.iter().any(|s| s.name == selector.name) {
            let message = format!("`{}` is selected twice: keep one", selector.name);
            cx.error(selector.span(), message);
        } else {
            selectors.push(selector);
        }
        Ok(())
    })?;
    Ok(Key::Selected(selectors))
}

/// `(x, y)`
pub(crate) fn skip(input: ParseStream<'_>, site: &Site<'_>, cx: &mut Ctxt) -> syn::Result<Vec<Ident>> {
    let mut names: Vec<Ident> = Vec::new();
    if input.peek(syn::token::Paren) && input.fork().parse::<Group>()?.stream().is_empty() {
        let message = "`skip()` leaves out nothing: name parameters, or remove it";
        cx.error(site.key.span(), message);
    }
    elements(input, site, cx, |input, cx| {
        let Ok(name) = Ident::parse_any(input) else {
            return Err(input.error("`skip` takes parameters: `skip(ctx, attempt)`"));
        };
        if input.peek(Token![.]) {
            let message = format!(
                "`skip` leaves out whole parameters; to leave out a field of `{name}`, select the others: `key({name}.id)`"
            );
            return Err(syn::Error::new(name.span(), message));
        }
        if names.contains(&name) {
            cx.error(name.span(), format!("`{name}` is skipped twice: keep one"));
        } else {
            names.push(name);
        }
        Ok(())
    })?;
    Ok(names)
}

fn elements(
    input: ParseStream<'_>,
    site: &Site<'_>,
    cx: &mut Ctxt,
    element: impl FnMut(ParseStream<'_>, &mut Ctxt) -> syn::Result<()>,
) -> syn::Result<()> {
    if !input.peek(syn::token::Paren) {
        let message = format!("`{}` takes a list: `{}`", site.key, site.entry.form);
        return Err(syn::Error::new(site.key.span(), message));
    }
    let inner;
    syn::parenthesized!(inner in input);
    comma_separated(&inner, cx, element)
}

fn selector(expr: Expr) -> syn::Result<Selector> {
    let (root, name) = path(&expr)?;
    if root == "self" {
        let message = "`self` never enters the key: pass the value as an argument";
        return Err(syn::Error::new(root.span(), message));
    }
    Ok(Selector { name, root, expr })
}

fn path(expr: &Expr) -> syn::Result<(Ident, String)> {
    let refused = || syn::Error::new(expr.span(), A_SELECTOR);
    match expr {
        Expr::Path(path) if path.attrs.is_empty() && path.qself.is_none() => {
            let root = path.path.get_ident().ok_or_else(refused)?.clone();
            let name = root.unraw().to_string();
            Ok((root, name))
        }
        Expr::Field(field) if field.attrs.is_empty() => {
            let (root, base) = path(&field.base)?;
            let member = match &field.member {
                Member::Named(name) => name.unraw().to_string(),
                Member::Unnamed(index) => index.index.to_string(),
            };
            Ok((root, format!("{base}.{member}")))
        }
        Expr::Group(group) => path(&group.expr),
        _ => Err(refused()),
    }
}
