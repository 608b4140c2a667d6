//! Writing: values into bytes.

use serde::ser::{self, Serialize};

use super::elements::Elements;
use super::{BIG_NEGATIVE, BIG_POSITIVE, Error, MAX_DEPTH, SOME, major, simple};

/// Appends the bytes of `value`.
///
/// # Errors
/// Nesting beyond the limit, a wrong announced length, or what the type's own `Serialize` refuses.
pub fn append<T: ?Sized + Serialize>(out: &mut Vec<u8>, value: &T) -> Result<(), Error> {
    let mut writer = Writer { out: std::mem::take(out), somes: 0, depth: 0 };
    let result = value.serialize(&mut writer);
    *out = writer.out;
    result
}

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    /// How many `Some`s stand directly before the next item. They are written only before a null.
    somes: usize,
    pub(super) depth: usize,
}

impl Writer {
    /// An item's first byte, and its argument in the shortest form.
    fn head(&mut self, major: u8, argument: u64) {
        self.somes = 0;
        self.raw_head(major, argument);
    }

    fn raw_head(&mut self, major: u8, argument: u64) {
        let bytes = argument.to_be_bytes();
        match argument {
            0..24 => self.out.push(major | bytes[7]),
            24..0x100 => self.out.extend_from_slice(&[major | 24, bytes[7]]),
            0x100..0x1_0000 => {
                self.out.push(major | 25);
                self.out.extend_from_slice(&bytes[6..]);
            }
            0x1_0000..0x1_0000_0000 => {
                self.out.push(major | 26);
                self.out.extend_from_slice(&bytes[4..]);
            }
            _ => {
                self.out.push(major | 27);
                self.out.extend_from_slice(&bytes);
            }
        }
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.somes = 0;
        self.out.push(byte);
    }

    fn null(&mut self) {
        for _ in 0..std::mem::take(&mut self.somes) {
            self.raw_head(major::TAG, SOME);
        }
        self.out.push(simple::NULL);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.head(major::TEXT, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    fn big(&mut self, tag: u64, value: u128) {
        let bytes = value.to_be_bytes();
        let zeros = (value.leading_zeros() / 8) as usize;
        self.head(major::TAG, tag);
        self.raw_head(major::BYTES, (bytes.len() - zeros) as u64);
        self.out.extend_from_slice(&bytes[zeros..]);
    }

    fn open(&mut self, major: u8, len: Option<usize>) -> Result<Elements<'_>, Error> {
        self.deeper()?;
        match len {
            Some(len) => self.head(major, len as u64),
            None => self.byte(major | simple::OPEN),
        }
        Ok(Elements { writer: self, left: len, inside_variant: false })
    }

    /// `{variant: [` or `{variant: {`
    fn open_variant(&mut self, variant: &str, major: u8, len: usize) -> Result<Elements<'_>, Error> {
        self.variant(variant)?;
        let elements = self.open(major, Some(len))?;
        Ok(Elements { inside_variant: true, ..elements })
    }

    fn variant(&mut self, variant: &str) -> Result<(), Error> {
        self.deeper()?;
        self.head(major::MAP, 1);
        self.text(variant);
        Ok(())
    }

    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Error::Depth) } else { Ok(()) }
    }
}

macro_rules! integers {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.serialize_i128(i128::from(value))
        }
    )*};
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Elements<'a>;
    type SerializeTupleStruct = Elements<'a>;
    type SerializeTupleVariant = Elements<'a>;
    type SerializeMap = Elements<'a>;
    type SerializeStruct = Elements<'a>;
    type SerializeStructVariant = Elements<'a>;

    integers!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32);

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.byte(if value { simple::TRUE } else { simple::FALSE });
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        match u64::try_from(value) {
            Ok(value) => self.head(major::POSITIVE, value),
            Err(_) => self.head(major::NEGATIVE, !value as u64),
        }
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        match u128::try_from(value) {
            Ok(value) => self.serialize_u128(value),
            Err(_) => {
                // CBOR counts negative numbers from -1 down: the complement is what is stored.
                match u64::try_from(!value) {
                    Ok(argument) => self.head(major::NEGATIVE, argument),
                    Err(_) => self.big(BIG_NEGATIVE, !value as u128),
                }
                Ok(())
            }
        }
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.head(major::POSITIVE, value);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        match u64::try_from(value) {
            Ok(value) => self.head(major::POSITIVE, value),
            Err(_) => self.big(BIG_POSITIVE, value),
        }
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.byte(simple::F32);
        self.out.extend_from_slice(&value.to_be_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.byte(simple::F64);
        self.out.extend_from_slice(&value.to_be_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.head(major::BYTES, value.len() as u64);
        self.out.extend_from_slice(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.null();
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        self.somes += 1;
        if self.somes > MAX_DEPTH {
            return Err(Error::Depth);
        }
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.null();
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.null();
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.text(variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.variant(variant)?;
        value.serialize(&mut *self)?;
        self.depth -= 1;
        Ok(())
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Elements<'a>, Error> {
        self.open(major::ARRAY, len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements<'a>, Error> {
        self.open(major::ARRAY, Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Elements<'a>, Error> {
        self.open(major::ARRAY, Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Elements<'a>, Error> {
        self.open_variant(variant, major::ARRAY, len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Elements<'a>, Error> {
        self.open(major::MAP, len)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Elements<'a>, Error> {
        self.open(major::MAP, Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Elements<'a>, Error> {
        self.open_variant(variant, major::MAP, len)
    }
}
