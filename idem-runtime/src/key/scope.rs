//! The scope as a readable key shows it.
use super::encoder::{self, ARRAY, NEGATIVE, TAG, TEXT, UINT};
use super::label::{Field, Hex};
use super::number;
use super::space::KeySpace;
use std::sync::Arc;

/// The suite of scope labels, so that none is the start of a key.
const SUITE: &str = "idem1-scope";

/// Room for a kind and a UUID as text, so that usual scopes cost no allocation.
const INLINE: usize = 46;

/// A scope's kind and value, each encoded. They are kept until someone wants to read the key: most
/// keys are never displayed, and a hidden label costs a digest.
#[derive(Clone)]
pub(super) enum Scope {
    Inline { len: u8, bytes: [u8; INLINE] },
    Long(Arc<[u8]>),
}

impl Scope {
    #[inline]
    pub fn new(encoded: &[u8]) -> Self {
        let mut bytes = [0; INLINE];
        match bytes.get_mut(..encoded.len()) {
            Some(room) => {
                room.copy_from_slice(encoded);
                let len = encoded.len() as u8;
                Scope::Inline { len, bytes }
            }
            None => Scope::Long(encoded.into()),
        }
    }

    fn encoded(&self) -> &[u8] {
        match self {
            Scope::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Scope::Long(bytes) => bytes,
        }
    }

    /// `kind=value`, or `kind~hash` where the value is hidden.
    pub fn label(&self, space: &KeySpace, plain_text: bool) -> String {
        let encoded = self.encoded();
        let (_, kind_len, kind_at) = head_of(encoded);
        let (kind, value) = encoded[kind_at..].split_at(kind_len as usize);
        let kind = String::from_utf8_lossy(kind);
        let shown = match space.key_id() {
            Some(_) => None,
            None => shown(value, plain_text),
        };
        if let Some(shown) = shown {
            return format!("{}={}", Field(&kind), Field(&shown));
        }
        let mut preimage = vec![ARRAY | 4];
        encoder::text(&mut preimage, SUITE);
        encoder::text(&mut preimage, space.namespace());
        preimage.extend_from_slice(encoded);
        let digest = space.hash(&preimage);
        format!("{}~{}", Field(&kind), Hex(&digest[..8]))
    }
}

/// The value as text, if it is an integer, or a text that may be shown.
fn shown(value: &[u8], plain_text: bool) -> Option<String> {
    let (major, n, at) = head_of(value);
    match major {
        UINT => Some(n.to_string()),
        NEGATIVE => Some((-1 - i128::from(n)).to_string()),
        TAG if n == 2 || n == 3 => {
            let bytes = &value[at..];
            let (_, _, from) = head_of(bytes);
            Some(number::decimal(&bytes[from..], n == 3))
        }
        TEXT if plain_text => Some(String::from_utf8_lossy(&value[at..]).into_owned()),
        _ => None,
    }
}

/// Major type, argument and width of the head that an encoding of ours starts with.
fn head_of(item: &[u8]) -> (u8, u64, usize) {
    let first = item.first().copied().unwrap_or_default();
    let info = first & 0x1f;
    if info < 24 {
        return (first & 0xe0, u64::from(info), 1);
    }
    let width = 1 << (info - 24).min(3);
    let n = item[1..].iter().take(width).fold(0, |n, byte| n << 8 | u64::from(*byte));
    (first & 0xe0, n, 1 + width)
}
