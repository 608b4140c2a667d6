//! An encrypted result: its bytes, and the keys that open it.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

/// The envelope's first byte, where the codec has 1 for a plain one.
const FORMAT: u8 = 2;

/// What the key is used for, so that no other use of it could make such bytes.
const CONTEXT: &[u8] = b"idem encrypted result 1";

const NONCE: usize = 24;
const KEY: usize = 32;

/// A key that results are encrypted with, by XChaCha20-Poly1305.
///
/// Its id is public and stands beside each result, so that older keys open what they closed. The bytes show nowhere, and are
/// wiped from memory when the last clone is dropped.
#[derive(Clone)]
pub struct EncryptionKey {
    id: Arc<str>,
    cipher: Arc<XChaCha20Poly1305>,
}

/// What is wrong with an [`EncryptionKey`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptionKeyError {
    /// The key has another length.
    #[error("an encryption key has {KEY} bytes, found {0}: make one at random, for example with `openssl rand {KEY}`")]
    Length(usize),
    /// The id is empty, too long, or not to be read.
    #[error(
        "the id of an encryption key is 1 to 64 letters, digits and `-_.`, found {0:?}: take the month that it began, such as `2026-11`"
    )]
    Id(String),
}

impl EncryptionKey {
    /// A key of 32 random bytes, under a public id.
    ///
    /// # Errors
    /// [`EncryptionKeyError`] for bytes of another length, and for an id that is not 1 to 64 letters, digits and `-_.`.
    pub fn new(id: &str, bytes: &[u8]) -> Result<Self, EncryptionKeyError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if id.is_empty() || id.len() > 64 || !id.bytes().all(is_plain) {
            return Err(EncryptionKeyError::Id(id.chars().take(80).collect()));
        }
        let cipher = XChaCha20Poly1305::new_from_slice(bytes).map_err(|_| EncryptionKeyError::Length(bytes.len()))?;
        Ok(Self { id: id.into(), cipher: Arc::new(cipher) })
    }

    /// The public id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The envelope encrypted, for the record of this digest alone.
    pub(super) fn seal(&self, digest: &[u8; 32], envelope: &[u8]) -> Option<Arc<[u8]>> {
        let nonce: [u8; NONCE] = rand::random();
        let mut sealed = self.head();
        let aad = [CONTEXT, digest, &sealed].concat();
        let closed = self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: envelope, aad: &aad }).ok()?;
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&closed);
        Some(sealed.into())
    }

    /// The envelope in these bytes, if this key closed them for the record of this digest.
    fn open(&self, digest: &[u8; 32], sealed: &Sealed<'_>) -> Option<Arc<[u8]>> {
        let aad = [CONTEXT, digest, &self.head()].concat();
        let payload = Payload { msg: sealed.closed, aad: &aad };
        self.cipher.decrypt(&XNonce::from(*sealed.nonce), payload).ok().map(Arc::from)
    }

    fn head(&self) -> Vec<u8> {
        let id = self.id.as_bytes();
        // An id is 64 bytes long at the most.
        let length = u8::try_from(id.len()).unwrap_or(u8::MAX);
        [&[FORMAT, length], id].concat()
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The parts of an encrypted envelope.
struct Sealed<'a> {
    id: &'a [u8],
    nonce: &'a [u8; NONCE],
    closed: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// `None` where it is cut short.
    fn of(envelope: &'a [u8]) -> Option<Self> {
        let (length, rest) = envelope.strip_prefix(&[FORMAT])?.split_first()?;
        let (id, rest) = rest.split_at_checked(usize::from(*length))?;
        let (nonce, closed) = rest.split_first_chunk()?;
        Some(Self { id, nonce, closed })
    }
}

/// The key in use, and those that opened results still are kept under.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) current: EncryptionKey,
    pub(super) older: Vec<EncryptionKey>,
    pub(super) accept_plain: bool,
}

impl Keys {
    /// The plain envelope of what a store keeps.
    ///
    /// # Errors
    /// Why it is none, and what to do.
    pub(super) fn open(&self, digest: &[u8; 32], envelope: &Arc<[u8]>) -> Result<Arc<[u8]>, String> {
        if envelope.first() != Some(&FORMAT) {
            if self.accept_plain {
                return Ok(Arc::clone(envelope));
            }
            return Err("it is not encrypted: it was kept before encryption was on, or by somebody else; `.accept_plain()` takes it, while such results last".into());
        }
        let sealed = Sealed::of(envelope).ok_or("its encrypted bytes are cut short")?;
        let of_the_id = |key: &&EncryptionKey| key.id.as_bytes() == sealed.id;
        let mut known = std::iter::once(&self.current).chain(&self.older).filter(of_the_id).peekable();
        if known.peek().is_none() {
            let id = String::from_utf8_lossy(sealed.id);
            return Err(format!(
                "it is encrypted with the key `{id}`, which this process does not have: add it with `.older_key(…)`"
            ));
        }
        known.find_map(|key| key.open(digest, &sealed)).ok_or_else(|| {
            "it was changed, belongs to another record, or its key has other bytes under the same id".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, byte: u8) -> EncryptionKey {
        EncryptionKey::new(id, &[byte; KEY]).unwrap()
    }

    fn keys(current: EncryptionKey) -> Keys {
        Keys { current, older: Vec::new(), accept_plain: false }
    }

    #[test]
    fn what_was_sealed_opens_for_its_record_alone() {
        let sealed = key("a", 1).seal(&[7; 32], b"the result").unwrap();
        assert!(!sealed.windows(6).any(|bytes| bytes == b"result"));
        assert_eq!(&*keys(key("a", 1)).open(&[7; 32], &sealed).unwrap(), b"the result");
        let moved = keys(key("a", 1)).open(&[8; 32], &sealed).unwrap_err();
        assert!(moved.contains("belongs to another record"), "{moved}");
        let other = keys(key("a", 2)).open(&[7; 32], &sealed).unwrap_err();
        assert!(other.contains("other bytes under the same id"), "{other}");
        let unknown = keys(key("b", 1)).open(&[7; 32], &sealed).unwrap_err();
        assert!(unknown.contains("the key `a`"), "{unknown}");
    }

    #[test]
    fn every_changed_and_every_missing_byte_is_noticed() {
        let sealed = key("2026-11", 1).seal(&[7; 32], b"the result").unwrap();
        let keys = keys(key("2026-11", 1));
        for at in 0..sealed.len() {
            let mut changed = sealed.to_vec();
            changed[at] ^= 1;
            keys.open(&[7; 32], &changed.into()).unwrap_err();
            keys.open(&[7; 32], &sealed[..at].into()).unwrap_err();
        }
    }

    #[test]
    fn two_seals_of_one_result_differ() {
        let key = key("a", 1);
        assert_ne!(key.seal(&[7; 32], b"the result"), key.seal(&[7; 32], b"the result"));
    }

    /// Frozen: made by another implementation (pycryptodome), under the key of 32 ones and the digest of 32 sevens.
    #[test]
    fn the_bytes_of_the_first_format_open_for_ever() {
        let golden = include_str!("../../../tests/golden/encrypted_result_v1.hex").trim();
        let digits = golden.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let sealed: Vec<u8> = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        assert_eq!(&*keys(key("2026-11", 1)).open(&[7; 32], &sealed.into()).unwrap(), b"the result");
    }

    #[test]
    fn keys_that_are_none_are_refused_and_never_shown() {
        assert_eq!(EncryptionKey::new("a", &[0xab; 31]).unwrap_err(), EncryptionKeyError::Length(31));
        for id in ["", "a b", "ключ", &"x".repeat(65)] {
            assert!(matches!(EncryptionKey::new(id, &[1; 32]), Err(EncryptionKeyError::Id(_))), "{id}");
        }
        assert_eq!(format!("{:?}", key("a", 0xab)), "EncryptionKey { id: \"a\", .. }");
    }
}
