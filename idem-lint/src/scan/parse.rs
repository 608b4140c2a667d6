use proc_macro2::{LineColumn, TokenStream};

use super::{Unparsed, depth};

/// The tokeniser says where, not what.
const NO_TOKEN: &str = "a bracket or a quote without its partner, or a letter that begins no token";

/// Parses a file as the compiler would read it: a byte order mark and a first line `#!…` do not belong to it.
pub(super) fn parse(text: &str) -> Result<syn::File, Unparsed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tokens: TokenStream = without_shebang(text)
        .parse()
        .map_err(|error: proc_macro2::LexError| unparsed(error.span().start(), NO_TOKEN.into()))?;
    if let Some(span) = depth::too_deep(tokens.clone()) {
        let why = format!("nested or chained deeper than {} tokens", depth::MOST);
        return Err(Unparsed { too_deep: true, ..unparsed(span.start(), why) });
    }
    syn::parse2(tokens).map_err(|error| {
        let (at, why) = (error.span().start(), error.to_string());
        // The end of the file has no place of its own.
        let ended = at == LineColumn { line: 1, column: 0 } && why.starts_with("unexpected end");
        unparsed(if ended { end(text) } else { at }, why)
    })
}

fn unparsed(at: LineColumn, why: String) -> Unparsed {
    Unparsed { line: at.line, column: at.column + 1, why, too_deep: false }
}

fn end(text: &str) -> LineColumn {
    let last = text.lines().last().unwrap_or_default();
    LineColumn { line: text.lines().count().max(1), column: last.chars().count() }
}

/// The rest keeps its lines. `#![…]` is an attribute.
fn without_shebang(text: &str) -> &str {
    let is_shebang = text.strip_prefix("#!").is_some_and(|rest| !rest.trim_start().starts_with('['));
    if is_shebang { &text[text.find('\n').unwrap_or(text.len())..] } else { text }
}
