//! The serde serializer: what each Rust value is in the key's document.
use super::array::Array;
use super::encoder::{ARRAY, Encoder, FALSE, MAP, NULL, SOME_TAG, TEXT, TRUE};
use super::map::{Form, Map};
use super::refusal::{Encoded, Refusal};
use super::set::SET_NAME;
use super::{number, unordered};
use serde::ser::{Error as _, Serialize, Serializer};
use std::fmt::{self, Write as _};

/// `Some`s that may wrap one another without a container between. Each costs a stack frame, so a
/// chain of `Option<Box<_>>` must end before the stack does.
const MAX_SOMES: u32 = 1_000;

/// The place of one value.
pub(super) struct Item<'a> {
    encoder: &'a mut Encoder,
    /// `Some`s around the value.
    somes: u32,
    /// Whether a `Set` stands directly around the value.
    set: bool,
}

impl<'a> Item<'a> {
    #[inline(always)]
    pub fn new(encoder: &'a mut Encoder) -> Self {
        Item { encoder, somes: 0, set: false }
    }

    /// A value that is no sequence.
    #[inline(always)]
    fn plain(self, found: &'static str) -> Result<&'a mut Encoder, Refusal> {
        if self.set {
            return Err(Refusal::set_of(found));
        }
        Ok(self.encoder)
    }

    fn null(self) -> Encoded {
        let somes = self.somes;
        let encoder = self.plain("null")?;
        for _ in 0..somes {
            encoder.out.extend_from_slice(&SOME_TAG);
        }
        encoder.byte(NULL)
    }

    #[inline]
    fn array(self, len: Option<usize>) -> Result<Array<'a>, Refusal> {
        Array::begin(self.encoder, len, self.set)
    }

    #[inline]
    fn map(self, len: Option<usize>) -> Result<Map<'a>, Refusal> {
        Map::begin(self.plain("a map")?, len, Form::Entries)
    }

    /// An enum's variant with content: a map of its name to the content.
    fn variant(self, name: &str) -> Result<&'a mut Encoder, Refusal> {
        let encoder = self.plain("an enum variant")?;
        encoder.enter()?;
        encoder.head(MAP, 1)?;
        encoder.text(name)?;
        Ok(encoder)
    }
}

macro_rules! integers {
    ($($method:ident $from:ty => $encode:ident $to:ty,)*) => {$(
        #[inline(always)]
        fn $method(self, n: $from) -> Encoded {
            self.plain("a number")?.$encode(<$to>::from(n))
        }
    )*};
}

impl<'a> Serializer for Item<'a> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Array<'a>;
    type SerializeTuple = Array<'a>;
    type SerializeTupleStruct = Array<'a>;
    type SerializeTupleVariant = Array<'a>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = Map<'a>;
    type SerializeStructVariant = Map<'a>;

    integers! {
        serialize_i8 i8 => signed i64,
        serialize_i16 i16 => signed i64,
        serialize_i32 i32 => signed i64,
        serialize_i64 i64 => signed i64,
        serialize_i128 i128 => wide_signed i128,
        serialize_u8 u8 => small u8,
        serialize_u16 u16 => unsigned u64,
        serialize_u32 u32 => unsigned u64,
        serialize_u64 u64 => unsigned u64,
        serialize_u128 u128 => wide_unsigned u128,
        serialize_f32 f32 => float f64,
        serialize_f64 f64 => float f64,
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Encoded {
        self.plain("a boolean")?.byte(if value { TRUE } else { FALSE })
    }

    fn serialize_char(self, value: char) -> Encoded {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Encoded {
        self.plain("text")?.text(text)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Encoded {
        display(self.plain("text")?, value)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Encoded {
        if self.set {
            return self.collect_seq(bytes);
        }
        let encoder = self.encoder;
        encoder.enter()?;
        encoder.head(ARRAY, bytes.len() as u64)?;
        for byte in bytes {
            encoder.small(*byte)?;
        }
        encoder.depth -= 1;
        Ok(())
    }

    fn serialize_none(self) -> Encoded {
        self.null()
    }

    fn serialize_unit(self) -> Encoded {
        self.null()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Encoded {
        self.null()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Encoded {
        let somes = self.somes + 1;
        if somes > MAX_SOMES {
            return Err(Refusal::depth());
        }
        let encoder = self.plain("an `Option`")?;
        value.serialize(Item { encoder, somes, set: false })
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Encoded {
        let set = self.set || name == SET_NAME;
        value.serialize(Item { set, ..self })
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Encoded {
        self.plain("an enum variant")?.text(variant)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Encoded {
        let encoder = self.variant(variant)?;
        encoder.inner(value)?;
        encoder.depth -= 1;
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Array<'a>, Refusal> {
        self.array(len)
    }

    /// The type of what is iterated shows a hash set through every wrapper around it.
    #[inline]
    fn collect_seq<I>(self, items: I) -> Encoded
    where
        I: IntoIterator,
        I::Item: Serialize,
    {
        if !self.set && unordered::is_random::<I>() {
            return Err(Refusal::unordered(unordered::shown::<I>()));
        }
        let items = items.into_iter();
        let len = match items.size_hint() {
            (low, Some(high)) if low == high => Some(low),
            _ => None,
        };
        let mut array = self.array(len)?;
        for item in items {
            array.element(&item)?;
        }
        array.finish()
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Array<'a>, Refusal> {
        self.array(Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Array<'a>, Refusal> {
        self.array(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Array<'a>, Refusal> {
        Ok(Array::begin(self.variant(variant)?, Some(len), false)?.in_variant())
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Map<'a>, Refusal> {
        self.map(len)
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Map<'a>, Refusal> {
        match name {
            number::JSON_NUMBER => Ok(Map::number(self.plain("a number")?)),
            number::RAW_VALUE => Err(Refusal::raw_value()),
            _ => self.map(Some(len)),
        }
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Map<'a>, Refusal> {
        Map::begin(self.variant(variant)?, Some(len), Form::Variant)
    }
}

/// Encodes what `value` displays, without a string in between.
pub(super) fn display<T: fmt::Display + ?Sized>(encoder: &mut Encoder, value: &T) -> Encoded {
    let at = encoder.out.len();
    encoder.open()?;
    let mut text = Text { encoder, full: false };
    if write!(text, "{value}").is_err() {
        return Err(if text.full { Refusal::too_large() } else { Refusal::custom("its `Display` failed") });
    }
    let length = encoder.out.len() - at - 1;
    encoder.close(at, TEXT, length as u64)
}

/// Lets `Display` write into the buffer, up to the limit.
struct Text<'a> {
    encoder: &'a mut Encoder,
    full: bool,
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.full = self.encoder.out.len() + text.len() > self.encoder.limit;
        if self.full {
            return Err(fmt::Error);
        }
        self.encoder.out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
