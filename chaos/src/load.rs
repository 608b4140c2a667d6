//! The deliveries: which messages there are, how often each comes, and in which order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::history::COPIES;
use crate::wire::{Message, Policy};

/// What decides the messages of a run.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub seed: u64,
    pub transactions: bool,
    pub lease_ms: u64,
}

impl Load {
    /// The message of a key: always the same.
    pub fn message(&self, key: u64) -> Message {
        let mut random = self.random(key);
        let policy = match random.random_range(0..100) {
            0..25 if self.transactions => Policy::Transaction,
            0..75 => Policy::Rerun,
            _ => Policy::Park,
        };
        // Most bodies are short; some are long enough to be met by a fault, a few need heartbeats.
        let work_ms = match random.random_range(0..1000) {
            0..700 => 0,
            700..920 => random.random_range(1..20),
            920..995 => random.random_range(20..200),
            _ => random.random_range(self.lease_ms..self.lease_ms * 3 / 2),
        };
        Message { key, policy, work_ms, fails: random.random_range(0..100) < 2 }
    }

    /// After how many later keys each copy of a key comes; the first is 0.
    pub fn copies(&self, key: u64) -> Vec<u64> {
        // Not the numbers that the message was made of.
        let mut random = self.random(key | 1 << 63);
        let more = random.random_range(0..8);
        let mut later =
            || if random.random_bool(0.5) { random.random_range(0..4) } else { random.random_range(4..600) };
        std::iter::once(0).chain((0..more).map(|_| later())).collect()
    }

    fn random(&self, key: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ key)
    }
}

/// The copies in the order in which they come first.
#[derive(Debug)]
pub struct Stream {
    load: Load,
    next_key: u64,
    keys: u64,
    waiting: BinaryHeap<Reverse<(u64, u64)>>,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A new key begins, of which so many copies will come.
    Key {
        message: Message,
        copies: u32,
    },
    Copy(u64),
}

impl Stream {
    /// `keys` is the most; [`end`](Self::end) may come before.
    pub fn new(load: Load, keys: u64) -> Self {
        Self { load, next_key: 0, keys, waiting: BinaryHeap::new() }
    }

    /// No new keys any more.
    pub fn end(&mut self) {
        self.keys = self.next_key;
    }

    fn has_key(&self) -> bool {
        let due = self.waiting.peek().is_none_or(|Reverse((position, _))| *position >= self.next_key);
        due && self.next_key < self.keys
    }
}

impl Iterator for Stream {
    type Item = Next;

    fn next(&mut self) -> Option<Next> {
        if !self.has_key() {
            return self.waiting.pop().map(|Reverse((_, copy))| Next::Copy(copy));
        }
        let key = self.next_key;
        self.next_key += 1;
        let later = self.load.copies(key);
        let copies = (key * COPIES..).zip(&later).map(|(copy, later)| Reverse((key + later, copy)));
        self.waiting.extend(copies);
        Some(Next::Key { message: self.load.message(key), copies: u32::try_from(later.len()).unwrap_or(u32::MAX) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Load, Next, Stream};
    use crate::history::COPIES;

    const LOAD: Load = Load { seed: 7, transactions: true, lease_ms: 1_000 };

    #[test]
    fn a_seed_has_one_order_of_deliveries() {
        let all = |seed| Stream::new(Load { seed, ..LOAD }, 2_000).collect::<Vec<_>>();
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
    }

    #[test]
    fn every_copy_comes_after_its_key_began_and_some_come_out_of_order() {
        let (mut begun, mut came, mut owed, mut back) = (HashSet::new(), HashSet::new(), 0, 0);
        let mut last = 0;
        for next in Stream::new(LOAD, 2_000) {
            match next {
                Next::Key { message, copies } => {
                    assert!(begun.insert(message.key) && copies >= 1);
                    owed += u64::from(copies);
                }
                Next::Copy(copy) => {
                    assert!(begun.contains(&(copy / COPIES)) && came.insert(copy), "{copy}");
                    back += u64::from(copy / COPIES < last);
                    last = copy / COPIES;
                }
            }
        }
        assert_eq!((begun.len(), came.len() as u64), (2_000, owed));
        assert!(back > 100 && owed > 4_000, "{back} of {owed} copies came after a later key");
    }
}
