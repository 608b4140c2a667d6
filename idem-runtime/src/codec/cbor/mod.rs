//! Results as bytes: CBOR (RFC 8949), a subset that gives every value back as it was.
//!
//! What CBOR crates lose and this keeps: `Some(None)` and `Some(())` (tag [`SOME`] before the null), and types whose
//! text and binary forms differ (`Uuid`, `IpAddr`) inside tagged and untagged enums, because both directions say
//! `is_human_readable() == true`.
mod de;
mod elements;
mod error;
mod ser;

pub use de::from_slice;
pub use error::Error;
pub use ser::append;

/// Stands before a null (or another such tag) that is the content of a `Some`: "idem" in ASCII, as in keys.
const SOME: u64 = 0x6964_656d;
/// Tags of integers beyond 64 bits, and of negative ones (RFC 8949, 3.4.3).
const BIG_POSITIVE: u64 = 2;
const BIG_NEGATIVE: u64 = 3;
/// Containers within containers; deeper is refused on both sides, so that nothing is stored that cannot be read.
const MAX_DEPTH: usize = 128;

/// The major types, already in the upper three bits.
mod major {
    pub const POSITIVE: u8 = 0x00;
    pub const NEGATIVE: u8 = 0x20;
    pub const BYTES: u8 = 0x40;
    pub const TEXT: u8 = 0x60;
    pub const ARRAY: u8 = 0x80;
    pub const MAP: u8 = 0xa0;
    pub const TAG: u8 = 0xc0;
}
/// Items that are one byte, or begin with one that says it all.
mod simple {
    pub const FALSE: u8 = 0xf4;
    pub const TRUE: u8 = 0xf5;
    pub const NULL: u8 = 0xf6;
    pub const F32: u8 = 0xfa;
    pub const F64: u8 = 0xfb;
    /// An array or map whose length was not known when it began; ends with `BREAK`.
    pub const OPEN: u8 = 0x1f;
    pub const BREAK: u8 = 0xff;
}
