//! Numbers: floats by value, integers of any size, and numbers given as text.
use super::encoder::{BYTES, Encoder, NEGATIVE, TAG, TEXT, UINT};
use super::refusal::{Encoded, Refusal};

/// The struct in which `serde_json` hands over numbers under `arbitrary_precision`.
pub(super) const JSON_NUMBER: &str = "$serde_json::private::Number";
/// The struct in which `serde_json` hands over raw text.
pub(super) const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Digits of an integer given as text. Reading them takes time that grows with the square of
/// their number: this many take about a millisecond, a megabyte would take seconds.
const MAX_DIGITS: usize = 20_000;

impl Encoder {
    #[inline(always)]
    pub fn unsigned(&mut self, n: u64) -> Encoded {
        self.head(UINT, n)
    }

    #[inline]
    pub fn wide_unsigned(&mut self, n: u128) -> Encoded {
        match u64::try_from(n) {
            Ok(n) => self.unsigned(n),
            Err(_) => self.big(UINT, &n.to_be_bytes()),
        }
    }

    #[inline]
    pub fn wide_signed(&mut self, n: i128) -> Encoded {
        let (major, n) = if n < 0 { (NEGATIVE, !n as u128) } else { (UINT, n as u128) };
        match u64::try_from(n) {
            Ok(n) => self.head(major, n),
            Err(_) => self.big(major, &n.to_be_bytes()),
        }
    }

    /// An integer beyond 64 bits: tag 2, or 3 for -1 - n, over the bytes without leading zeros.
    fn big(&mut self, major: u8, bytes: &[u8]) -> Encoded {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let bytes = &bytes[zeros..];
        self.head(TAG, if major == UINT { 2 } else { 3 })?;
        self.head(BYTES, bytes.len() as u64)?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// A float: the integer it equals if there is one in 64 bits, else the shortest float.
    #[inline]
    pub fn float(&mut self, x: f64) -> Encoded {
        // A cast saturates, so the largest integer may stand for a float beyond it. It is itself no
        // float, and is left to the other branches.
        let n = x as i64;
        if n as f64 == x && n != i64::MAX {
            return self.signed(n);
        }
        const TWO_63: f64 = 9_223_372_036_854_775_808.0;
        if (TWO_63..2.0 * TWO_63).contains(&x) {
            return self.unsigned(x as u64);
        }
        self.shortest_float(x)
    }

    fn shortest_float(&mut self, x: f64) -> Encoded {
        if x.is_nan() {
            return self.float_bytes(&[0xf9, 0x7e, 0x00]);
        }
        let single = x as f32;
        if f64::from(single) != x {
            let [a, b, c, d, e, f, g, h] = x.to_be_bytes();
            return self.float_bytes(&[0xfb, a, b, c, d, e, f, g, h]);
        }
        if let Some(half) = half(single) {
            let [a, b] = half.to_be_bytes();
            return self.float_bytes(&[0xf9, a, b]);
        }
        let [a, b, c, d] = single.to_be_bytes();
        self.float_bytes(&[0xfa, a, b, c, d])
    }

    #[inline]
    fn float_bytes(&mut self, bytes: &[u8]) -> Encoded {
        self.byte(bytes[0])?;
        self.out.extend_from_slice(&bytes[1..]);
        Ok(())
    }
}

/// The binary16 that equals `x`, which is not zero and not NaN.
fn half(x: f32) -> Option<u16> {
    let bits = x.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let mantissa = bits & 0x007f_ffff;
    let exponent = (bits >> 23 & 0xff) as i32 - 127;
    match exponent {
        128 => Some(sign | 0x7c00),
        -14..=15 if mantissa & 0x1fff == 0 => Some(sign | ((exponent + 15) as u16) << 10 | (mantissa >> 13) as u16),
        -24..=-15 => {
            // Subnormal: the value is a whole number of 2^-24.
            let whole = mantissa | 0x0080_0000;
            let shift = (-1 - exponent) as u32;
            (whole.trailing_zeros() >= shift).then(|| sign | (whole >> shift) as u16)
        }
        _ => None,
    }
}

/// Replaces the text item at `at`, which fills the encoding up to its end, by the number it spells.
pub(super) fn settle(encoder: &mut Encoder, at: usize) -> Encoded {
    let text = text_at(encoder, at)?;
    if !is_integer(text) {
        let x: f64 = text.parse().map_err(|_| Refusal::number())?;
        if !x.is_finite() {
            return Err(Refusal::number());
        }
        encoder.out.truncate(at);
        return encoder.float(x);
    }
    if let Ok(n) = text.parse::<i128>() {
        encoder.out.truncate(at);
        return encoder.wide_signed(n);
    }
    if text.len() > MAX_DIGITS {
        return Err(Refusal::too_large());
    }
    let (major, digits) = match text.strip_prefix('-') {
        Some(digits) => (NEGATIVE, digits),
        None => (UINT, text),
    };
    let bytes = magnitude(digits, major == NEGATIVE);
    encoder.out.truncate(at);
    encoder.big(major, &bytes)
}

/// The text of the only item from `at` on, if it spells a number as JSON does.
pub(super) fn text_at(encoder: &Encoder, at: usize) -> Result<&str, Refusal> {
    let text = text_of(&encoder.out[at..]).ok_or_else(Refusal::number)?;
    if is_json(text) { Ok(text) } else { Err(Refusal::number()) }
}

/// The content of a text item.
pub(super) fn text_of(item: &[u8]) -> Option<&str> {
    let info = item.first().filter(|head| *head & 0xe0 == TEXT)? & 0x1f;
    let width = match info {
        0..24 => 1,
        _ => 1 + (1 << (info - 24).min(3)),
    };
    std::str::from_utf8(item.get(width..)?).ok()
}

/// Whether a number of JSON is spelled as an integer.
pub(super) fn is_integer(text: &str) -> bool {
    !text.contains(['.', 'e', 'E'])
}

/// The grammar of JSON numbers: `-? int frac? exp?`.
fn is_json(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits(text);
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
        return false;
    }
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => match digits(fraction) {
            ("", _) => return false,
            (_, rest) => rest,
        },
        None => rest,
    };
    match rest.strip_prefix(['e', 'E']) {
        Some(power) => {
            let power = power.strip_prefix(['+', '-']).unwrap_or(power);
            matches!(digits(power), (digits, "") if !digits.is_empty())
        }
        None => rest.is_empty(),
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// The big-endian bytes of a decimal number, less one if `less_one`.
fn magnitude(digits: &str, less_one: bool) -> Vec<u8> {
    // Base 2^64, least significant first; 19 digits at a time fit one limb.
    let mut limbs: Vec<u64> = Vec::with_capacity(digits.len() / 19 + 1);
    for chunk in digits.as_bytes().chunks(19) {
        let power = 10_u64.pow(chunk.len() as u32);
        let mut carry = chunk.iter().fold(0, |n, digit| n * 10 + u64::from(digit - b'0'));
        for limb in &mut limbs {
            let wide = u128::from(*limb) * u128::from(power) + u128::from(carry);
            *limb = wide as u64;
            carry = (wide >> 64) as u64;
        }
        if carry != 0 {
            limbs.push(carry);
        }
    }
    if less_one {
        for limb in &mut limbs {
            let (less, borrow) = limb.overflowing_sub(1);
            *limb = less;
            if !borrow {
                break;
            }
        }
    }
    limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect()
}

/// The decimal spelling of an integer by its big-endian bytes, or of -1 less it.
pub(super) fn decimal(bytes: &[u8], negative: bool) -> String {
    let mut limbs: Vec<u64> =
        bytes.rchunks(8).map(|chunk| chunk.iter().fold(0, |n, byte| n << 8 | u64::from(*byte))).collect();
    if negative {
        let carry = limbs.iter_mut().all(|limb| {
            let (more, carry) = limb.overflowing_add(1);
            *limb = more;
            carry
        });
        limbs.extend(carry.then_some(1));
    }
    const CHUNK: u128 = 10_u128.pow(19);
    let mut chunks = Vec::new();
    while !limbs.is_empty() {
        let mut rest = 0_u128;
        for limb in limbs.iter_mut().rev() {
            let wide = rest << 64 | u128::from(*limb);
            *limb = (wide / CHUNK) as u64;
            rest = wide % CHUNK;
        }
        chunks.push(rest);
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
    }
    let mut text = String::from(if negative { "-" } else { "" });
    let mut chunks = chunks.iter().rev();
    text.push_str(&chunks.next().unwrap_or(&0).to_string());
    for chunk in chunks {
        text.push_str(&format!("{chunk:019}"));
    }
    text
}
