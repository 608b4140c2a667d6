//! Documents by chance, the same on every run.
use super::Doc;

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }

    pub fn text(&mut self) -> String {
        const PIECES: [&str; 14] =
            ["a", "b", "Z", "0", "-", "_", ":", "%", "{", "é", "e\u{301}", "\u{0}", "😀", "lorem ipsum "];
        let len = match self.below(20) {
            0 => self.below(300),
            _ => self.below(6),
        };
        (0..len).map(|_| self.pick(&PIECES)).collect()
    }

    /// An integer of any width, often next to a border between widths.
    pub fn integer(&mut self) -> i128 {
        let n = match self.below(4) {
            0 => i128::from(self.below(300)),
            1 => (1_i128 << self.below(127)) + i128::from(self.below(3)) - 1,
            2 => i128::from(self.next()),
            _ => i128::from(self.next()) * i128::from(self.next() >> 2),
        };
        if self.below(3) == 0 { -n } else { n }
    }

    pub fn float(&mut self) -> f64 {
        match self.below(6) {
            0 => f64::from_bits(self.next()),
            1 => f64::from(f32::from_bits(self.next() as u32)),
            2 => self.below(100_000) as f64 / 100.0,
            3 => (self.below(4096) as f64 - 2048.0) * 2_f64.powi(-(self.below(26) as i32)),
            4 => self.integer() as f64,
            _ => self.below(20) as f64,
        }
    }

    pub fn doc(&mut self, depth: u64) -> Doc {
        let kinds = if depth == 0 { 8 } else { 13 };
        match self.below(kinds) {
            0 => Doc::Null,
            1 => Doc::Bool(self.below(2) == 0),
            2 | 3 => Doc::int(self.integer()),
            4 => Doc::F64(self.float()),
            5 => Doc::F32(f32::from_bits(self.next() as u32)),
            6 => Doc::Text(self.text()),
            7 => Doc::Bytes((0..self.below(40)).map(|_| self.next() as u8).collect()),
            8 => Doc::Some(Box::new(self.doc(depth - 1))),
            9 => Doc::Array(self.docs(depth)),
            10 => Doc::Set(self.docs(depth)),
            _ => {
                let names = self.below(8);
                let entry = |_| (self.name(), self.doc(depth - 1));
                Doc::Map((0..names).map(entry).collect())
            }
        }
    }

    fn docs(&mut self, depth: u64) -> Vec<Doc> {
        let len = match self.below(10) {
            0 => self.below(60),
            _ => self.below(6),
        };
        (0..len).map(|_| self.doc(depth - 1)).collect()
    }

    fn name(&mut self) -> Doc {
        match self.below(8) {
            0 => Doc::int(self.integer()),
            1 => Doc::Bool(self.below(2) == 0),
            2 => Doc::Some(Box::new(Doc::Text(self.text()))),
            _ => Doc::Text(self.text()),
        }
    }
}
