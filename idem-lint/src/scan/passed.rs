//! Which names an argument passes on.

use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Block, Expr, Stmt, Token, Type};

use super::attributes::segments;
use super::{Segments, depth};

/// The names that an argument hands over: `send`, `&[send, charge]`, `Arc::new(send)`, `send.layer(…)`,
/// `|job| send(job)`.
pub(super) fn names(argument: &Expr) -> Vec<Segments> {
    match argument {
        Expr::Path(path) => vec![named(path)],
        Expr::Reference(inner) => names(&inner.expr),
        Expr::Paren(inner) => names(&inner.expr),
        Expr::Group(inner) => names(&inner.expr),
        Expr::Cast(inner) => names(&inner.expr),
        Expr::Array(list) => list.elems.iter().flat_map(names).collect(),
        Expr::Tuple(list) => list.elems.iter().flat_map(names).collect(),
        Expr::Call(call) => call.args.iter().flat_map(names).collect(),
        Expr::MethodCall(call) => names(&call.receiver),
        Expr::Closure(closure) => called(&closure.body).into_iter().collect(),
        Expr::Macro(list) if list.mac.path.is_ident("vec") => {
            let tokens = list.mac.tokens.clone();
            if depth::too_deep(tokens.clone()).is_some() {
                return Vec::new();
            }
            let elements = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens).unwrap_or_default();
            // A list in a list would be bounded by nothing.
            elements.iter().filter(|element| !matches!(element, Expr::Macro(_))).flat_map(names).collect()
        }
        _ => Vec::new(),
    }
}

/// The function that a closure does nothing but call.
fn called(body: &Expr) -> Option<Segments> {
    match body {
        Expr::Call(call) => match (&*call.func, call.args.first()) {
            (Expr::Path(path), Some(inner)) if named(path).ends_with(&["Box".into(), "pin".into()]) => called(inner),
            (Expr::Path(path), _) => Some(named(path)),
            _ => None,
        },
        Expr::Await(inner) => called(&inner.base),
        Expr::Try(inner) => called(&inner.expr),
        Expr::Paren(inner) => called(&inner.expr),
        Expr::Block(block) => alone(&block.block).and_then(called),
        Expr::Async(block) => alone(&block.block).and_then(called),
        _ => None,
    }
}

/// The one expression of a block.
fn alone(block: &Block) -> Option<&Expr> {
    match block.stmts.as_slice() {
        [Stmt::Expr(expression, _)] => Some(expression),
        _ => None,
    }
}

/// A path as it is written; `<Mailer as Worker>::perform` is `Mailer::perform`.
pub(super) fn named(path: &syn::ExprPath) -> Segments {
    let mut written = segments(&path.path);
    if let Some(qualified) = &path.qself {
        let name = written.pop();
        written = type_name(&qualified.ty).into_iter().chain(name).collect();
    }
    written
}

/// The last name of a type's path.
pub(super) fn type_name(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => segments(&path.path).pop(),
        Type::Reference(inner) => type_name(&inner.elem),
        Type::Paren(inner) => type_name(&inner.elem),
        Type::Group(inner) => type_name(&inner.elem),
        _ => None,
    }
}
