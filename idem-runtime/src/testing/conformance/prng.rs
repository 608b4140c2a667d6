//! Chance that comes the same way every time.

/// SplitMix64: a few lines, no state but a counter, the same on every machine.
#[derive(Debug, Clone)]
pub(super) struct Prng(u64);

impl Prng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub(super) fn byte(&mut self) -> u8 {
        self.word().to_le_bytes()[0]
    }

    /// A number below `end`, which is small: the bias does not show.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.word() % end.max(1) as u64).unwrap_or(0)
    }
}
