//! As much of Rust's grammar as the rules need: what is code, what is a test, what is a word.

/// The text with comments and the contents of strings and characters blanked; lines stay where they are.
pub fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut last = ' ';
    while let Some(first) = rest.chars().next() {
        let skipped = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            // A prefix is one only where no name goes before it: `for"` is none.
            'r' | 'b' | 'c' if !is_name(last) => prefixed(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if skipped == 0 {
            out.push(first);
            last = first;
            rest = &rest[first.len_utf8()..];
        } else {
            let (gone, after) = rest.split_at(skipped);
            out.extend(gone.chars().map(|gone| if gone == '\n' { '\n' } else { ' ' }));
            last = ' ';
            rest = after;
        }
    }
    out
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// From a quotation mark to the one that closes it.
fn string(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `b"…"`, `r"…"`, `br#"…"#` and the like; 0 if it is a name after all.
fn prefixed(rest: &str) -> usize {
    let name = rest.find(|letter: char| !is_name(letter)).unwrap_or(rest.len());
    let after = &rest[name..];
    match &rest[..name] {
        "b" | "c" if after.starts_with('"') => name + string(after),
        "b" if after.starts_with('\'') => name + character(after),
        "r" | "br" | "cr" => {
            let hashes = after.len() - after.trim_start_matches('#').len();
            if !after[hashes..].starts_with('"') {
                return 0; // a raw name, `r#type`
            }
            let end = format!("\"{}", "#".repeat(hashes));
            let body = name + hashes + 1;
            rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len())
        }
        _ => 0,
    }
}

/// `'x'` and `'\n'`; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut letters = rest.char_indices().skip(1);
    match letters.next() {
        Some((_, '\\')) => rest.char_indices().skip(3).find(|(_, letter)| *letter == '\'').map_or(0, |(at, _)| at + 1),
        Some(_) => letters.next().filter(|(_, letter)| *letter == '\'').map_or(0, |(at, _)| at + 1),
        None => 0,
    }
}

/// Code without the items under `#[cfg(test)]`; lines stay where they are.
pub fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        let (before, item) = rest.split_at(at);
        out.push_str(before);
        let (gone, after) = item.split_at(item_end(item));
        out.extend(gone.chars().map(|gone| if gone == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Where the item ends that begins here: at its semicolon, or at the brace that closes it.
fn item_end(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in item.char_indices() {
        match letter {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && letter == '}' {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

/// The names in a piece of code, with their offsets.
pub fn names(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + code[at..].find(is_name)?;
        at = code[start..].find(|letter: char| !is_name(letter)).map_or(code.len(), |len| start + len);
        Some((start, &code[start..at]))
    })
}

/// Whether the code names this.
pub fn has_name(code: &str, name: &str) -> bool {
    names(code).any(|(_, found)| found == name)
}

/// Which line, from 1, an offset is in.
pub fn line_of(code: &str, offset: usize) -> usize {
    1 + code[..offset].matches('\n').count()
}

pub fn is_name(letter: char) -> bool {
    letter == '_' || letter.is_alphanumeric()
}
