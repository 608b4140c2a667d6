//! The names of keys. Frozen: another name is another store.

use super::fault::hex;
use crate::store::StoreError;

const LONGEST: usize = 64;

/// What all keys of a store begin with.
#[derive(Debug, Clone)]
pub(super) struct Names {
    prefix: String,
}

impl Names {
    /// # Errors
    /// [`StoreError::Schema`] for a prefix that would need escaping anywhere: in a pattern, a hash tag, an access rule.
    pub(super) fn new(prefix: &str, store: &str) -> Result<Self, StoreError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte);
        if prefix.is_empty() || prefix.len() > LONGEST || !prefix.bytes().all(fits) {
            let shown: String = prefix.escape_debug().take(LONGEST).collect();
            let reason = format!(
                "the prefix `{shown}` is none of 1 to {LONGEST} letters, digits and `_-.:/`: choose another, such as `idem`"
            );
            return Err(super::fault::schema(store, reason));
        }
        Ok(Self { prefix: prefix.to_owned() })
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of a record. A cluster places it by the digest alone.
    pub(super) fn record(&self, digest: &[u8; 32]) -> Vec<u8> {
        self.of_digest(b":record:{", digest)
    }

    /// The key of a copy of a record, in the cache of a tiered store: no store takes it for a record.
    pub(super) fn copy(&self, digest: &[u8; 32]) -> Vec<u8> {
        self.of_digest(b":copy:{", digest)
    }

    fn of_digest(&self, kind: &[u8], digest: &[u8; 32]) -> Vec<u8> {
        let mut name = Vec::with_capacity(self.prefix.len() + 74);
        name.extend_from_slice(self.prefix.as_bytes());
        name.extend_from_slice(kind);
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for byte in digest {
            name.push(DIGITS[usize::from(byte >> 4)]);
            name.push(DIGITS[usize::from(byte & 15)]);
        }
        name.push(b'}');
        name
    }

    /// Matches the keys of all records.
    pub(super) fn records(&self) -> String {
        format!("{}:record:{{*}}", self.prefix)
    }

    /// The digest in the key of a record; none where it is no such key.
    pub(super) fn digest(&self, name: &[u8]) -> Option<[u8; 32]> {
        let rest = name.strip_prefix(self.prefix.as_bytes())?;
        let text = rest.strip_prefix(b":record:{")?.strip_suffix(b"}")?;
        let mut digest = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in digest.iter_mut().zip(text.as_chunks::<2>().0) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        // A sign or a capital letter would be a second name of one digest.
        (hex(&digest).as_bytes() == text).then_some(digest)
    }

    /// The key that says which life of the server this is.
    pub(super) fn incarnation(&self) -> String {
        format!("{}:incarnation", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_frozen_and_read_back() {
        let names = Names::new("idem", "the store").unwrap();
        let digest = std::array::from_fn(|at| u8::try_from(at * 8).unwrap());
        let name = names.record(&digest);
        let expected =
            "idem:record:{0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8}".as_bytes().to_vec();
        assert_eq!(name, expected);
        assert_eq!(names.digest(&name), Some(digest));
        assert!(names.copy(&digest).starts_with(b"idem:copy:{0008") && names.digest(&names.copy(&digest)).is_none());
        assert_eq!((names.records().as_str(), names.incarnation().as_str()), ("idem:record:{*}", "idem:incarnation"));
        let capital = String::from_utf8(name).unwrap().replace('a', "A");
        for odd in [&b"idem:record:{00}"[..], b"idem:incarnation", b"other:record:{}", b"", capital.as_bytes()] {
            assert_eq!(names.digest(odd), None);
        }
    }

    #[test]
    fn odd_prefixes_are_refused() {
        for odd in ["", "a b", "a{b}", "a*", "a?", "[a]", "a\\", "a\0", "a\n", "é", &"a".repeat(65)] {
            let error = Names::new(odd, "the store").unwrap_err();
            assert!(
                matches!(&error, StoreError::Schema { reason, .. } if reason.contains("choose another")),
                "{error}"
            );
        }
        for fine in ["idem", "a", "my-app:idem.v1/x_y", &"a".repeat(64)] {
            assert_eq!(Names::new(fine, "the store").unwrap().prefix(), fine);
        }
    }
}
