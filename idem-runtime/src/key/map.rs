//! Maps and structs, and the struct that `serde_json` hides its numbers in.
use super::encoder::{Encoder, MAP};
use super::error::Duplicate;
use super::name::Name;
use super::number;
use super::order::Entries;
use super::refusal::{Encoded, Refusal};
use serde::ser::{Serialize, SerializeMap, SerializeStruct, SerializeStructVariant};

/// What an open map stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A map or struct.
    Entries,
    /// The content of an enum variant.
    Variant,
    /// A number by its text.
    Number,
}

/// An open map.
pub(super) struct Map<'a> {
    encoder: &'a mut Encoder,
    at: usize,
    announced: Option<usize>,
    entries: Entries,
    /// A name stands without its value.
    waiting: bool,
    form: Form,
}

impl<'a> Map<'a> {
    #[inline]
    pub fn begin(encoder: &'a mut Encoder, announced: Option<usize>, form: Form) -> Result<Self, Refusal> {
        encoder.enter()?;
        let at = encoder.out.len();
        match announced {
            Some(len) => encoder.head(MAP, len as u64)?,
            None => encoder.open()?,
        }
        Ok(Self::new(encoder, at, announced, form))
    }

    /// A number, of which the text is about to come.
    pub fn number(encoder: &'a mut Encoder) -> Self {
        let at = encoder.out.len();
        Self::new(encoder, at, None, Form::Number)
    }

    #[inline]
    fn new(encoder: &'a mut Encoder, at: usize, announced: Option<usize>, form: Form) -> Self {
        let entries = Entries::new(encoder, Duplicate::Name);
        Map { encoder, at, announced, entries, waiting: false, form }
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Encoded {
        if self.form == Form::Number {
            return self.encoder.inner(value);
        }
        let start = self.encoder.out.len();
        self.encoder.text(name)?;
        self.named(start)?;
        self.content(value)
    }

    #[inline]
    fn named(&mut self, start: usize) -> Encoded {
        let named = self.entries.named(self.encoder, start);
        if named.is_err() {
            self.encoder.failed = true;
        }
        named
    }

    #[inline]
    fn content<T: Serialize + ?Sized>(&mut self, value: &T) -> Encoded {
        self.encoder.inner(value)?;
        self.entries.ended(self.encoder);
        Ok(())
    }

    /// Names and values do not alternate, so the entries cannot be counted as announced.
    #[cold]
    fn uneven(&mut self) -> Encoded {
        self.encoder.failed = true;
        let given = self.entries.len(self.encoder) as u64;
        let announced = self.announced.map_or(given, |len| len as u64);
        Err(Refusal::len(announced, given))
    }

    #[inline]
    fn finish(mut self) -> Encoded {
        if self.form == Form::Number {
            return number::settle(self.encoder, self.at);
        }
        if self.waiting {
            return self.uneven();
        }
        let given = self.entries.len(self.encoder);
        self.entries.finish(self.encoder)?;
        match self.announced {
            None => self.encoder.close(self.at, MAP, given as u64)?,
            Some(len) if len == given => {}
            Some(len) => return Err(Refusal::len(len as u64, given as u64)),
        }
        self.encoder.depth -= if self.form == Form::Variant { 2 } else { 1 };
        Ok(())
    }
}

impl SerializeMap for Map<'_> {
    type Ok = ();
    type Error = Refusal;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Encoded {
        if self.waiting {
            return self.uneven();
        }
        let start = self.encoder.out.len();
        if let Err(refusal) = name.serialize(Name(self.encoder)) {
            self.encoder.failed = true;
            return Err(refusal);
        }
        self.waiting = true;
        self.named(start)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Encoded {
        if !self.waiting {
            return self.uneven();
        }
        self.waiting = false;
        self.content(value)
    }

    #[inline]
    fn end(self) -> Encoded {
        self.finish()
    }
}

macro_rules! structs {
    ($($kind:ident,)*) => {$(
        impl $kind for Map<'_> {
            type Ok = ();
            type Error = Refusal;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Encoded {
                self.field(name, value)
            }

            #[inline]
            fn end(self) -> Encoded {
                self.finish()
            }
        }
    )*};
}

structs! {
    SerializeStruct,
    SerializeStructVariant,
}
