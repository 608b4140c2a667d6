//! The parts of one call become its key.
use super::MAX_ENCODED;
use super::digest::Key;
use super::encoder::{self, ARRAY, Encoder, MAP, NULL, SOME_TAG};
use super::error::{CustomMessage, Duplicate, KeyError, Place};
use super::fingerprint::Fingerprint;
use super::order::Entries;
use super::pool::{Buffers, FRONT};
use super::refusal::Encoded;
use super::scope::Scope;
use super::space::{KeySpace, TaskIdent};
use super::time_label::TimeLabel;
use serde::Serialize;

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
/// use idem_runtime::key::{KeySpace, KeyWriter, TaskIdent};
/// use std::num::NonZeroU32;
///
/// let (space, task) = (KeySpace::new("app"), TaskIdent::new("mail.send", NonZeroU32::MIN));
/// let mut writer = KeyWriter::new();
/// writer.scope("user", &42)?;
/// writer.arg("template", "welcome")?;
/// let key = writer.finish(&space, &task)?;
/// assert!(key.to_string().starts_with("idem1:app:mail.send@1:user=42:"));
/// # Ok::<(), idem_runtime::key::KeyError>(())
/// ```
#[derive(Debug)]
pub struct KeyWriter {
    buffers: Buffers,
    arguments: Entries,
    scopes: u64,
    has_explicit: bool,
    time: Option<TimeLabel>,
    refused: Option<KeyError>,
    /// A part is being written. Still so at the end: its `Serialize` panicked.
    torn: bool,
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
        let buffers = Buffers::take();
        let arguments = Entries::new(&buffers.encoder, Duplicate::Argument);
        KeyWriter {
            buffers,
            arguments,
            scopes: 0,
            has_explicit: false,
            time: None,
            refused: None,
            torn: false,
        }
    }

    /// Adds an argument by its name in the key.
    ///
    /// # Errors
    /// A [`KeyError`] that names the argument. That a name was given twice may show only at the
    /// end.
    #[inline]
    pub fn arg<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), KeyError> {
        self.torn = true;
        let encoder = &mut self.buffers.encoder;
        encoder.limit = FRONT + MAX_ENCODED;
        let start = encoder.out.len();
        let encoded = argument(encoder, &mut self.arguments, start, name, value);
        self.torn = false;
        match encoded {
            Ok(()) => Ok(()),
            Err(refusal) => Err(self.refuse(refusal.at(Place::Argument(name.into())))),
        }
    }

    /// Adds the value of a scope. Several scopes are one of the joined kinds, in the order of the
    /// calls.
    ///
    /// # Errors
    /// [`KeyError::ScopeMissing`] for a value that encodes as null; [`KeyError::ScopeKind`] for a
    /// kind that is empty or holds `+`; what an argument may be refused for.
    pub fn scope<T: Serialize + ?Sized>(&mut self, kind: &str, value: &T) -> Result<(), KeyError> {
        self.scope_kind(kind)?;
        self.torn = true;
        let encoder = &mut self.buffers.encoder;
        let start = encoder.out.len();
        encoder.limit = start + MAX_ENCODED;
        let encoded = encoder.value(value);
        self.torn = false;
        if let Err(refusal) = encoded {
            return Err(self.refuse(refusal.at(Place::Scope(kind.into()))));
        }
        let value = &encoder.out[start..];
        if is_null(value) {
            let kind = kind.into();
            return Err(self.refuse(KeyError::ScopeMissing { kind }));
        }
        self.buffers.scope.extend_from_slice(value);
        encoder.out.truncate(start);
        self.scopes += 1;
        Ok(())
    }

    fn scope_kind(&mut self, kind: &str) -> Result<(), KeyError> {
        let found = match kind {
            "" => Some("empty"),
            _ if kind.contains('+') => Some("a joined kind"),
            _ => None,
        };
        if let Some(found) = found {
            let kind = kind.into();
            return Err(self.refuse(KeyError::ScopeKind { kind, found }));
        }
        let kinds = &mut self.buffers.kinds;
        if kinds.split('+').any(|known| known == kind) {
            return Err(self.refuse(KeyError::DuplicateKey {
                place: Place::Scope(kind.into()),
                what: Duplicate::Scope,
            }));
        }
        if !kinds.is_empty() {
            kinds.push('+');
        }
        kinds.push_str(kind);
        Ok(())
    }

    /// Sets the time bucket.
    #[inline]
    pub fn time(&mut self, label: TimeLabel) {
        self.time = Some(label);
    }

    /// Lets this value be the subject instead of the arguments: the text of an explicit key, or
    /// a template followed by its values as one tuple. A later value replaces an earlier one.
    ///
    /// # Errors
    /// A [`KeyError`] with the place [`Place::ExplicitKey`].
    pub fn explicit<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), KeyError> {
        self.torn = true;
        let encoder = &mut self.buffers.encoder;
        let start = encoder.out.len();
        encoder.limit = start + MAX_ENCODED;
        let encoded = encoder.value(key);
        self.torn = false;
        if let Err(refusal) = encoded {
            return Err(self.refuse(refusal.at(Place::ExplicitKey)));
        }
        self.buffers.explicit.clear();
        self.buffers
            .explicit
            .extend_from_slice(&encoder.out[start..]);
        encoder.out.truncate(start);
        self.has_explicit = true;
        Ok(())
    }

    /// The key: over the arguments, or over the explicit key if there is one.
    ///
    /// # Errors
    /// The first refusal of a part; [`KeyError::DuplicateKey`] for an argument given twice.
    #[inline]
    pub fn finish(mut self, space: &KeySpace, task: &TaskIdent) -> Result<Key, KeyError> {
        self.key(space, task)
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
        self.explicit(key)?;
        let key = self.key(space, task)?;
        let Encoder { out, spans, .. } = &self.buffers.encoder;
        let fingerprint = Fingerprint::of(space, key.digest(), out, spans);
        Ok((key, fingerprint))
    }

    /// The bytes that the key is the digest of, for comparison with another producer's. They hold
    /// the arguments' values.
    ///
    /// # Errors
    /// As [`KeyWriter::finish`].
    pub fn preimage(mut self, space: &KeySpace, task: &TaskIdent) -> Result<Vec<u8>, KeyError> {
        self.settle()?;
        let (preimage, _) = self.compose(space, task);
        Ok(preimage.to_vec())
    }

    #[inline]
    fn key(&mut self, space: &KeySpace, task: &TaskIdent) -> Result<Key, KeyError> {
        self.settle()?;
        let time = self.time.as_ref().map(TimeLabel::stamp);
        let (preimage, scope) = self.compose(space, task);
        let digest = space.hash(preimage);
        Ok(Key::made(digest, space, task, scope, time))
    }

    #[cold]
    fn refuse(&mut self, error: KeyError) -> KeyError {
        self.refused.get_or_insert_with(|| error.clone());
        error
    }

    /// Sees to it that the parts are complete and the arguments in order.
    #[inline]
    fn settle(&mut self) -> Result<(), KeyError> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        if self.torn {
            return Err(KeyError::Custom {
                place: Place::Call,
                message: CustomMessage("a value's `Serialize` panicked".into()),
            });
        }
        match self.arguments.arrange(&mut self.buffers.encoder) {
            Ok(()) => Ok(()),
            Err(refusal) => {
                let name = super::order::repeated(&self.buffers.encoder);
                Err(refusal.at(Place::Argument(name)))
            }
        }
    }

    /// The preimage, and the scope for the label.
    #[inline]
    fn compose(&mut self, space: &KeySpace, task: &TaskIdent) -> (&[u8], Option<Scope>) {
        let Buffers {
            encoder,
            frame,
            scope,
            kinds,
            explicit,
        } = &mut self.buffers;
        frame.clear();
        frame.extend_from_slice(space.head());
        frame.extend_from_slice(task.head());
        let scope = match self.scopes {
            0 => {
                frame.push(NULL);
                None
            }
            count => {
                frame.push(ARRAY | 2);
                let start = frame.len();
                encoder::text(frame, kinds);
                if count > 1 {
                    encoder::head(frame, ARRAY, count);
                }
                frame.extend_from_slice(scope);
                Some(Scope::new(&frame[start..]))
            }
        };
        frame.push(ARRAY | 2);
        if self.has_explicit {
            encoder::text(frame, "key");
            frame.extend_from_slice(explicit);
            time(frame, &self.time);
            return (frame, scope);
        }
        encoder::text(frame, "args");
        encoder::head(frame, MAP, self.arguments.len(encoder) as u64);
        let out = &mut encoder.out;
        time(out, &self.time);
        match FRONT.checked_sub(frame.len()) {
            Some(from) => {
                out[from..FRONT].copy_from_slice(frame);
                (&out[from..], scope)
            }
            None => {
                frame.extend_from_slice(&out[FRONT..]);
                (frame, scope)
            }
        }
    }
}

impl Drop for KeyWriter {
    #[inline]
    fn drop(&mut self) {
        self.buffers.give_back();
    }
}

#[inline]
fn argument<T: Serialize + ?Sized>(
    encoder: &mut Encoder,
    arguments: &mut Entries,
    start: usize,
    name: &str,
    value: &T,
) -> Encoded {
    encoder.text(name)?;
    arguments.named(encoder, start)?;
    encoder.value(value)?;
    arguments.ended(encoder);
    Ok(())
}

fn time(out: &mut Vec<u8>, time: &Option<TimeLabel>) {
    match time {
        None => out.push(NULL),
        Some(label) => label.encode(out),
    }
}

/// Whether a value is absent, however many `Some`s say that it is there.
fn is_null(mut value: &[u8]) -> bool {
    while let Some(inner) = value.strip_prefix(&SOME_TAG) {
        value = inner;
    }
    value == [NULL]
}
