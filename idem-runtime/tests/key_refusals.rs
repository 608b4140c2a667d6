//! Every value without one canonical form is refused, by type, and without quoting it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod key_support;

use idem_runtime::key::{Duplicate, KeyError, KeyWriter, MAX_ENCODED, Set};
use key_support::{Announced, Doc, Number, RawValue, encoded, preimage, space, task};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The refusal of an argument named `secret_arg`, whose message must name it.
#[track_caller]
fn refusal<T: Serialize + ?Sized>(value: &T) -> KeyError {
    let mut writer = KeyWriter::new();
    let error = writer.arg("secret_arg", value).unwrap_err();
    assert_eq!(error.argument(), Some("secret_arg"), "{error}");
    assert!(error.to_string().starts_with("argument `secret_arg`: "), "{error}");
    // It stays refused.
    assert_eq!(writer.finish(&space(), &task()).unwrap_err(), error);
    error
}

macro_rules! refuses {
    ($($(#[$meta:meta])* $test:ident: $value:expr => $pattern:pat,)*) => {$(
        $(#[$meta])*
        #[test]
        fn $test() {
            let error = refusal(&$value);
            assert!(matches!(error, $pattern), "{error:?}");
        }
    )*};
}

refuses! {
    /// KEY-14, vector err-dup-key.
    two_keys_of_one_spelling: Doc::Map(vec![(Doc::int(1), Doc::Null), (Doc::text("1"), Doc::Null)])
        => KeyError::DuplicateKey { what: Duplicate::Name, .. },
    /// KEY-14: also far from each other and out of order.
    two_keys_of_one_spelling_apart: Doc::Map(
        ["b", "c", "a", "b"].map(|name| (Doc::text(name), Doc::Null)).to_vec()
    ) => KeyError::DuplicateKey { what: Duplicate::Name, .. },
    /// KEY-14: a flattened name against a field.
    a_flattened_name_that_is_a_field: Flattened { id: 1, rest: [("id", 2)].into() }
        => KeyError::DuplicateKey { what: Duplicate::Name, .. },
    /// KEY-14, vector err-tuple-key.
    a_tuple_as_key: BTreeMap::from([((1, 2), 3)]) => KeyError::MapKey { found: "a tuple", .. },
    /// KEY-14, vector err-none-key.
    none_as_key: BTreeMap::from([(None::<u8>, 3)]) => KeyError::MapKey { .. },
    a_unit_as_key: BTreeMap::from([((), 3)]) => KeyError::MapKey { .. },
    a_float_as_key: Doc::Map(vec![(Doc::F64(1.0), Doc::Null)])
        => KeyError::MapKey { found: "a float", .. },
    bytes_as_key: Doc::Map(vec![(Doc::Bytes(vec![1]), Doc::Null)])
        => KeyError::MapKey { found: "bytes", .. },
    a_float_of_serde_json_as_key: KeyOf(Number("1.5")) => KeyError::MapKey { found: "a float", .. },
    a_sequence_as_key: BTreeMap::from([(vec![1], 3)]) => KeyError::MapKey { .. },
    /// KEY-19, vector err-len.
    more_elements_than_announced: Announced(Some(1), vec![1, 2])
        => KeyError::LenMismatch { announced: 1, given: 2, .. },
    fewer_elements_than_announced: Announced(Some(3), vec![1, 2])
        => KeyError::LenMismatch { announced: 3, given: 2, .. },
    a_name_without_a_value: Uneven => KeyError::LenMismatch { .. },
    more_names_than_announced: AnnouncedMap(1, &["a", "b"]) => KeyError::LenMismatch { announced: 1, given: 2, .. },
    fewer_names_than_announced: AnnouncedMap(3, &["a", "b"]) => KeyError::LenMismatch { announced: 3, given: 2, .. },
    /// KEY-16, vector err-hashset.
    a_bare_hash_set: HashSet::from([1, 2]) => KeyError::UnorderedSet { .. },
    an_empty_hash_set: HashSet::<u8>::new() => KeyError::UnorderedSet { .. },
    /// KEY-16, vector err-boxed-nested-hashset.
    a_boxed_nested_hash_set: Box::new(vec![Some(Box::new(HashSet::from([1])))])
        => KeyError::UnorderedSet { .. },
    a_transparent_hash_set: Transparent(HashSet::from([1])) => KeyError::UnorderedSet { .. },
    a_hash_sets_iterator: Iterated(HashSet::from([1])) => KeyError::UnorderedSet { .. },
    a_hash_maps_values: Values(HashMap::from([(1, 2)])) => KeyError::UnorderedSet { .. },
    /// KEY-16: `Set` orders its own elements, not those inside them.
    a_hash_set_inside_a_set: Set([HashSet::from([1])]) => KeyError::UnorderedSet { .. },
    /// KEY-16, vector err-set-dup.
    equal_elements_in_a_set: Set([3, 1, 3])
        => KeyError::DuplicateKey { what: Duplicate::Element, .. },
    elements_that_encode_alike: Set([Doc::int(1), Doc::F64(1.0)])
        => KeyError::DuplicateKey { what: Duplicate::Element, .. },
    a_set_around_a_map: Set(BTreeMap::from([("a", 1)]))
        => KeyError::SetOfNonSeq { found: "a map", .. },
    a_set_around_a_number: Set(1) => KeyError::SetOfNonSeq { found: "a number", .. },
    a_set_around_an_option: Set(Some([1])) => KeyError::SetOfNonSeq { .. },
    a_set_around_none: Set(None::<Vec<u8>>) => KeyError::SetOfNonSeq { .. },
    /// KEY-18, vector err-depth.
    nesting_of_129: nested(129) => KeyError::Depth { .. },
    maps_nested_129_deep: nested_maps(129) => KeyError::Depth { .. },
    an_endless_chain_of_some: somes(5_000) => KeyError::Depth { .. },
    /// KEY-17.
    raw_json: RawValue("{}") => KeyError::RawValue { .. },
    raw_json_as_key: KeyOf(RawValue("{}")) => KeyError::RawValue { .. },
    a_number_beyond_f64: Number("1e400") => KeyError::Number { .. },
    a_number_that_is_none: Number("abc") => KeyError::Number { .. },
    a_number_with_a_plus: Number("+1") => KeyError::Number { .. },
    a_number_with_a_leading_zero: Number("01") => KeyError::Number { .. },
    a_number_spelled_nan: Number("NaN") => KeyError::Number { .. },
    a_number_without_digits: Number("-") => KeyError::Number { .. },
    a_number_with_an_empty_fraction: Number("1.") => KeyError::Number { .. },
    /// KEY-18.
    text_beyond_the_limit: "x".repeat(MAX_ENCODED) => KeyError::TooLarge { .. },
    a_list_beyond_the_limit: vec![1_u8; MAX_ENCODED] => KeyError::TooLarge { .. },
    displayed_text_beyond_the_limit: Displayed => KeyError::TooLarge { .. },
    a_number_of_too_many_digits: Number(Box::leak("7".repeat(30_000).into_boxed_str()))
        => KeyError::TooLarge { .. },
    a_type_that_refuses: Failing => KeyError::Custom { .. },
    a_refusal_that_was_swallowed: Swallowing => KeyError::Custom { .. },
}

/// KEY-20: a message says nothing that a value holds, in `Display` and `Debug` alike.
#[test]
fn no_message_quotes_a_value() {
    let secret = "4111-1111";
    let twice = Doc::Map(vec![(Doc::text(secret), Doc::Null); 2]);
    let set = Doc::Set(vec![Doc::text(secret); 2]);
    for error in [refusal(&twice), refusal(&set), refusal(&Failing)] {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("4111"), "{shown}");
    }
    let source = std::error::Error::source(&refusal(&Failing)).map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("card 4111-1111 is bad"));
}

/// A name that stands twice is told by what has to be done about it.
#[test]
fn what_stands_twice_is_told_with_what_to_do() {
    let twice = Doc::Map(vec![(Doc::text("a"), Doc::Null); 2]);
    assert!(refusal(&twice).to_string().contains("rename or drop one"));
    assert!(refusal(&Set([1, 1])).to_string().contains("remove the repetition"));
    let mut writer = KeyWriter::new();
    writer.arg("a", &1).unwrap();
    let argument = writer.arg("a", &1).and_then(|()| writer.finish(&space(), &task()).map(drop)).unwrap_err();
    assert!(argument.to_string().contains("rename one of them"), "{argument}");
    let mut writer = KeyWriter::new();
    writer.scope("user", &1).unwrap();
    let scope = writer.scope("user", &1).unwrap_err();
    assert!(scope.to_string().contains("remove one of them"), "{scope}");
}

/// A type that looks at the error of a part is told by whom it was refused.
#[test]
fn a_type_that_tells_an_error_of_its_parts_can_say_whose_it_was() {
    let source = std::error::Error::source(&refusal(&Telling)).map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("a part: refused by the key encoder"));
}

/// KEY-20: `Debug` says that a type gave its own reason, and not which.
#[test]
fn a_reason_of_a_type_s_own_is_there_and_not_shown() {
    let shown = format!("{:?}", refusal(&Failing));
    assert!(shown.contains("CustomMessage(..)"), "{shown}");
}

/// KEY-18: the limits themselves are allowed.
#[test]
fn values_at_the_limits_have_keys() {
    for value in [nested(128), nested_maps(128), somes(1_000)] {
        assert!(preimage(&value).is_ok());
    }
    // Name `v` takes two bytes, the head of the text five.
    let text = "x".repeat(MAX_ENCODED - 7);
    assert!(preimage(&text).is_ok());
    assert!(preimage(&format!("{text}x")).is_err());
}

/// KEY-18: the arguments of a call share one limit.
#[test]
fn the_size_of_all_arguments_counts() {
    let half = "x".repeat(MAX_ENCODED / 2);
    let mut writer = KeyWriter::new();
    writer.arg("a", &half).unwrap();
    let error = writer.arg("b", &half).unwrap_err();
    assert!(matches!(error, KeyError::TooLarge { .. }), "{error:?}");
}

/// KEY-6: one name, one value; the argument is named.
#[test]
fn an_argument_given_twice_is_refused() {
    for names in [&["a", "a"][..], &["b", "a", "c", "a"], &["b", "b", "a"]] {
        let mut writer = KeyWriter::new();
        let written: Result<(), _> = names.iter().try_for_each(|name| writer.arg(name, &1));
        let error = written.and_then(|()| writer.finish(&space(), &task()).map(drop));
        let error = error.unwrap_err();
        let what = Duplicate::Argument;
        assert!(matches!(&error, KeyError::DuplicateKey { what: w, .. } if *w == what));
        assert_eq!(error.argument(), Some(if names[0] == "b" && names[1] == "b" { "b" } else { "a" }));
    }
}

/// KEY-5.
#[test]
fn a_scope_must_be_there_and_be_named() {
    let scope = |kind: &str, value: &Doc| KeyWriter::new().scope(kind, value).unwrap_err();
    let missing = scope("user", &Doc::Null);
    assert_eq!(missing, KeyError::ScopeMissing { kind: "user".into() });
    let absent = Doc::Some(Box::new(Doc::Null));
    assert!(matches!(scope("user", &absent), KeyError::ScopeMissing { .. }));
    assert!(matches!(scope("", &Doc::int(1)), KeyError::ScopeKind { .. }));
    assert!(matches!(scope("a+b", &Doc::int(1)), KeyError::ScopeKind { .. }));
    let error = scope("user", &Doc::Set(vec![Doc::Null; 2]));
    assert!(error.to_string().starts_with("scope `user`: "), "{error}");
    let mut writer = KeyWriter::new();
    writer.scope("user", &1).unwrap();
    let twice = writer.scope("user", &1).unwrap_err();
    assert!(matches!(twice, KeyError::DuplicateKey { what: Duplicate::Scope, .. }));
}

/// KEY-16: behind `Set`, and in a map's keys, a hash table has an order.
#[test]
fn hash_tables_with_an_order_are_accepted() {
    encoded(&Set(HashSet::from([1, 2, 3]))).unwrap();
    encoded(&Set(&Box::new(HashSet::from(["a"])))).unwrap();
    encoded(&HashMap::from([("a", 1), ("b", 2)])).unwrap();
}

fn nested(levels: usize) -> Doc {
    (0..levels).fold(Doc::int(1), |doc, _| Doc::Array(vec![doc]))
}

fn nested_maps(levels: usize) -> Doc {
    let wrap = |doc, _| Doc::Map(vec![(Doc::text("k"), doc)]);
    (0..levels).fold(Doc::int(1), wrap)
}

fn somes(levels: usize) -> Doc {
    (0..levels).fold(Doc::Null, |doc, _| Doc::Some(Box::new(doc)))
}

#[derive(Serialize)]
struct Flattened {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<&'static str, u8>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Transparent(HashSet<u8>);

struct Iterated(HashSet<u8>);

impl Serialize for Iterated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}

struct Values(HashMap<u8, u8>);

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values())
    }
}

/// A map of one entry under this key.
struct KeyOf<K>(K);

impl<K: Serialize> Serialize for KeyOf<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&self.0, &1)?;
        map.end()
    }
}

struct Uneven;

impl Serialize for Uneven {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_key("a")?;
        map.end()
    }
}

/// A map that says it has so many names.
struct AnnouncedMap(usize, &'static [&'static str]);

impl Serialize for AnnouncedMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0))?;
        self.1.iter().try_for_each(|name| map.serialize_entry(name, &1))?;
        map.end()
    }
}

/// Tells what a part was refused for.
struct Telling;

impl Serialize for Telling {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("a", &HashSet::from([1]))
            .map_err(|error| serde::ser::Error::custom(format!("a part: {error}")))?;
        map.end()
    }
}

struct Failing;

impl Serialize for Failing {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("card 4111-1111 is bad"))
    }
}

/// Goes on after an element was refused.
struct Swallowing;

impl Serialize for Swallowing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let _ = map.serialize_entry("a", &Failing);
        map.serialize_entry("b", &1)?;
        map.end()
    }
}

struct Displayed;

impl Serialize for Displayed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:>1$}", 1, 60_000).to_string().repeat(20))
    }
}
