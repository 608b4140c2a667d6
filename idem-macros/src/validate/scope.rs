use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, Generics};

use super::args;
use crate::diagnostic::{Ctxt, did_you_mean, listed};
use crate::ir::{Arg, ScopePart, ScopeSource, Written};
use crate::options::{Scope, ScopeLabel, ScopeValue, Slot};
use crate::signature::{Param, Signature, refused_in_key};

const GLOBAL: &str = "global";

/// Where each kind of scope comes from, decided here rather than at run time.
pub(super) fn parts(
    scope: Slot<Vec<Scope>>,
    generics: &Generics,
    signature: &Signature,
    cx: &mut Ctxt,
) -> Option<Vec<ScopePart>> {
    let scopes = scope.take()?;
    let alone = scopes.len() == 1;
    let mut parts: Vec<ScopePart> = Vec::new();
    for scope in scopes {
        if scope.kind == GLOBAL {
            if !alone || matches!(scope.value, ScopeValue::Expr(_)) {
                cx.error(scope.span, "`global` means that there is no scope: it stands alone, as `scope = \"global\"`");
            }
            continue;
        }
        if parts.iter().any(|p| p.kind == scope.kind) {
            let message = format!("the scope `{}` is given twice: keep one", scope.kind);
            cx.error(scope.span, message);
            continue;
        }
        let source = match scope.value {
            ScopeValue::ByName => by_name(&scope.kind, scope.span, generics, signature, cx),
            ScopeValue::Expr(expr) => {
                check_root(&expr, signature, cx);
                check_conditions(&expr, signature, cx);
                Some(ScopeSource::Expression(*expr))
            }
        };
        if let Some(source) = source {
            parts.push(ScopePart { kind: scope.kind, source });
        }
    }
    Some(parts)
}

/// There must be a scope to show.
pub(super) fn check_label(label: &Slot<ScopeLabel>, scope: &Slot<Vec<Scope>>, cx: &mut Ctxt) {
    let global = || scope.get().is_some_and(|scopes| scopes.iter().all(|scope| scope.kind == GLOBAL));
    if let Some(span) = label.span().filter(|_| !scope.is_written() || global()) {
        cx.error(
            span,
            "`scope_label` shows the scope in readable keys, and this task has none: add a `scope`, or remove it",
        );
    }
}

/// The argument `user` or `user_id`, else the delivery.
fn by_name(
    kind: &str,
    span: proc_macro2::Span,
    generics: &Generics,
    signature: &Signature,
    cx: &mut Ctxt,
) -> Option<ScopeSource> {
    let id = format!("{kind}_id");
    let (param, binding) = match (signature.binding(kind), signature.binding(&id)) {
        (Some(_), Some(_)) => {
            cx.error(
                span,
                format!(
                    "both `{kind}` and `{id}` are arguments: say which, `scope({kind} = {kind})` or `scope({kind} = {id})`"
                ),
            );
            return None;
        }
        (Some(found), None) | (None, Some(found)) => found,
        (None, None) => {
            let Some(named) = [kind, &id].into_iter().find_map(|name| named_in_the_key(name, signature)) else {
                return Some(ScopeSource::Delivery);
            };
            cx.error(
                span,
                format!(
                    "`{kind}` is how {named} is named in the key, and a scope is bound by the parameter's own name: write `scope({kind} = …)` with an expression over the parameters"
                ),
            );
            return None;
        }
    };
    let name = &binding.name;
    if let Some(refused) = refused_in_key(param, true, generics) {
        let why = &refused.why;
        cx.error(refused.span, format!("`{name}` is the scope `{kind}` of the key, and {why}"));
        return None;
    }
    if param.is_conditional() {
        cx.error(span, conditional(name));
    }
    // It is the scope under the name of its kind, and there is no call without it.
    let arg = Arg { name: name.clone(), written: Written::AsItIs, ..args::value(param, binding) };
    Some(ScopeSource::Argument(arg))
}

fn conditional(name: &str) -> String {
    format!(
        "`{name}` is under `cfg`, and the scope is the same in every configuration: put `#[cfg(…)]` on two functions"
    )
}

/// What an expression reads is there in every configuration.
fn check_conditions(expr: &Expr, signature: &Signature, cx: &mut Ctxt) {
    let conditional_one = |name: &String| signature.all_bindings(name).any(|(param, _)| param.is_conditional());
    if let Some(name) = names_in(expr).iter().find(|name| conditional_one(name)) {
        cx.error(expr.span(), conditional(name));
    }
}

/// A plain `order.customer` must begin with an argument; what else an expression names is the compiler's matter.
fn check_root(expr: &Expr, signature: &Signature, cx: &mut Ctxt) {
    let Some(root) = root(expr) else { return };
    if root == "self" {
        cx.error(root.span(), "`self` never enters the key: pass the value as an argument");
        return;
    }
    let name = syn::ext::IdentExt::unraw(root).to_string();
    if name.starts_with(char::is_uppercase) || signature.binding(&name).is_some() {
        return;
    }
    cx.error(root.span(), unknown(&name, signature));
}

fn root(expr: &Expr) -> Option<&syn::Ident> {
    match expr {
        Expr::Path(path) => path.path.get_ident(),
        Expr::Field(field) => root(&field.base),
        Expr::MethodCall(call) => root(&call.receiver),
        Expr::Reference(reference) => root(&reference.expr),
        Expr::Paren(inner) => root(&inner.expr),
        Expr::Group(inner) => root(&inner.expr),
        Expr::Index(index) => root(&index.expr),
        _ => None,
    }
}

/// The parameter that has this name in the key alone, in words.
fn named_in_the_key(name: &str, signature: &Signature) -> Option<String> {
    let has_it = |param: &&Param| param.forms.name.as_ref().is_some_and(|text| text.value() == name);
    let param = signature.params.iter().find(has_it)?;
    Some(match param.only_binding() {
        Some(binding) => format!("`{}`", binding.name),
        None => "a pattern".to_owned(),
    })
}

/// No parameter of this name.
pub(super) fn unknown(name: &str, signature: &Signature) -> String {
    if let Some(named) = named_in_the_key(name, signature) {
        return format!("`{name}` is how {named} is named in the key; here the names that the code has are meant");
    }
    let names = || signature.bindings().map(|(_, b)| b.name.as_str());
    let hint = did_you_mean(name, names()).unwrap_or_else(|| {
        if names().next().is_none() {
            "this function has none".into()
        } else {
            format!("there are {}", listed(names()))
        }
    });
    format!("no parameter `{name}`; {hint}")
}

/// The names that an expression mentions, also inside macros.
pub(super) fn names_in(expr: &Expr) -> Vec<String> {
    let mut names = Names(Vec::new());
    names.visit_expr(expr);
    names.0
}

struct Names(Vec<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if let Some(ident) = path.path.get_ident() {
            self.0.push(syn::ext::IdentExt::unraw(ident).to_string());
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.tokens(mac.tokens.clone());
    }
}

impl Names {
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(ident) => {
                    self.0.push(syn::ext::IdentExt::unraw(&ident).to_string());
                }
                proc_macro2::TokenTree::Group(group) => self.tokens(group.stream()),
                proc_macro2::TokenTree::Literal(literal) => self.captured(&literal.to_string()),
                proc_macro2::TokenTree::Punct(_) => {}
            }
        }
    }

    /// `"{user}:{day}"` in a formatting macro reads `user` and `day`.
    fn captured(&mut self, literal: &str) {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        for opened in literal.split('{').skip(1) {
            let name: String = opened.chars().take_while(|c| word(*c)).collect();
            self.0.push(name);
        }
    }
}
