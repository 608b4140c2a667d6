//! The pipeline as a function from tokens to tokens.

mod agreement;
mod forms;
mod fuzz;
mod golden;
mod junk;
mod mistakes;
mod options;
mod signatures;
mod templates;

use proc_macro2::{TokenStream, TokenTree};

use crate::attribute::Attribute;
use crate::pipeline;

pub(super) const HANDLER: &str = "async fn send(user: u64, topic: String) -> Result<Receipt, AppError> { body() }";

pub(super) fn tokens(text: &str) -> TokenStream {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// Expands `#[attribute(args)] item`.
pub(super) fn expand(attribute: &str, args: &str, item: &str) -> TokenStream {
    let (args, item) = (tokens(args), tokens(item));
    let attribute = match attribute {
        "idempotent" => Attribute::Idempotent,
        "idempotent_once" => Attribute::Once,
        "idempotent_daily" => Attribute::Daily,
        "not_idempotent" => Attribute::NotIdempotent,
        "strict" => return pipeline::strict(args, item),
        other => panic!("no attribute {other}"),
    };
    pipeline::handler(attribute, args, item)
}

pub(super) fn idempotent(args: &str, item: &str) -> TokenStream {
    expand("idempotent", args, item)
}

/// An expansion as people read it.
pub(super) fn pretty(expansion: TokenStream) -> String {
    let text = expansion.to_string();
    let file = syn::parse2(expansion).unwrap_or_else(|e| panic!("{e}: {text}"));
    prettyplease::unparse(&file)
}

/// The compile errors of an expansion: what each points at, and its message.
pub(super) fn errors(expansion: TokenStream) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut after_name = false;
    for token in expansion {
        match token {
            TokenTree::Ident(ident) => after_name = ident == "compile_error",
            TokenTree::Group(group) if after_name => {
                let message: syn::LitStr = syn::parse2(group.stream()).unwrap();
                found.push((message.span().source_text().unwrap_or_default(), message.value()));
                after_name = false;
            }
            _ => {}
        }
    }
    found
}

/// Expects exactly these mistakes, in this order: what each points at, and a part of what it says.
pub(super) fn check(attribute: &str, args: &str, item: &str, expected: &[(&str, &str)]) {
    let context = format!("#[{attribute}({args})] {item}");
    let expansion = expand(attribute, args, item);
    let found = errors(expansion.clone());
    assert_eq!(found.len(), expected.len(), "{context}\nfound {found:#?}");
    for ((at, message), (expected_at, part)) in found.iter().zip(expected) {
        assert!(message.contains(part), "{context}\n{message}\ndoes not say\n{part}");
        assert_eq!(at, expected_at, "{context}\n{message}");
    }
    // Right or wrong, the function is there, under its own name.
    let text = expansion.to_string();
    assert!(text.contains("fn "), "{context}: {text}");
    assert!(!text.contains("# [idem"), "{context}: {text}");
}
