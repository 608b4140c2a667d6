//! Reading: bytes into values.

use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::{BIG_NEGATIVE, BIG_POSITIVE, Error, MAX_DEPTH, SOME, major, simple};

/// The value whose bytes these are, all of them.
///
/// Never panics, and allocates nothing by a length that the bytes only announce.
///
/// # Errors
/// Bytes that are cut short, left over, or nothing [`super::append`] writes; or a value of another type.
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    let mut reader = Reader { all: bytes, at: 0, depth: 0, somes: (0, 0) };
    let value = T::deserialize(&mut reader)?;
    match bytes.len() - reader.at {
        0 => Ok(value),
        left => Err(Error::Trailing { bytes: left }),
    }
}

struct Reader<'de> {
    all: &'de [u8],
    at: usize,
    depth: usize,
    /// How many `Some`s were read at an offset without a byte of their own: a type may hold itself in one.
    somes: (usize, usize),
}

impl<'de> Reader<'de> {
    fn peek(&self) -> Result<u8, Error> {
        self.all.get(self.at).copied().ok_or(Error::Truncated)
    }

    fn take(&mut self, len: u64) -> Result<&'de [u8], Error> {
        let len = usize::try_from(len).map_err(|_| Error::Truncated)?;
        let end = self.at.checked_add(len).ok_or(Error::Truncated)?;
        let bytes = self.all.get(self.at..end).ok_or(Error::Truncated)?;
        self.at = end;
        Ok(bytes)
    }

    fn number(&mut self, len: u64) -> Result<u64, Error> {
        Ok(self.take(len)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// The argument of the head whose first byte is here.
    fn argument(&mut self) -> Result<u64, Error> {
        let at = self.at;
        let first = self.number(1)?;
        match first & 0x1f {
            small @ 0..24 => Ok(small),
            24 => self.number(1),
            25 => self.number(2),
            26 => self.number(4),
            27 => self.number(8),
            _ => Err(Error::Malformed { at, found: "a length that this codec does not write" }),
        }
    }

    /// How many elements the array or map here announces; `None` where it ends with a break.
    fn begin(&mut self) -> Result<Elements<'_, 'de>, Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::Depth);
        }
        let left = if self.peek()? & 0x1f == simple::OPEN {
            self.at += 1;
            None
        } else {
            Some(self.argument()?)
        };
        self.depth += 1;
        Ok(Elements { reader: self, left })
    }

    fn text(&mut self) -> Result<&'de str, Error> {
        let at = self.at;
        let len = self.argument()?;
        std::str::from_utf8(self.take(len)?).map_err(|_| Error::Malformed { at, found: "text that is not UTF-8" })
    }

    /// What follows a tag of a big integer.
    fn big(&mut self) -> Result<u128, Error> {
        let at = self.at;
        if self.peek()? & 0xe0 != major::BYTES {
            return Err(Error::Malformed { at, found: "a big integer without its bytes" });
        }
        let len = self.argument()?;
        if len > 16 {
            return Err(Error::Malformed { at, found: "an integer of more than 128 bits" });
        }
        Ok(self.take(len)?.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte)))
    }

    fn tagged<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let at = self.at;
        match self.argument()? {
            SOME => self.some(visitor),
            BIG_POSITIVE => visitor.visit_u128(self.big()?),
            BIG_NEGATIVE => match i128::try_from(self.big()?) {
                Ok(value) => visitor.visit_i128(!value),
                Err(_) => Err(Error::Malformed { at, found: "an integer of more than 128 bits" }),
            },
            _ => Err(Error::Malformed { at, found: "a tag that this codec does not write" }),
        }
    }

    /// After the tag: `Some` of a null or of another such tag.
    fn some<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::Depth);
        }
        self.depth += 1;
        let value = visitor.visit_some(&mut *self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// `Some` of anything else: no byte says so.
    fn bare_some<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let (at, count) = self.somes;
        let count = if at == self.at { count + 1 } else { 1 };
        if count > MAX_DEPTH {
            return Err(Error::Depth);
        }
        self.somes = (self.at, count);
        visitor.visit_some(self)
    }

    fn simple<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let at = self.at;
        let first = self.peek()?;
        self.at += 1;
        match first {
            simple::FALSE => visitor.visit_bool(false),
            simple::TRUE => visitor.visit_bool(true),
            simple::NULL => visitor.visit_unit(),
            simple::F32 => visitor.visit_f32(f32::from_bits(self.number(4)? as u32)),
            simple::F64 => visitor.visit_f64(f64::from_bits(self.number(8)?)),
            _ => Err(Error::Malformed { at, found: "a simple value that this codec does not write" }),
        }
    }
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek()? & 0xe0 {
            major::POSITIVE => visitor.visit_u64(self.argument()?),
            major::NEGATIVE => {
                let argument = self.argument()?;
                match i64::try_from(argument) {
                    Ok(value) => visitor.visit_i64(!value),
                    Err(_) => visitor.visit_i128(!i128::from(argument)),
                }
            }
            major::BYTES => {
                let len = self.argument()?;
                visitor.visit_borrowed_bytes(self.take(len)?)
            }
            major::TEXT => visitor.visit_borrowed_str(self.text()?),
            major::ARRAY => {
                let mut elements = self.begin()?;
                let value = visitor.visit_seq(&mut elements)?;
                elements.end()?;
                Ok(value)
            }
            major::MAP => {
                let mut elements = self.begin()?;
                let value = visitor.visit_map(&mut elements)?;
                elements.end()?;
                Ok(value)
            }
            major::TAG => self.tagged(visitor),
            _ => self.simple(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let at = self.at;
        match self.peek()? {
            simple::NULL => {
                self.at += 1;
                visitor.visit_none()
            }
            first if first & 0xe0 == major::TAG => {
                if self.argument()? == SOME {
                    return self.some(visitor);
                }
                self.at = at;
                self.bare_some(visitor)
            }
            _ => self.bare_some(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// Text is a unit variant; a map of one entry is any other.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let at = self.at;
        let first = self.peek()?;
        if first & 0xe0 == major::TEXT {
            return visitor.visit_enum(self.text()?.into_deserializer());
        }
        if first != major::MAP | 1 {
            return Err(Error::Malformed {
                at,
                found: "neither text nor a map of one entry where an enum is expected",
            });
        }
        let elements = self.begin()?;
        let value = visitor.visit_enum(Variant { reader: &mut *elements.reader })?;
        self.depth -= 1;
        Ok(value)
    }
}

/// The elements of an array or the entries of a map.
struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: Option<u64>,
}

impl<'de> Elements<'_, 'de> {
    fn more(&mut self) -> Result<bool, Error> {
        match &mut self.left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => Ok(self.reader.peek()? != simple::BREAK),
        }
    }

    /// What the bytes that are really there can hold at most, shared among the containers that are open: each of them may
    /// reserve by this hint.
    fn bound(&self) -> Option<usize> {
        let share = (self.reader.all.len() - self.reader.at) / self.reader.depth.max(1);
        usize::try_from(self.left?).ok().map(|left| left.min(share))
    }

    fn end(mut self) -> Result<(), Error> {
        if self.more()? {
            return Err(Error::Length);
        }
        if self.left.is_none() {
            self.reader.at += 1; // the break
        }
        self.reader.depth -= 1;
        Ok(())
    }
}

impl<'de> de::SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.more()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        self.bound()
    }
}

impl<'de> de::MapAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.more()? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        self.bound()
    }
}

/// The one entry of a map that is an enum's value.
struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name = seed.deserialize(&mut *self.reader)?;
        Ok((name, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Deserialize::deserialize(self.reader)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.reader)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        de::Deserializer::deserialize_any(self.reader, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        de::Deserializer::deserialize_any(self.reader, visitor)
    }
}
