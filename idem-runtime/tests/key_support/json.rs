//! JSON with exact numbers, and the special spellings for what JSON cannot carry.
use super::{Doc, hex, unhex};

/// Reads one JSON text. Integers keep their digits; a number with a point or exponent is a float.
pub fn parse(text: &str) -> Doc {
    let mut reader = Reader { text, at: 0 };
    let doc = reader.value();
    reader.space();
    assert_eq!(reader.at, text.len(), "text after the JSON value");
    doc
}

/// Resolves special spellings, inside out.
///
/// # Panics
/// At a spelling that is not known: it must not be taken for a map.
pub fn resolve(doc: Doc) -> Doc {
    match doc {
        Doc::Array(items) => Doc::Array(items.into_iter().map(resolve).collect()),
        Doc::Map(entries) => match special(&entries) {
            Some((name, value)) => spelled(&name, value),
            None => Doc::Map(entries.into_iter().map(|(name, value)| (name, resolve(value))).collect()),
        },
        other => other,
    }
}

/// Writes a document as JSON with special spellings.
pub fn render(doc: &Doc) -> String {
    match doc {
        Doc::Null => "null".to_owned(),
        Doc::Bool(value) => value.to_string(),
        Doc::Int(digits) => digits.clone(),
        // Both spellings of floats are read.
        Doc::F64(x) if x.is_finite() && x.to_bits() % 2 == 0 => format!("{x:?}"),
        Doc::F64(x) => format!(r#"{{"$f64":"{:016x}"}}"#, x.to_bits()),
        Doc::F32(x) => format!(r#"{{"$f32":"{:08x}"}}"#, x.to_bits()),
        Doc::Text(text) => serde_json::to_string(text).unwrap(),
        Doc::Bytes(bytes) => format!(r#"{{"$bytes":"{}"}}"#, hex(bytes)),
        Doc::Some(inner) => format!(r#"{{"$some":{}}}"#, render(inner)),
        Doc::Array(docs) => list(docs),
        Doc::Set(docs) => format!(r#"{{"$set":{}}}"#, list(docs)),
        Doc::Map(entries) => {
            let pair = |(name, value): &(Doc, Doc)| Doc::Array(vec![name.clone(), value.clone()]);
            let pairs: Vec<Doc> = entries.iter().map(pair).collect();
            format!(r#"{{"$keys":{}}}"#, list(&pairs))
        }
    }
}

fn list(docs: &[Doc]) -> String {
    let docs: Vec<String> = docs.iter().map(render).collect();
    format!("[{}]", docs.join(","))
}

fn special(entries: &[(Doc, Doc)]) -> Option<(String, Doc)> {
    let is_special = |name: &Doc| matches!(name, Doc::Text(text) if text.starts_with('$'));
    let (name, value) = entries.iter().find(|(name, _)| is_special(name))?;
    assert_eq!(entries.len(), 1, "a special spelling among others: {name:?}");
    Some((name.as_text().to_owned(), value.clone()))
}

fn spelled(name: &str, value: Doc) -> Doc {
    match name {
        "$f64" => Doc::F64(f64::from_bits(bits(value.as_text()))),
        "$f32" => Doc::F32(f32::from_bits(bits(value.as_text()) as u32)),
        "$bytes" => Doc::Bytes(unhex(value.as_text())),
        "$some" => Doc::Some(Box::new(resolve(value))),
        "$set" => Doc::Set(value.items().into_iter().map(resolve).collect()),
        "$keys" => Doc::Map(value.items().into_iter().map(entry).collect()),
        unknown => panic!("unknown special spelling {unknown}"),
    }
}

fn entry(pair: Doc) -> (Doc, Doc) {
    match <[Doc; 2]>::try_from(pair.items()) {
        Ok([name, value]) => (resolve(name), resolve(value)),
        Err(other) => panic!("an entry of $keys is a pair, not {other:?}"),
    }
}

fn bits(text: &str) -> u64 {
    u64::from_str_radix(text, 16).expect("hex bits")
}

impl Doc {
    pub fn as_text(&self) -> &str {
        match self {
            Doc::Text(text) => text,
            other => panic!("expected text, found {other:?}"),
        }
    }

    pub fn as_int<T: std::str::FromStr>(&self) -> T {
        match self {
            Doc::Int(digits) => digits.parse().unwrap_or_else(|_| panic!("{digits} is out of range")),
            other => panic!("expected an integer, found {other:?}"),
        }
    }

    pub fn items(self) -> Vec<Doc> {
        match self {
            Doc::Array(items) => items,
            other => panic!("expected an array, found {other:?}"),
        }
    }

    pub fn entries(self) -> Vec<(Doc, Doc)> {
        match self {
            Doc::Map(entries) => entries,
            other => panic!("expected an object, found {other:?}"),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Doc> {
        let Doc::Map(entries) = self else {
            panic!("expected an object, found {self:?}");
        };
        let found = |(key, _): &&(Doc, Doc)| key.as_text() == name;
        entries.iter().find(found).map(|(_, value)| value)
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t']).len();
    }

    fn peek(&mut self) -> u8 {
        self.space();
        *self.text.as_bytes().get(self.at).expect("JSON ends early")
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.text[self.at..].starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn expect(&mut self, token: &str) {
        assert!(self.eat(token), "expected {token} at byte {}", self.at);
    }

    fn value(&mut self) -> Doc {
        match self.peek() {
            b'{' => Doc::Map(self.list("{", "}", |reader| {
                let name = Doc::Text(reader.string());
                reader.expect(":");
                (name, reader.value())
            })),
            b'[' => Doc::Array(self.list("[", "]", Self::value)),
            b'"' => Doc::Text(self.string()),
            _ if self.eat("null") => Doc::Null,
            _ if self.eat("true") => Doc::Bool(true),
            _ if self.eat("false") => Doc::Bool(false),
            _ => self.number(),
        }
    }

    fn list<T>(&mut self, open: &str, close: &str, item: impl Fn(&mut Self) -> T) -> Vec<T> {
        self.expect(open);
        let mut items = Vec::new();
        while !self.eat(close) {
            if !items.is_empty() {
                self.expect(",");
            }
            items.push(item(self));
        }
        items
    }

    fn string(&mut self) -> String {
        assert_eq!(self.peek(), b'"', "a string at byte {}", self.at);
        let rest = &self.text.as_bytes()[self.at + 1..];
        let mut escaped = false;
        let end = rest.iter().position(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        });
        let end = self.at + 2 + end.expect("the string ends");
        let token = &self.text[self.at..end];
        self.at = end;
        serde_json::from_str(token).expect("a JSON string")
    }

    fn number(&mut self) -> Doc {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c)));
        let token = &rest[..end.unwrap_or(rest.len())];
        self.at += token.len();
        let float = token.contains(['.', 'e', 'E']);
        let x: f64 = token.parse().unwrap_or_else(|_| panic!("a number, not {rest:.20}"));
        if float { Doc::F64(x) } else { Doc::Int(token.to_owned()) }
    }
}
