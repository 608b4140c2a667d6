//! Chance, which a schedule repeats.

use std::ops::Range;

use shuttle::rand::{Rng, RngCore, thread_rng};

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    thread_rng().fill_bytes(&mut bytes);
    bytes
}

pub(crate) fn random_range(range: Range<f64>) -> f64 {
    thread_rng().gen_range(range)
}
