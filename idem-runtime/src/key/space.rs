//! What keys of one runtime, and of one task, have in common.
use super::encoder::{self, ARRAY, UINT};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

/// The suite of plain keys.
pub(super) const SUITE: &str = "idem1";
const SUITE_HMAC: &str = "idem1-hmac";

/// Fewest bytes of a secret: as many as a digest has, so that it is no easier to guess.
const MIN_SECRET: usize = 32;

/// A secret for keys by HMAC-SHA-256, for arguments that could be guessed (telephone numbers,
/// e-mail addresses).
///
/// The key id is public and stands in every key; the bytes show nowhere.
#[derive(Clone)]
pub struct Secret(Arc<SecretParts>);

struct SecretParts {
    id: Box<str>,
    /// The state after the secret has been taken in.
    mac: Hmac<Sha256>,
}

impl Secret {
    /// A secret under a public id.
    ///
    /// Rotation: write under a new id, read under both until the longest time to live has passed.
    ///
    /// # Errors
    /// [`SecretError`] for fewer than 32 bytes.
    pub fn new(key_id: &str, bytes: &[u8]) -> Result<Self, SecretError> {
        let too_short = SecretError { found: bytes.len() };
        if bytes.len() < MIN_SECRET {
            return Err(too_short);
        }
        // HMAC takes a key of any length.
        let mac = Hmac::new_from_slice(bytes).map_err(|_| too_short)?;
        let id = key_id.into();
        Ok(Secret(Arc::new(SecretParts { id, mac })))
    }

    /// The public id.
    pub fn key_id(&self) -> &str {
        &self.0.id
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("key_id", &self.0.id).finish_non_exhaustive()
    }
}

/// A secret that is too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret has {found} bytes, but at least {MIN_SECRET} are needed; generate it at random, \
     for example with `openssl rand 32`"
)]
pub struct SecretError {
    found: usize,
}

/// What every key of one runtime shares: the namespace, and the secret if there is one.
///
/// Clones are cheap. The namespace separates applications and environments that share a store.
#[derive(Debug, Clone)]
pub struct KeySpace(Arc<SpaceParts>);

#[derive(Debug)]
struct SpaceParts {
    namespace: Box<str>,
    secret: Option<Secret>,
    /// The preimage up to the namespace.
    head: Vec<u8>,
}

impl KeySpace {
    /// Keys by plain SHA-256.
    pub fn new(namespace: &str) -> Self {
        Self::build(namespace, None)
    }

    /// Keys by HMAC-SHA-256.
    pub fn with_secret(namespace: &str, secret: Secret) -> Self {
        Self::build(namespace, Some(secret))
    }

    fn build(namespace: &str, secret: Option<Secret>) -> Self {
        let mut head = vec![ARRAY | 7];
        match &secret {
            None => encoder::text(&mut head, SUITE),
            Some(secret) => {
                head.push(ARRAY | 2);
                encoder::text(&mut head, SUITE_HMAC);
                encoder::text(&mut head, secret.key_id());
            }
        }
        encoder::text(&mut head, namespace);
        let namespace = namespace.into();
        KeySpace(Arc::new(SpaceParts { namespace, secret, head }))
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// The secret's public id, where keys are made by HMAC.
    pub fn key_id(&self) -> Option<&str> {
        self.0.secret.as_ref().map(Secret::key_id)
    }

    pub(super) fn head(&self) -> &[u8] {
        &self.0.head
    }

    /// SHA-256, or HMAC-SHA-256 with the secret.
    pub(super) fn hash(&self, bytes: &[u8]) -> [u8; 32] {
        match &self.0.secret {
            None => Sha256::digest(bytes).into(),
            Some(secret) => {
                let mut mac = secret.0.mac.clone();
                mac.update(bytes);
                mac.finalize().into_bytes().into()
            }
        }
    }
}

/// What every key of one task shares: its name and version. Clones are cheap.
#[derive(Debug, Clone)]
pub struct TaskIdent(Arc<TaskParts>);

#[derive(Debug)]
struct TaskParts {
    name: Box<str>,
    version: NonZeroU32,
    scope_plain: bool,
    /// Name and version, encoded.
    head: Vec<u8>,
}

impl TaskIdent {
    /// A task whose text scopes are hidden in readable keys.
    pub fn new(name: &str, version: NonZeroU32) -> Self {
        Self::build(name, version, false)
    }

    /// A task whose text scopes are shown in readable keys (not where a secret is set).
    pub fn with_plain_scope(name: &str, version: NonZeroU32) -> Self {
        Self::build(name, version, true)
    }

    fn build(name: &str, version: NonZeroU32, scope_plain: bool) -> Self {
        let mut head = Vec::new();
        encoder::text(&mut head, name);
        encoder::head(&mut head, UINT, version.get().into());
        let name = name.into();
        TaskIdent(Arc::new(TaskParts { name, version, scope_plain, head }))
    }

    /// The task under whose name the steps of this one's calls are remembered.
    pub(super) fn of_steps(&self) -> Self {
        Self::build(&format!("{}.step", self.0.name), self.0.version, self.0.scope_plain)
    }

    /// The task's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The generation of the task's meaning.
    pub fn version(&self) -> u32 {
        self.0.version.get()
    }

    pub(super) fn scope_plain(&self) -> bool {
        self.0.scope_plain
    }

    pub(super) fn head(&self) -> &[u8] {
        &self.0.head
    }
}
