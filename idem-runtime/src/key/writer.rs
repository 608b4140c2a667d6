//! The parts of one call become its key.
use super::MAX_ENCODED;
use super::digest::Key;
use super::encoder::{Encoder, NULL};
use super::error::{KeyError, Place};
use super::fingerprint::Fingerprint;
use super::pool::{FRONT, Lent, Parts};
use super::preimage::is_null;
use super::refusal::Encoded;
use super::space::{KeySpace, TaskIdent};
use super::time_label::TimeLabel;
use serde::Serialize;
use std::fmt;

/// Collects the parts of one call and makes its [`Key`].
///
/// It owns its buffers, so it may be kept across awaits and sent to another thread; they come from
/// the thread and go back to it when the writer is dropped. Arguments may come in any order; the
/// order by (length, bytes) of their names needs no sorting at the end.
///
/// A refusal stays: once a part has been refused, finishing answers that refusal, whether or not
/// the part's own result was looked at.
///
/// ```
/// # use idem_runtime as idem;
/// use idem::key::{KeySpace, KeyWriter, TaskIdent};
/// use std::num::NonZeroU32;
///
/// let (space, task) = (KeySpace::new("app"), TaskIdent::new("mail.send", NonZeroU32::MIN));
/// let mut writer = KeyWriter::new();
/// writer.scope("user", &42)?;
/// writer.arg("template", "welcome")?;
/// let key = writer.finish(&space, &task)?;
/// assert!(key.to_string().starts_with("idem1:app:mail.send@1:user=42:"));
/// # Ok::<(), idem::key::KeyError>(())
/// ```
pub struct KeyWriter(Lent);

/// Shows no part: they are the arguments' values.
impl fmt::Debug for KeyWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyWriter(..)")
    }
}

impl Default for KeyWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl KeyWriter {
    /// A writer without any part.
    #[inline]
    pub fn new() -> Self {
        KeyWriter(Lent::take())
    }

    /// Adds an argument by its name in the key.
    ///
    /// # Errors
    /// A [`KeyError`] that names the argument. That a name was given twice may show only at the
    /// end.
    #[inline]
    pub fn arg<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), KeyError> {
        let parts = self.0.parts();
        parts.begin()?;
        parts.encoder.limit = FRONT + MAX_ENCODED;
        let encoded = argument(parts, name, value);
        parts.end(encoded, || Place::Argument(name.into()))
    }

    /// Whether the last argument's value is absent.
    pub(crate) fn ends_in_null(&mut self) -> bool {
        let Encoder { out, spans, .. } = &self.0.parts().encoder;
        spans.last().is_some_and(|span| out.get(span.name_end..span.end) == Some(&[NULL][..]))
    }

    /// Adds the value of a scope. Several scopes are one of the joined kinds, in the order of the
    /// calls.
    ///
    /// # Errors
    /// [`KeyError::ScopeMissing`] for a value that encodes as null; [`KeyError::ScopeKind`] for a
    /// kind that is empty or holds `+`; what an argument may be refused for.
    pub fn scope<T: Serialize + ?Sized>(&mut self, kind: &str, value: &T) -> Result<(), KeyError> {
        let parts = self.0.parts();
        parts.begin()?;
        let start = parts.encoder.out.len();
        let encoded = alone(&mut parts.encoder, value);
        parts.end(encoded, || Place::Scope(kind.into()))?;
        parts.add_kind(kind)?;
        if is_null(&parts.encoder.out[start..]) {
            let kind = kind.into();
            return Err(parts.refuse(KeyError::ScopeMissing { kind }));
        }
        parts.scope.extend_from_slice(&parts.encoder.out[start..]);
        parts.encoder.out.truncate(start);
        parts.scopes += 1;
        Ok(())
    }

    /// Sets the time bucket.
    #[inline]
    pub fn time(&mut self, label: TimeLabel) {
        self.0.parts().time = Some(label);
    }

    /// Lets this value be the subject instead of the arguments: the text of an explicit key. A
    /// later value replaces an earlier one.
    ///
    /// # Errors
    /// A [`KeyError`] with the place [`Place::ExplicitKey`].
    pub fn explicit<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), KeyError> {
        let parts = self.0.parts();
        parts.begin()?;
        let start = parts.encoder.out.len();
        let encoded = alone(&mut parts.encoder, key);
        parts.end(encoded, || Place::ExplicitKey)?;
        parts.explicit.clear();
        parts.explicit.extend_from_slice(&parts.encoder.out[start..]);
        parts.encoder.out.truncate(start);
        parts.has_explicit = true;
        Ok(())
    }

    /// Lets a template be the subject: its text, and the arguments of these names, which have been
    /// added, in the order of their places. An argument may have several places; one that has none
    /// does not enter the key.
    ///
    /// ```
    /// # use idem_runtime as idem;
    /// # use idem::key::{KeyError, KeySpace, KeyWriter, TaskIdent};
    /// # use std::num::NonZeroU32;
    /// # let (space, task) = (KeySpace::new("app"), TaskIdent::new("autoclose", NonZeroU32::MIN));
    /// let key = |job_id: &str, day: &str| {
    ///     let mut writer = KeyWriter::new();
    ///     writer.arg("job_id", job_id)?;
    ///     writer.arg("day", day)?;
    ///     writer.template("autoclose:{job_id}:{day}", &["job_id", "day"])?;
    ///     writer.finish(&space, &task)
    /// };
    /// assert_ne!(key("a:b", "c")?, key("a", "b:c")?);
    /// # Ok::<(), KeyError>(())
    /// ```
    ///
    /// # Errors
    /// The first refusal of a part; [`KeyError::ArgumentMissing`] for a place without its argument;
    /// [`KeyError::TooLarge`] for text and values of more than a key is made from.
    pub fn template(&mut self, text: &str, places: &[&str]) -> Result<(), KeyError> {
        let parts = self.0.parts();
        parts.settle()?;
        if let Err(refusal) = parts.fill(text, places) {
            return Err(parts.refuse(refusal));
        }
        Ok(())
    }

    /// The key: over the arguments, or over the explicit key or the template if there is one.
    ///
    /// # Errors
    /// The first refusal of a part; [`KeyError::DuplicateKey`] for an argument given twice.
    #[inline]
    pub fn finish(mut self, space: &KeySpace, task: &TaskIdent) -> Result<Key, KeyError> {
        let parts = self.0.parts();
        parts.settle()?;
        Ok(parts.key(space, task))
    }

    /// The key over an explicit key's text, and the fingerprint of the arguments beside it, by
    /// which a second call with other arguments can be told.
    ///
    /// # Errors
    /// As [`KeyWriter::finish`].
    pub fn finish_explicit(
        mut self,
        space: &KeySpace,
        task: &TaskIdent,
        key: &str,
    ) -> Result<(Key, Fingerprint), KeyError> {
        self.under_explicit(space, task, key)
    }

    /// As [`KeyWriter::finish_explicit`], and the writer goes on: its arguments may make a key of
    /// their own after all.
    pub(crate) fn under_explicit(
        &mut self,
        space: &KeySpace,
        task: &TaskIdent,
        key: &str,
    ) -> Result<(Key, Fingerprint), KeyError> {
        self.explicit(key)?;
        let parts = self.0.parts();
        parts.settle()?;
        let key = parts.key(space, task);
        parts.has_explicit = false;
        let Encoder { out, spans, .. } = &parts.encoder;
        let fingerprint = Fingerprint::of(space, key.digest(), out, spans);
        Ok((key, fingerprint))
    }

    /// The bytes that the key is the digest of, for comparison with another producer's. They hold
    /// the arguments' values.
    ///
    /// # Errors
    /// As [`KeyWriter::finish`].
    pub fn preimage(mut self, space: &KeySpace, task: &TaskIdent) -> Result<Vec<u8>, KeyError> {
        let parts = self.0.parts();
        parts.settle()?;
        let (preimage, _) = parts.preimage(space, task);
        Ok(preimage.to_vec())
    }
}

#[inline]
fn argument<T: Serialize + ?Sized>(parts: &mut Parts, name: &str, value: &T) -> Encoded {
    let Parts { encoder, arguments, .. } = parts;
    let start = encoder.out.len();
    encoder.text(name)?;
    arguments.named(encoder, start)?;
    encoder.value(value)?;
    arguments.ended(encoder);
    Ok(())
}

/// A value that is no argument, with a limit of its own.
fn alone<T: Serialize + ?Sized>(encoder: &mut Encoder, value: &T) -> Encoded {
    encoder.limit = encoder.out.len() + MAX_ENCODED;
    encoder.value(value)
}
