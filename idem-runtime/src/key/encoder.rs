//! The buffer and the items that go into it without looking at their neighbours.
use super::MAX_DEPTH;
use super::order::Span;
use super::refusal::{Encoded, Refusal};
use super::serialize::Item;
use serde::ser::{self, Serialize};

pub(super) const UINT: u8 = 0x00;
pub(super) const NEGATIVE: u8 = 0x20;
pub(super) const BYTES: u8 = 0x40;
pub(super) const TEXT: u8 = 0x60;
pub(super) const ARRAY: u8 = 0x80;
pub(super) const MAP: u8 = 0xa0;
pub(super) const TAG: u8 = 0xc0;
pub(super) const FALSE: u8 = 0xf4;
pub(super) const TRUE: u8 = 0xf5;
pub(super) const NULL: u8 = 0xf6;

/// "idem" as a tag number, head included: marks a `Some` that holds nothing.
pub(super) const SOME_TAG: [u8; 5] = *b"\xdaidem";

/// Head sizes by leading zeros of the argument: 1, 2, 4 or 8 bytes follow.
const WIDTH: [u8; 65] = {
    let mut table = [0; 65];
    let mut zeros = 0;
    while zeros <= 64 {
        table[zeros] = match 64 - zeros {
            0..=8 => 0,
            9..=16 => 1,
            17..=32 => 2,
            _ => 3,
        };
        zeros += 1;
    }
    table
};

/// Reused buffers and the position within the current argument.
pub(super) struct Encoder {
    /// The encoding so far.
    pub out: Vec<u8>,
    /// Entries of the open maps and sets, innermost last.
    pub spans: Vec<Span>,
    /// Room to reorder entries in.
    pub spare: Vec<u8>,
    /// Containers open.
    pub depth: usize,
    /// `out` may not grow past this length.
    pub limit: usize,
    /// Something inside was refused; a `Serialize` that goes on regardless gets nowhere.
    pub failed: bool,
}

impl Encoder {
    pub const fn new() -> Self {
        Encoder { out: Vec::new(), spans: Vec::new(), spare: Vec::new(), depth: 0, limit: 0, failed: false }
    }

    /// Forgets all but the first `len` bytes.
    #[inline]
    pub fn reset(&mut self, len: usize) {
        self.out.truncate(len);
        self.spans.clear();
        self.failed = false;
    }

    /// Makes sure that one head fits. The limit is looked at only when the buffer grows, so that a
    /// running encoder stays bounded at no cost for each item; the exact check is at the end.
    #[inline(always)]
    fn room(&mut self) -> Encoded {
        if self.out.capacity() - self.out.len() < 16 {
            return self.grow();
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> Encoded {
        if self.out.len() > self.limit {
            return Err(Refusal::too_large());
        }
        self.out.reserve(256);
        Ok(())
    }

    /// One byte that is a whole item.
    #[inline(always)]
    pub fn byte(&mut self, item: u8) -> Encoded {
        self.room()?;
        self.out.push(item);
        Ok(())
    }

    /// The shortest head of `major` with this argument.
    #[inline(always)]
    pub fn head(&mut self, major: u8, n: u64) -> Encoded {
        self.room()?;
        head(&mut self.out, major, n);
        Ok(())
    }

    /// A byte as an integer. Without a branch on the value: bytes are rarely predictable.
    #[inline(always)]
    pub fn small(&mut self, n: u8) -> Encoded {
        self.room()?;
        let len = self.out.len();
        let short = n < 24;
        self.out.extend_from_slice(&[if short { n } else { 0x18 }, n]);
        self.out.truncate(len + 2 - usize::from(short));
        Ok(())
    }

    #[inline]
    pub fn signed(&mut self, n: i64) -> Encoded {
        // For a negative n, -1 - n is its complement.
        let sign = n >> 63;
        let major = (sign as u8) & NEGATIVE;
        self.head(major, (n ^ sign) as u64)
    }

    #[inline]
    pub fn text(&mut self, text: &str) -> Encoded {
        if self.out.len() + text.len() > self.limit {
            return Err(Refusal::too_large());
        }
        self.head(TEXT, text.len() as u64)?;
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Opens an item whose length is known only when it ends: one byte stands for its head.
    pub fn open(&mut self) -> Encoded {
        self.byte(0)
    }

    /// Ends the item opened at `at`.
    pub fn close(&mut self, at: usize, major: u8, n: u64) -> Encoded {
        let end = self.out.len();
        self.head(major, n)?;
        let mut exact = [0; 9];
        let width = self.out.len() - end;
        exact[..width].copy_from_slice(&self.out[end..]);
        if width > 1 {
            self.out.copy_within(at + 1..end, at + width);
        } else {
            self.out.truncate(end);
        }
        self.out.truncate(end + width - 1);
        self.out[at..at + width].copy_from_slice(&exact[..width]);
        Ok(())
    }

    #[inline]
    pub fn enter(&mut self) -> Encoded {
        if self.depth >= MAX_DEPTH {
            return Err(Refusal::depth());
        }
        self.depth += 1;
        Ok(())
    }

    /// Encodes one value that stands by itself: an argument, a scope, an explicit key.
    #[inline]
    pub fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Encoded {
        self.depth = 0;
        value.serialize(Item::new(self))?;
        if self.failed {
            return Err(ser::Error::custom("a refusal inside the value was ignored"));
        }
        if self.out.len() > self.limit {
            return Err(Refusal::too_large());
        }
        Ok(())
    }

    /// Encodes a value inside a container.
    #[inline(always)]
    pub fn inner<T: Serialize + ?Sized>(&mut self, value: &T) -> Encoded {
        let encoded = value.serialize(Item::new(self));
        if encoded.is_err() {
            self.failed = true;
        }
        encoded
    }
}

/// Appends the shortest head.
#[inline(always)]
pub(super) fn head(out: &mut Vec<u8>, major: u8, n: u64) {
    if n < 24 {
        out.push(major | n as u8);
        return;
    }
    let class = WIDTH[n.leading_zeros() as usize];
    let width = 1_usize << class;
    let mut bytes = [0; 9];
    bytes[0] = major | (24 + class);
    bytes[1..].copy_from_slice(&(n << (64 - 8 * width)).to_be_bytes());
    let len = out.len();
    out.extend_from_slice(&bytes);
    out.truncate(len + 1 + width);
}

/// Appends a text item, for the parts of a preimage that are not arguments.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    head(out, TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}
