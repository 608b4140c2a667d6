//! Arrays: sequences, tuples, and the elements of a `Set`.
use super::encoder::{ARRAY, Encoder};
use super::error::Duplicate;
use super::order::Entries;
use super::refusal::{Encoded, Refusal};
use serde::ser::{Serialize, SerializeSeq, SerializeTuple, SerializeTupleStruct, SerializeTupleVariant};

/// An open array.
pub(super) struct Array<'a> {
    encoder: &'a mut Encoder,
    /// Where the head stands, which matters if no length was announced.
    at: usize,
    announced: Option<usize>,
    given: usize,
    /// The elements, if they are a set's.
    set: Option<Entries>,
    /// Containers that end with it.
    levels: usize,
}

impl<'a> Array<'a> {
    #[inline]
    pub fn begin(encoder: &'a mut Encoder, announced: Option<usize>, set: bool) -> Result<Self, Refusal> {
        encoder.enter()?;
        let at = encoder.out.len();
        match announced {
            Some(len) => encoder.head(ARRAY, len as u64)?,
            None => encoder.open()?,
        }
        let set = set.then(|| Entries::new(encoder, Duplicate::Element));
        Ok(Array { encoder, at, announced, given: 0, set, levels: 1 })
    }

    /// Says that the array is the content of an enum variant.
    pub fn in_variant(mut self) -> Self {
        self.levels = 2;
        self
    }

    #[inline(always)]
    pub fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Encoded {
        self.given += 1;
        if self.set.is_some() {
            return self.set_element(value);
        }
        self.encoder.inner(value)
    }

    fn set_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Encoded {
        let start = self.encoder.out.len();
        self.encoder.inner(value)?;
        match &mut self.set {
            Some(set) => set.named(self.encoder, start),
            None => Ok(()),
        }
    }

    #[inline]
    pub fn finish(self) -> Encoded {
        let encoder = self.encoder;
        if let Some(set) = &self.set {
            set.finish(encoder)?;
        }
        match self.announced {
            None => encoder.close(self.at, ARRAY, self.given as u64)?,
            Some(len) if len == self.given => {}
            Some(len) => return Err(Refusal::len(len as u64, self.given as u64)),
        }
        encoder.depth -= self.levels;
        Ok(())
    }
}

macro_rules! sequences {
    ($($kind:ident::$method:ident,)*) => {$(
        impl $kind for Array<'_> {
            type Ok = ();
            type Error = Refusal;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Encoded {
                self.element(value)
            }

            #[inline]
            fn end(self) -> Encoded {
                self.finish()
            }
        }
    )*};
}

sequences! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}
