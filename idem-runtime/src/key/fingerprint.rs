//! Fingerprints of the arguments beside an explicit key.
use super::encoder::{self, ARRAY, BYTES, MAP};
use super::number::text_of;
use super::order::Span;
use super::space::KeySpace;
use std::sync::Arc;

const SUITE_ALL: &str = "idem1-arguments";
const SUITE_ONE: &str = "idem1-argument";

/// The first byte of the stored form.
const FORMAT: u8 = 1;
const TOTAL: usize = 16;
const HASH: usize = 8;
/// Before the arguments: the format, the total, and how many follow.
const HEAD: usize = 1 + TOTAL + 1;

/// Arguments that are told apart by name; one byte counts them. The total covers all.
const MAX_NAMED: usize = 255;
/// Longest name that is kept; one byte gives its length.
const MAX_NAME: usize = 255;

/// What the arguments of a call were, without their values.
///
/// Beside an explicit key it tells that a second call under the same key has other arguments, and
/// which. The hashes are short, and made with the key's digest (and the secret, where one is set):
/// equal values under two keys do not show. Without a secret, a value that can be guessed can be
/// checked against its hash.
///
/// Up to 255 arguments whose names have at most 255 bytes are kept one by one; all others count
/// in the total alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(Arc<[u8]>);

/// Bytes that are no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// Written by a later version.
    #[error(
        "the fingerprint has format {found}, but this version reads format {FORMAT}; a newer \
         version wrote it, so upgrade this one"
    )]
    Format {
        /// The format found.
        found: u8,
    },
    /// Not what was written.
    #[error("the fingerprint is damaged ({found}); the record has been altered or cut off")]
    Damaged {
        /// What is wrong with it.
        found: &'static str,
    },
}

impl Fingerprint {
    /// Of the arguments that stand in `out` in canonical order.
    pub(super) fn of(space: &KeySpace, digest: &[u8; 32], out: &[u8], spans: &[Span]) -> Self {
        let named: Vec<(&str, &Span)> = spans
            .iter()
            .filter_map(|span| Some((text_of(&out[span.start..span.name_end])?, span)))
            .filter(|(name, _)| name.len() <= MAX_NAME)
            .take(MAX_NAMED)
            .collect();
        let mut preimage = Vec::new();
        domain(&mut preimage, 3, SUITE_ALL, digest);
        encoder::head(&mut preimage, MAP, spans.len() as u64);
        for span in spans {
            preimage.extend_from_slice(&out[span.start..span.end]);
        }
        let mut bytes = Vec::with_capacity(HEAD + named.len() * (1 + 16 + HASH));
        bytes.push(FORMAT);
        bytes.extend_from_slice(&space.hash(&preimage)[..TOTAL]);
        bytes.push(named.len() as u8);
        for (name, span) in named {
            preimage.clear();
            domain(&mut preimage, 4, SUITE_ONE, digest);
            preimage.extend_from_slice(&out[span.start..span.end]);
            bytes.push(name.len() as u8);
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(&space.hash(&preimage)[..HASH]);
        }
        Fingerprint(bytes.into())
    }

    /// The form for a record.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads the form for a record.
    ///
    /// # Errors
    /// [`FingerprintError`] for bytes that [`Fingerprint::bytes`] never gave.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FingerprintError> {
        let damaged = |found| FingerprintError::Damaged { found };
        match bytes.first() {
            None => return Err(damaged("it is empty")),
            Some(&FORMAT) => {}
            Some(&found) => return Err(FingerprintError::Format { found }),
        }
        let (head, mut rest) = bytes.split_at_checked(HEAD).ok_or(damaged("it ends too early"))?;
        let mut last = None;
        for _ in 0..head[HEAD - 1] {
            let (entry, tail) = entry(rest).ok_or(damaged("an argument is cut off"))?;
            if std::str::from_utf8(entry.name).is_err() {
                return Err(damaged("a name is not text"));
            }
            let order = (entry.name.len(), entry.name);
            if last.is_some_and(|last| last >= order) {
                return Err(damaged("its names are out of order"));
            }
            last = Some(order);
            rest = tail;
        }
        if !rest.is_empty() {
            return Err(damaged("something follows it"));
        }
        Ok(Fingerprint(bytes.into()))
    }

    /// Whether the arguments were the same.
    pub fn matches(&self, other: &Self) -> bool {
        self.total() == other.total()
    }

    /// The names of the arguments that differ or that only one side has, in canonical order. It
    /// may be empty though the fingerprints do not match, if the difference lies in arguments that
    /// are not kept one by one.
    pub fn differing(&self, other: &Self) -> Vec<String> {
        let (mut ours, mut theirs) = (self.entries().peekable(), other.entries().peekable());
        let mut names = Vec::new();
        loop {
            let (left, right) = (ours.peek(), theirs.peek());
            let order = match (left, right) {
                (None, None) => return names,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(a), Some(b)) => (a.name.len(), a.name).cmp(&(b.name.len(), b.name)),
            };
            let left = if order.is_le() { ours.next() } else { None };
            let right = if order.is_ge() { theirs.next() } else { None };
            let same = matches!((left, right), (Some(a), Some(b)) if a.hash == b.hash);
            if let Some(entry) = left.or(right).filter(|_| !same) {
                names.push(String::from_utf8_lossy(entry.name).into_owned());
            }
        }
    }

    fn total(&self) -> &[u8] {
        &self.0[1..=TOTAL]
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut rest = &self.0[HEAD..];
        std::iter::from_fn(move || {
            let (entry, tail) = entry(rest)?;
            rest = tail;
            Some(entry)
        })
    }
}

/// One argument of the stored form.
#[derive(Clone, Copy)]
struct Entry<'a> {
    name: &'a [u8],
    hash: &'a [u8],
}

fn entry(bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (len, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*len))?;
    let (hash, rest) = rest.split_at_checked(HASH)?;
    Some((Entry { name, hash }, rest))
}

/// The start of what is hashed: a suite of its own, and the key it belongs to.
fn domain(out: &mut Vec<u8>, len: u8, suite: &str, digest: &[u8; 32]) {
    out.push(ARRAY | len);
    encoder::text(out, suite);
    encoder::head(out, BYTES, digest.len() as u64);
    out.extend_from_slice(digest);
}
