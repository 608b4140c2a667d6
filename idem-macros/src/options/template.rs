//! `key = "autoclose:{job_id}:{day}"`

use std::ops::Range;

use syn::LitStr;
use syn::ext::IdentExt;
use syn::parse::Parser;

use crate::diagnostic::Ctxt;

/// A text with places for arguments.
pub(crate) struct Template {
    pub(crate) text: LitStr,
    pub(crate) places: Vec<Place>,
}

/// `{order.id}`
pub(crate) struct Place {
    /// `order`
    pub(crate) root: String,
    /// `id`
    pub(crate) fields: Vec<String>,
    /// Where it stands in the text, without its braces.
    at: Range<usize>,
}

impl Place {
    /// As written, which is its name among the arguments.
    pub(crate) fn name(&self) -> String {
        self.fields.iter().fold(self.root.clone(), |name, field| format!("{name}.{field}"))
    }
}

impl Template {
    /// Reads the places. The mistakes are all told, each with a picture: a text has one span.
    pub(super) fn read(text: LitStr, cx: &mut Ctxt) -> Self {
        let value = text.value();
        let (before, mut places) = (cx.count(), Vec::new());
        for found in braces(&value) {
            match found.and_then(|at| place(&value, at)) {
                Ok(place) => places.push(place),
                Err(Fault { at, says }) => cx.error(text.span(), pictured(&value, &at, &says)),
            }
        }
        if places.is_empty() && cx.count() == before {
            let says = if value.is_empty() { "is empty" } else { "names no parameter" };
            let message = format!(
                "the key's template {says}, so that every call would be a duplicate of the first: write `{{job_id}}` where an argument goes, or `key()` if that is meant"
            );
            cx.error(text.span(), message);
        }
        Self { text, places }
    }

    /// A mistake in one of its places.
    pub(crate) fn refuse(&self, place: &Place, says: &str, cx: &mut Ctxt) {
        cx.error(self.text.span(), pictured(&self.text.value(), &place.at, says));
    }
}

struct Fault {
    at: Range<usize>,
    says: String,
}

impl Fault {
    fn new(at: Range<usize>, says: impl Into<String>) -> Self {
        Self { at, says: says.into() }
    }
}

/// What stands between braces; `{{` and `}}` are braces of the text.
fn braces(text: &str) -> Vec<Result<Range<usize>, Fault>> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(at) = text[rest..].find(['{', '}']).map(|at| rest + at) {
        let (brace, after) = (&text[at..=at], &text[at + 1..]);
        rest = at + 1;
        if after.starts_with(brace) {
            rest += 1;
        } else if brace == "}" {
            found.push(Err(Fault::new(at..at + 1, "this `}` closes nothing: a brace of the text is written `}}`")));
        } else {
            let len = after.find(['{', '}']).unwrap_or(after.len());
            if after[len..].starts_with('}') {
                found.push(Ok(rest..rest + len));
                rest += len + 1;
            } else {
                let says = "this `{` is not closed: write `{job_id}`; a brace of the text is written `{{`";
                found.push(Err(Fault::new(at..at + 1, says)));
                rest += len;
            }
        }
    }
    found
}

/// A parameter, or a path of fields in one.
fn place(text: &str, at: Range<usize>) -> Result<Place, Fault> {
    let written = &text[at.clone()];
    let fault = |says: String| Err(Fault::new(at.start - 1..at.end + 1, says));
    if written.trim().is_empty() {
        return fault(
            "these braces name nothing: write `{job_id}`; braces of the text are written `{{` and `}}`".into(),
        );
    }
    if let Some((name, _)) = written.split_once(':') {
        return fault(format!("a value enters a key as it is, without a format: write `{{{name}}}`"));
    }
    if written.bytes().all(|b| b.is_ascii_digit()) {
        return fault("a place is named, not numbered: write the parameter's name, `{job_id}`".into());
    }
    let mut names = written.split('.').map(str::to_owned);
    let root = names.next().unwrap_or_default();
    let fields: Vec<String> = names.collect();
    if root == "self" {
        return fault("`self` never enters the key: pass the value as an argument".into());
    }
    let is_index = |field: &String| field.bytes().all(|b| b.is_ascii_digit()) && field.parse::<u32>().is_ok();
    if !is_name(&root) || !fields.iter().all(|field| is_name(field) || is_index(field)) {
        return fault(
            "a place holds a parameter or a path of fields in one, and nothing else: `{job_id}`, `{order.id}`".into(),
        );
    }
    Ok(Place { root, fields, at })
}

/// Whether a field or a parameter can have this name, be it by `r#`.
fn is_name(text: &str) -> bool {
    let never_raw = ["self", "Self", "super", "crate", "_"];
    let plain = text.chars().all(|c| c.is_alphanumeric() || c == '_');
    plain && !never_raw.contains(&text) && syn::Ident::parse_any.parse_str(text).is_ok()
}

/// What is said, and the text with a mark under the place.
fn pictured(text: &str, at: &Range<usize>, says: &str) -> String {
    if text.contains(char::is_control) {
        return format!("{says}; found `{}`", text[at.clone()].escape_debug());
    }
    let indent = " ".repeat(text[..at.start].chars().count());
    let mark = "^".repeat(text[at.clone()].chars().count());
    format!("{says}\n  {text}\n  {indent}{mark}")
}
