//! Maps whose keys are random bytes already: digests and owners need no second hash.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by digests, or by other bytes that nobody outside can choose.
pub(crate) type RandomBytesMap<K, V> = HashMap<K, V, BuildHasherDefault<LastEight>>;

/// The last eight bytes are the hash. Not the first: those choose a shard.
#[derive(Default)]
pub(crate) struct LastEight(u64);

impl Hasher for LastEight {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(word) = bytes.last_chunk::<8>() {
            self.0 ^= u64::from_ne_bytes(*word);
        }
    }

    fn write_usize(&mut self, _length: usize) {}
}
