//! The parser descends once for each level of nesting, and so does whoever reads or drops its tree: a hostile or
//! generated text would overflow the stack, which no one can catch. So the levels are bounded before.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// The most tokens, summed from the outermost level to the innermost, that may stand between two ends of a statement.
/// A level costs at most some 44 KiB of stack (references of a type, in a build without optimisation), see [`STACK`].
pub(crate) const MOST: usize = 8_000;

/// The stack of the thread that parses, in bytes. Memory is taken as it is used.
pub(crate) const STACK: usize = MOST * (64 << 10);

/// Words after which `!` is not that of a macro.
const BEFORE_NOT: &[&str] = &["break", "else", "if", "in", "match", "return", "while", "yield"];

/// Where the text is nested too deep. Each token is taken for a level, since `!!!x`, `a + b + c`, `a.b().c()` and
/// `else if` all are; a statement, an item or an element of a list begins anew.
pub(super) fn too_deep(tokens: TokenStream) -> Option<Span> {
    within(tokens, 0).err()
}

fn within(tokens: TokenStream, above: usize) -> Result<(), Span> {
    let mut level = above;
    // A comma does not end what `<` or `|` began.
    let mut begun = 0_usize;
    let mut before: [Option<TokenTree>; 2] = [None, None];
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        level += 1;
        if level > MOST {
            return Err(token.span());
        }
        match &token {
            TokenTree::Group(_) if of_macro(&before) => {}
            TokenTree::Group(group) => {
                within(group.stream(), level)?;
                let next = tokens.peek();
                if group.delimiter() == Delimiter::Bracket && matches!(&before[1], Some(last) if is(last, '#')) {
                    level -= 2; // attributes stand in a row
                } else if group.delimiter() == Delimiter::Brace && !goes_on(next) {
                    (level, begun) = (above, 0);
                }
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ';' => (level, begun) = (above, 0),
                ',' => level = above + begun,
                '<' | '|' => begun += 1,
                '>' if matches!(&before[1], Some(last) if is(last, '=')) => (level, begun) = (above, 0),
                '>' if !matches!(&before[1], Some(last) if is(last, '-')) => begun = begun.saturating_sub(1),
                _ => {}
            },
            TokenTree::Ident(_) | TokenTree::Literal(_) => {}
        }
        before = [before[1].take(), Some(token)];
    }
    Ok(())
}

/// Whether a group after these is what a macro is given, which is not parsed.
fn of_macro(before: &[Option<TokenTree>; 2]) -> bool {
    match before {
        [Some(TokenTree::Ident(name)), Some(not)] => is(not, '!') && !BEFORE_NOT.iter().any(|word| name == word),
        _ => false,
    }
}

/// Whether what stands behind a block belongs to the same expression.
fn goes_on(next: Option<&TokenTree>) -> bool {
    match next {
        Some(TokenTree::Ident(next)) => next == "else",
        Some(TokenTree::Punct(next)) => next.as_char() != '#',
        _ => false,
    }
}

fn is(token: &TokenTree, letter: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == letter)
}
