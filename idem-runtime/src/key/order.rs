//! Canonical order of map entries and set elements.
use super::encoder::Encoder;
use super::error::Duplicate;
use super::number::text_of;
use super::refusal::{Encoded, Refusal};
use std::cmp::Ordering;

/// One entry of an open map or set, as offsets into the encoding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// The first eight bytes of the name, which usually decide.
    prefix: u64,
    pub start: usize,
    /// Where the encoded name ends; of a set's element, where the element ends.
    pub name_end: usize,
    pub end: usize,
}

/// The entries of one open map or set.
#[derive(Debug)]
pub(super) struct Entries {
    base: usize,
    sorted: bool,
    what: Duplicate,
}

impl Entries {
    pub fn new(encoder: &Encoder, what: Duplicate) -> Self {
        Entries { base: encoder.spans.len(), sorted: true, what }
    }

    /// The arguments of a call: the outermost map.
    pub fn arguments() -> Self {
        Entries { base: 0, sorted: true, what: Duplicate::Argument }
    }

    pub fn len(&self, encoder: &Encoder) -> usize {
        encoder.spans.len() - self.base
    }

    /// Records the name that starts at `start` and ends here; its entry is open until `ended`.
    #[inline(always)]
    pub fn named(&mut self, encoder: &mut Encoder, start: usize) -> Encoded {
        let name_end = encoder.out.len();
        let prefix = prefix(&encoder.out[start..name_end]);
        let span = Span { prefix, start, name_end, end: name_end };
        if self.sorted
            && let Some(last) = encoder.spans[self.base..].last()
            && last.prefix >= prefix
        {
            match order(&encoder.out, last, &span) {
                Ordering::Less => {}
                Ordering::Equal => return Err(Refusal::duplicate(self.what)),
                Ordering::Greater => self.sorted = false,
            }
        }
        encoder.spans.push(span);
        Ok(())
    }

    /// The last entry ends here.
    #[inline]
    pub fn ended(&self, encoder: &mut Encoder) {
        let end = encoder.out.len();
        if let Some(last) = encoder.spans.last_mut() {
            last.end = end;
        }
    }

    /// Brings the entries, which fill the encoding up to its end, into order. They stay recorded.
    #[inline]
    pub fn arrange(&self, encoder: &mut Encoder) -> Encoded {
        if self.sorted {
            return Ok(());
        }
        self.sort(encoder)
    }

    fn sort(&self, encoder: &mut Encoder) -> Encoded {
        let Encoder { out, spans, spare, .. } = encoder;
        let spans = &mut spans[self.base..];
        let Some(from) = spans.first().map(|span| span.start) else {
            return Ok(());
        };
        spans.sort_unstable_by(|a, b| order(out, a, b));
        if spans.windows(2).any(|pair| order(out, &pair[0], &pair[1]).is_eq()) {
            return Err(Refusal::duplicate(self.what));
        }
        spare.clear();
        for span in spans {
            let moved = from + spare.len();
            spare.extend_from_slice(&out[span.start..span.end]);
            span.name_end = moved + (span.name_end - span.start);
            span.end = moved + (span.end - span.start);
            span.start = moved;
        }
        out[from..].copy_from_slice(spare);
        Ok(())
    }

    /// Arranges the entries and forgets them.
    #[inline]
    pub fn finish(&self, encoder: &mut Encoder) -> Encoded {
        self.arrange(encoder)?;
        encoder.spans.truncate(self.base);
        Ok(())
    }
}

/// The name that stands twice among sorted entries.
pub(super) fn repeated(encoder: &Encoder) -> Box<str> {
    let twice = |pair: &&[Span]| order(&encoder.out, &pair[0], &pair[1]).is_eq();
    let span = encoder.spans.windows(2).find(twice).map(|pair| pair[0]);
    span.and_then(|span| text_of(&encoder.out[span.start..span.name_end])).unwrap_or_default().into()
}

/// Bytewise order of the encoded names: since a head is the shortest, shorter names come first.
#[inline]
fn order(out: &[u8], a: &Span, b: &Span) -> Ordering {
    a.prefix.cmp(&b.prefix).then_with(|| out[a.start..a.name_end].cmp(&out[b.start..b.name_end]))
}

#[inline(always)]
fn prefix(name: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    match name.first_chunk::<8>() {
        Some(first) => bytes = *first,
        None => bytes[..name.len()].copy_from_slice(name),
    }
    u64::from_be_bytes(bytes)
}
