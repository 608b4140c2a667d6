//! Map keys: what has a spelling as text.
use super::encoder::Encoder;
use super::number;
use super::refusal::{Encoded, Refusal};
use serde::ser::{Impossible, Serialize, SerializeStruct, Serializer};
use std::fmt;

/// The place of one map key.
pub(super) struct Name<'a>(pub &'a mut Encoder);

impl Name<'_> {
    /// Integers, in decimal. They have at most 40 characters.
    fn decimal(self, n: impl fmt::Display) -> Encoded {
        super::serialize::display(self.0, &n)
    }
}

macro_rules! decimals {
    ($($method:ident $from:ty,)*) => {$(
        fn $method(self, n: $from) -> Encoded {
            self.decimal(n)
        }
    )*};
}

type Never = Impossible<(), Refusal>;

impl<'a> Serializer for Name<'a> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = NumberName<'a>;
    type SerializeStructVariant = Never;

    decimals! {
        serialize_i8 i8,
        serialize_i16 i16,
        serialize_i32 i32,
        serialize_i64 i64,
        serialize_i128 i128,
        serialize_u8 u8,
        serialize_u16 u16,
        serialize_u32 u32,
        serialize_u64 u64,
        serialize_u128 u128,
    }

    fn serialize_bool(self, value: bool) -> Encoded {
        self.0.text(if value { "true" } else { "false" })
    }

    fn serialize_char(self, value: char) -> Encoded {
        self.0.text(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Encoded {
        self.0.text(text)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Encoded {
        super::serialize::display(self.0, value)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Encoded {
        self.0.text(variant)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Encoded {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Encoded {
        value.serialize(self)
    }

    fn serialize_f32(self, _: f32) -> Encoded {
        Err(Refusal::map_key("a float"))
    }

    fn serialize_f64(self, _: f64) -> Encoded {
        Err(Refusal::map_key("a float"))
    }

    fn serialize_bytes(self, _: &[u8]) -> Encoded {
        Err(Refusal::map_key("bytes"))
    }

    fn serialize_none(self) -> Encoded {
        Err(Refusal::map_key("`None`"))
    }

    fn serialize_unit(self) -> Encoded {
        Err(Refusal::map_key("`()`"))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Encoded {
        Err(Refusal::map_key("a unit struct"))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Encoded {
        Err(Refusal::map_key("an enum variant with content"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Never, Refusal> {
        Err(Refusal::map_key("a sequence"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Never, Refusal> {
        Err(Refusal::map_key("a tuple"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never, Refusal> {
        Err(Refusal::map_key("a tuple struct"))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Never, Refusal> {
        Err(Refusal::map_key("an enum variant with content"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Never, Refusal> {
        Err(Refusal::map_key("a map"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<NumberName<'a>, Refusal> {
        match name {
            number::JSON_NUMBER => Ok(NumberName { at: self.0.out.len(), encoder: self.0 }),
            number::RAW_VALUE => Err(Refusal::raw_value()),
            _ => Err(Refusal::map_key("a struct")),
        }
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Never, Refusal> {
        Err(Refusal::map_key("an enum variant with content"))
    }
}

/// A `serde_json::Number` as a key: an integer has a spelling, a float has none.
pub(super) struct NumberName<'a> {
    encoder: &'a mut Encoder,
    at: usize,
}

impl SerializeStruct for NumberName<'_> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Encoded {
        self.encoder.inner(value)
    }

    fn end(self) -> Encoded {
        let text = number::text_at(self.encoder, self.at)?;
        // "-0" without `arbitrary_precision` is a float.
        if !number::is_integer(text) || text == "-0" {
            return Err(Refusal::map_key("a float"));
        }
        Ok(())
    }
}
