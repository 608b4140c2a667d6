//! The parts of a call, put together into the bytes that are hashed.
use super::digest::Key;
use super::encoder::{self, ARRAY, MAP, NULL, SOME_TAG};
use super::error::{CustomMessage, Duplicate, KeyError, Place};
use super::order;
use super::pool::{FRONT, Parts};
use super::refusal::Encoded;
use super::scope::Scope;
use super::space::{KeySpace, TaskIdent};
use super::time_label::TimeLabel;

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
        let scope = self.frame(space, task);
        let Parts { encoder, frame, .. } = self;
        if self.has_explicit {
            encoder::text(frame, "key");
            frame.extend_from_slice(&self.explicit);
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

    /// Everything before the subject, and the array that it stands in.
    #[inline]
    fn frame(&mut self, space: &KeySpace, task: &TaskIdent) -> Option<Scope> {
        let frame = &mut self.frame;
        frame.clear();
        frame.extend_from_slice(space.head());
        frame.extend_from_slice(task.head());
        if self.scopes == 0 {
            frame.extend_from_slice(&[NULL, ARRAY | 2]);
            return None;
        }
        frame.push(ARRAY | 2);
        let start = frame.len();
        encoder::text(frame, &self.kinds);
        if self.scopes > 1 {
            encoder::head(frame, ARRAY, self.scopes);
        }
        frame.extend_from_slice(&self.scope);
        let scope = Scope::new(&frame[start..]);
        frame.push(ARRAY | 2);
        Some(scope)
    }
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
