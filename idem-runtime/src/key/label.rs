//! Fields of a key's text form: escaping, abbreviation, hexadecimal.
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};

/// An escaped field that would be longer is abbreviated, so that a text form has a bounded length.
pub(super) const MAX_FIELD: usize = 64;

const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const LOWER: &[u8; 16] = b"0123456789abcdef";

/// Displays a text as one field.
pub(super) struct Field<'a>(pub &'a str);

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => return f.write_str("%"),
            "-" => return f.write_str("%2D"),
            _ => {}
        }
        let plain = self.0.bytes().filter(|byte| is_plain(*byte)).count();
        if plain == self.0.len() && plain <= MAX_FIELD {
            return f.write_str(self.0);
        }
        if 3 * self.0.len() - 2 * plain > MAX_FIELD {
            let digest = Sha256::digest(self.0.as_bytes());
            return write!(f, "~{}", Hex(&digest[..8]));
        }
        for byte in self.0.bytes() {
            if is_plain(byte) {
                f.write_char(char::from(byte))?;
            } else {
                f.write_char('%')?;
                f.write_char(char::from(UPPER[usize::from(byte >> 4)]))?;
                f.write_char(char::from(UPPER[usize::from(byte & 15)]))?;
            }
        }
        Ok(())
    }
}

/// Displays bytes in lower-case hexadecimal.
pub(super) struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            f.write_char(char::from(LOWER[usize::from(byte >> 4)]))?;
            f.write_char(char::from(LOWER[usize::from(byte & 15)]))?;
        }
        Ok(())
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// The text that a field was made from; an abbreviated field stays as it is. `None`: no field.
pub(super) fn unescape(field: &str) -> Option<String> {
    if is_abbreviated(field) {
        return Some(field.to_owned());
    }
    if field == "%" {
        return Some(String::new());
    }
    let mut bytes = Vec::new();
    let mut rest = field.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first == b'%' {
            let (code, tail) = rest.split_first_chunk::<2>()?;
            bytes.push(nibble(UPPER, code[0])? << 4 | nibble(UPPER, code[1])?);
            rest = tail;
        } else {
            bytes.push(*first);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    // Only the spelling that escaping itself gives is a field.
    (Field(&text).to_string() == field).then_some(text)
}

fn is_abbreviated(field: &str) -> bool {
    field.strip_prefix('~').is_some_and(is_hex_16)
}

pub(super) fn is_hex_16(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| nibble(LOWER, byte).is_some())
}

/// Reads 64 lower-case hexadecimal digits.
pub(super) fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != digest.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(pairs) {
        *byte = nibble(LOWER, pair[0])? << 4 | nibble(LOWER, pair[1])?;
    }
    Some(digest)
}

fn nibble(digits: &[u8; 16], byte: u8) -> Option<u8> {
    digits.iter().position(|digit| *digit == byte).map(|n| n as u8)
}

/// A short ASCII text without an allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Short<const N: usize> {
    len: u8,
    bytes: [u8; N],
}

impl<const N: usize> Short<N> {
    pub const EMPTY: Self = Short { len: 0, bytes: [0; N] };

    /// `None` if the text is longer than `N`.
    pub fn new(text: &str) -> Option<Self> {
        let mut short = Self::EMPTY;
        short.write_str(text).ok()?;
        Some(short)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl<const N: usize> Write for Short<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let len = usize::from(self.len);
        let room = self.bytes.get_mut(len..len + text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len() as u8;
        Ok(())
    }
}

impl<const N: usize> fmt::Debug for Short<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
