//! The parts of a call, put together into the bytes that are hashed.
use super::MAX_ENCODED;
use super::digest::Key;
use super::encoder::{self, ARRAY, Encoder, MAP, NULL, SOME_TAG};
use super::error::{CustomMessage, Duplicate, KeyError, Place};
use super::number::text_of;
use super::order::{self, Span};
use super::pool::{FRONT, Parts};
use super::refusal::Encoded;
use super::scope::Scope;
use super::space::{KeySpace, TaskIdent};
use super::time_label::TimeLabel;

/// A subject of arguments, up to their map.
const SUBJECT_ARGS: &[u8; 6] = b"\x82\x64args";
/// A subject of an explicit key, up to its value.
const SUBJECT_KEY: &[u8; 5] = b"\x82\x63key";

impl Parts {
    /// Begins a part: nothing is added to a call that was refused.
    #[inline]
    pub fn begin(&mut self) -> Result<(), KeyError> {
        if self.torn || self.refused.is_some() {
            return Err(self.refusal());
        }
        self.torn = true;
        Ok(())
    }

    /// Ends a part.
    #[inline]
    pub fn end(&mut self, encoded: Encoded, place: impl FnOnce() -> Place) -> Result<(), KeyError> {
        self.torn = false;
        match encoded {
            Ok(()) => Ok(()),
            Err(refusal) => Err(self.refuse(refusal.at(place()))),
        }
    }

    #[cold]
    pub fn refuse(&mut self, error: KeyError) -> KeyError {
        self.refused = Some(error.clone());
        error
    }

    #[cold]
    fn refusal(&self) -> KeyError {
        let torn =
            || KeyError::Custom { place: Place::Call, message: CustomMessage("a value's `Serialize` panicked".into()) };
        self.refused.clone().unwrap_or_else(torn)
    }

    pub fn add_kind(&mut self, kind: &str) -> Result<(), KeyError> {
        let found = match kind {
            "" => Some("empty"),
            _ if kind.contains('+') => Some("a joined kind"),
            _ => None,
        };
        if let Some(found) = found {
            let kind = kind.into();
            return Err(self.refuse(KeyError::ScopeKind { kind, found }));
        }
        if self.kinds.split('+').any(|known| known == kind) {
            return Err(
                self.refuse(KeyError::DuplicateKey { place: Place::Scope(kind.into()), what: Duplicate::Scope })
            );
        }
        if !self.kinds.is_empty() {
            self.kinds.push('+');
        }
        self.kinds.push_str(kind);
        Ok(())
    }

    /// Sees to it that the parts are complete and the arguments in order.
    #[inline]
    pub fn settle(&mut self) -> Result<(), KeyError> {
        if self.torn || self.refused.is_some() {
            return Err(self.refusal());
        }
        match self.arguments.arrange(&mut self.encoder) {
            Ok(()) => Ok(()),
            Err(refusal) => Err(refusal.at(Place::Argument(order::repeated(&self.encoder)))),
        }
    }

    /// Makes a template of settled arguments the subject.
    pub fn fill(&mut self, text: &str, places: &[&str]) -> Result<(), KeyError> {
        let Parts { encoder: Encoder { out, spans, .. }, explicit, .. } = self;
        explicit.clear();
        encoder::head(explicit, ARRAY, 1 + places.len() as u64);
        encoder::text(explicit, text);
        for name in places {
            let named = |span: &&Span| text_of(&out[span.start..span.name_end]) == Some(name);
            let Some(span) = spans.iter().find(named) else {
                return Err(KeyError::ArgumentMissing { place: Place::Argument((*name).into()) });
            };
            explicit.extend_from_slice(&out[span.name_end..span.end]);
            if explicit.len() > MAX_ENCODED {
                return Err(KeyError::TooLarge { place: Place::ExplicitKey });
            }
        }
        self.has_explicit = true;
        Ok(())
    }

    #[inline]
    pub fn key(&mut self, space: &KeySpace, task: &TaskIdent) -> Key {
        let time = self.time.as_ref().map(TimeLabel::stamp);
        let (preimage, scope) = self.preimage(space, task);
        let digest = space.hash(preimage);
        Key::made(digest, space, task, scope, time)
    }

    /// The preimage of settled parts, and the scope for the label.
    #[inline]
    pub fn preimage(&mut self, space: &KeySpace, task: &TaskIdent) -> (&[u8], Option<Scope>) {
        let Parts { encoder, frame, .. } = self;
        frame.clear();
        let scope = match self.scopes {
            0 => {
                frame.push(NULL);
                None
            }
            count => Some(scope(frame, count, &self.kinds, &self.scope)),
        };
        if self.has_explicit {
            frame.extend_from_slice(SUBJECT_KEY);
            frame.extend_from_slice(&self.explicit);
            time(frame, &self.time);
            encoder.spare.clear();
            for piece in [space.head(), task.head(), frame] {
                encoder.spare.extend_from_slice(piece);
            }
            return (&encoder.spare, scope);
        }
        frame.extend_from_slice(SUBJECT_ARGS);
        encoder::head(frame, MAP, self.arguments.len(encoder) as u64);
        time(&mut encoder.out, &self.time);
        let pieces = [space.head(), task.head(), frame];
        if let Some(from) = prepend(&mut encoder.out, pieces) {
            return (&encoder.out[from..], scope);
        }
        encoder.spare.clear();
        for piece in pieces {
            encoder.spare.extend_from_slice(piece);
        }
        encoder.spare.extend_from_slice(&encoder.out[FRONT..]);
        (&encoder.spare, scope)
    }
}

/// Copies the pieces in front of the arguments, if they fit there. Answers where they start.
#[inline]
fn prepend(out: &mut [u8], pieces: [&[u8]; 3]) -> Option<usize> {
    let [a, b, c] = pieces;
    let from = FRONT.checked_sub(a.len() + b.len() + c.len())?;
    let (_, room) = out.split_at_mut_checked(from)?;
    let (room_a, room) = room.split_at_mut_checked(a.len())?;
    let (room_b, room) = room.split_at_mut_checked(b.len())?;
    let (room_c, _) = room.split_at_mut_checked(c.len())?;
    room_a.copy_from_slice(a);
    room_b.copy_from_slice(b);
    room_c.copy_from_slice(c);
    Some(from)
}

/// Appends the scope.
fn scope(frame: &mut Vec<u8>, count: u64, kinds: &str, values: &[u8]) -> Scope {
    frame.push(ARRAY | 2);
    let start = frame.len();
    encoder::text(frame, kinds);
    if count > 1 {
        encoder::head(frame, ARRAY, count);
    }
    frame.extend_from_slice(values);
    Scope::new(&frame[start..])
}

#[inline]
fn time(out: &mut Vec<u8>, time: &Option<TimeLabel>) {
    match time {
        None => out.push(NULL),
        Some(label) => label.encode(out),
    }
}

/// Whether a value is absent, however many `Some`s say that it is there.
pub(super) fn is_null(mut value: &[u8]) -> bool {
    while let Some(inner) = value.strip_prefix(&SOME_TAG) {
        value = inner;
    }
    value == [NULL]
}
