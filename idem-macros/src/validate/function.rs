use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{FnArg, Ident, ReceiverKind, ReturnType, Safety, Type};

use crate::diagnostic::Ctxt;
use crate::ir::{Arg, ArgValue};
use crate::options::Slot;
use crate::signature::{Item, Output, Signature, peel};

const LEGAL_FORM: &str = "an idempotent handler is written `async fn name(arguments) -> Result<T, E>`";

/// Refuses what cannot be made idempotent. The legal form is said once.
pub(super) fn check(item: &Item, signature: &Signature, cx: &mut Ctxt) {
    let sig = &item.sig;
    let mut refused: Vec<(Span, String)> = Vec::new();
    let mut refuse = |span, message: &str| refused.push((span, message.into()));

    let plain = sig.asyncness.is_none() && signature.boxed.is_none();
    let future = plain.then(|| future_in(&sig.output)).flatten();
    if let Some(span) = future {
        refuse(
            span,
            "a function that returns a future which is not boxed is not supported: make it an `async fn`, or return `Pin<Box<dyn Future<Output = Result<T, E>> + Send + '_>>`",
        );
    } else if plain && sig.constness.is_none() {
        // What is `const` cannot be `async`: that is said of it below.
        refuse(sig.fn_token.span(), "this function is not `async`");
    }
    if let Some(token) = &sig.constness {
        refuse(token.span(), "a `const` function cannot be run once: write `async` in place of `const`");
    }
    if let Safety::Unsafe(token) = &sig.safety {
        refuse(token.span(), "an `unsafe` function is not supported: remove `unsafe`");
    }
    if let Some(abi) = &sig.abi {
        refuse(abi.span(), "an `extern` function is not supported: remove `extern`");
    }
    if let Some(variadic) = &sig.variadic {
        refuse(variadic.span(), "variadic arguments have no key: remove `...`");
    }
    match &signature.output {
        Output::Other { span, what } if future.is_none() => refuse(
            if matches!(sig.output, ReturnType::Default) { item.name_span() } else { *span },
            &format!("this function returns {what}: the outcome of a handler is a `Result`"),
        ),
        Output::Result(types) if future.is_none() => {
            if let Some(span) = types.borrows {
                refuse(
                    span,
                    "a result that borrows cannot be stored and replayed: return an owned value, such as `String` for `&str`",
                );
            }
            if let Some(span) = types.opaque {
                refuse(span, "`impl Trait` in the result cannot be read back from a store: name the type");
            }
        }
        Output::Other { .. } | Output::Result(_) => {}
    }

    if signature.boxed.as_ref().is_some_and(|boxed| boxed.outlives_all) {
        for span in sig.inputs.iter().filter_map(borrowed) {
            refuse(
                span,
                "this future says that it borrows nothing, and yet it holds its arguments until it is polled: give it their lifetime, as in `dyn Future<…> + Send + '_` or `BoxFuture<'_, …>`",
            );
        }
    }

    for (i, (span, message)) in refused.into_iter().enumerate() {
        if i == 0 {
            cx.error(span, format!("{message}\n{LEGAL_FORM}"));
        } else {
            cx.error(span, message);
        }
    }
}

/// `impl Future`, or something pinned, where that is what is returned.
fn future_in(output: &ReturnType) -> Option<Span> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    let future = match peel(ty) {
        Type::ImplTrait(_) => true,
        Type::Path(path) => path.path.segments.last().is_some_and(|s| s.ident == "Pin"),
        _ => false,
    };
    future.then(|| ty.span())
}

/// Where an argument is a reference that ends.
fn borrowed(input: &FnArg) -> Option<Span> {
    let (lifetime, span) = match input {
        FnArg::Typed(param) => match peel(&param.ty) {
            Type::Reference(reference) => (reference.lifetime.as_ref(), reference.and_token.span()),
            _ => return None,
        },
        FnArg::Receiver(this) => match &this.kind {
            ReceiverKind::Reference(and, lifetime, _) => (lifetime.as_ref(), and.span()),
            _ => return None,
        },
    };
    lifetime.is_none_or(|lifetime| lifetime.ident != "static").then_some(span)
}

/// A key holds names that somebody wrote, and none that `#[async_trait]` made of a position.
pub(super) fn check_names(args: &[Arg], signature: &Signature, cx: &mut Ctxt) {
    for arg in args.iter().filter(|_| signature.boxed.is_some()) {
        let position = arg.name.strip_prefix("__arg").and_then(|rest| rest.split('.').next());
        if position.is_none_or(|digits| digits.parse::<usize>().is_err()) {
            continue;
        }
        let span = match &arg.value {
            ArgValue::Whole { ident, .. } | ArgValue::Bound(ident) => ident.span(),
            ArgValue::Path(path) => path.span(),
        };
        let message = "`#[async_trait]` hides the pattern of this parameter, so that the argument has no name in the key: name the parameter and take it apart in the body, or mark it `#[idem(skip)]`";
        cx.error(span, message);
    }
}

/// Whether the function stands in an `impl` or a trait, as far as it can be seen or is said; then it needs a name.
pub(super) fn associated(flag: &Slot<()>, name: &Slot<String>, signature: &Signature, cx: &mut Ctxt) -> bool {
    let Some(span) = signature.method.or(flag.span()) else {
        return false;
    };
    if !name.is_written() {
        cx.error(
            span,
            "a function of an `impl` or a trait needs a name of its own, since its type cannot be seen from here: `name = \"mailer.send\"`",
        );
    }
    true
}

/// The name of the companion: the function's own, unless another is written.
pub(super) fn companion(written: Slot<Ident>, associated: bool, item: &Item, cx: &mut Ctxt) -> Ident {
    if let Some(span) = written.span().filter(|_| associated) {
        cx.error(
            span,
            "a function of an `impl` or a trait has no companion: remove this, and reach the task by its name, as in `idem::task(\"mailer.send\")`",
        );
    }
    written.take().unwrap_or_else(|| item.sig.ident.clone())
}
