//! The key itself.
use super::label::{Field, Hex};
use super::parse::{ParseKeyError, Parsed, parse};
use super::scope::Scope;
use super::space::{KeySpace, SUITE, TaskIdent};
use super::time_label::Stamp;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// What the preimage of a step's key begins with: no preimage of a call's key does (KEY-31).
const STEP: &[u8] = b"idem1-step";

/// What makes two calls the same work: a digest, and a label for people.
///
/// Two keys are equal if their digests are; the label is display only. It is made when the key is
/// displayed, so that making a key needs no allocation:
///
/// ```text
/// idem1:shop-prod:mail.send@1:user=42:005d…666d:2026-11-21
/// lead  namespace task        scope   digest    time
/// ```
///
/// A key is not an authorisation: whoever may choose the parts may compute it.
#[derive(Clone)]
pub struct Key {
    digest: [u8; 32],
    label: Label,
}

#[derive(Clone)]
enum Label {
    /// Of a key made here.
    Made { space: KeySpace, task: TaskIdent, scope: Option<Scope>, time: Option<Stamp> },
    /// Of a key that was read.
    Read(Arc<Parsed>),
}

impl Key {
    #[inline]
    pub(super) fn made(
        digest: [u8; 32],
        space: &KeySpace,
        task: &TaskIdent,
        scope: Option<Scope>,
        time: Option<Stamp>,
    ) -> Self {
        let label = Label::Made { space: space.clone(), task: task.clone(), scope, time };
        Key { digest, label }
    }

    /// A key as a record holds it: the digest, and the label as displayed.
    ///
    /// # Errors
    /// [`ParseKeyError`] if the label is no key, or names another digest.
    pub fn from_record(digest: [u8; 32], label: &str) -> Result<Self, ParseKeyError> {
        let key: Key = label.parse()?;
        if key.digest != digest {
            return Err(ParseKeyError::OtherDigest);
        }
        Ok(key)
    }

    /// The key of a step of this call: of the life of the call that began then (in microseconds), at this place.
    pub(crate) fn of_step(&self, began: i64, place: u64) -> Self {
        let (space, task) = match &self.label {
            Label::Made { space, task, .. } => (space.clone(), task.clone()),
            Label::Read(parsed) => (KeySpace::new(&parsed.namespace), TaskIdent::new(&parsed.task, parsed.version)),
        };
        let mut bytes = STEP.to_vec();
        bytes.extend_from_slice(&self.digest);
        bytes.extend_from_slice(&began.to_be_bytes());
        bytes.extend_from_slice(&place.to_be_bytes());
        Self::made(space.hash(&bytes), &space, &task.of_steps(), None, None)
    }

    /// The identity, and the form for stores with binary keys.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The namespace. Of a key that was read: as far as its text shows it, since long texts are
    /// abbreviated to a hash there.
    pub fn namespace(&self) -> &str {
        match &self.label {
            Label::Made { space, .. } => space.namespace(),
            Label::Read(parsed) => &parsed.namespace,
        }
    }

    /// The task's name. Of a key that was read: as far as its text shows it.
    pub fn task(&self) -> &str {
        match &self.label {
            Label::Made { task, .. } => task.name(),
            Label::Read(parsed) => &parsed.task,
        }
    }

    /// The task's version.
    pub fn version(&self) -> u32 {
        match &self.label {
            Label::Made { task, .. } => task.version(),
            Label::Read(parsed) => parsed.version.get(),
        }
    }

    /// The scope field of the text form, for operators: `user=42`, or `user~…` where it is hidden.
    pub fn scope_label(&self) -> Option<String> {
        match &self.label {
            Label::Made { space, task, scope, .. } => {
                let scope = scope.as_ref()?;
                Some(scope.label(space, task.scope_plain()))
            }
            Label::Read(parsed) => parsed.scope.as_deref().map(str::to_owned),
        }
    }

    /// The time field of the text form, for operators: `2026-11-21`.
    pub fn time_label(&self) -> Option<String> {
        match &self.label {
            Label::Made { time, .. } => Some(time.as_ref()?.to_string()),
            Label::Read(parsed) => parsed.time.as_deref().map(str::to_owned),
        }
    }
}

/// The text form: six fields between five colons, under 400 bytes.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (space, task) = match &self.label {
            Label::Made { space, task, .. } => (space, task),
            Label::Read(parsed) => return f.write_str(&parsed.text),
        };
        f.write_str(SUITE)?;
        if let Some(id) = space.key_id() {
            write!(f, "+{}", Field(id))?;
        }
        write!(
            f,
            ":{}:{}@{}:{}:{}:{}",
            Field(space.namespace()),
            Field(task.name()),
            task.version(),
            self.scope_label().as_deref().unwrap_or("-"),
            Hex(&self.digest),
            self.time_label().as_deref().unwrap_or("-"),
        )
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

/// Accepts what `Display` gives, and nothing else.
impl FromStr for Key {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, ParseKeyError> {
        let parsed = parse(text)?;
        Ok(Key { digest: parsed.digest, label: Label::Read(Arc::new(parsed)) })
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}
