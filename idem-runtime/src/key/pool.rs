//! Buffers that outlive a key.
use super::encoder::Encoder;
use super::error::KeyError;
use super::order::{Entries, Span};
use super::time_label::TimeLabel;
use std::cell::Cell;

/// Free bytes before the arguments, for the parts of a preimage that come before them. Those are
/// complete only when all arguments are there; usual ones fit, so that no argument moves.
pub(super) const FRONT: usize = 256;

/// A buffer that grew to this is let go: one huge key is no reason to keep its memory for the
/// life of every thread.
const KEPT: usize = 64 * 1024;

/// What a key is made in: the parts so far. No `Debug`: they hold the arguments' values.
pub(super) struct Parts {
    /// Holds the arguments, behind [`FRONT`] free bytes.
    pub encoder: Encoder,
    pub arguments: Entries,
    /// The parts around the arguments.
    pub frame: Vec<u8>,
    /// The scopes' values, and how many they are.
    pub scope: Vec<u8>,
    pub scopes: u64,
    /// The scopes' kinds, joined by `+`.
    pub kinds: String,
    /// The explicit key, if there is one.
    pub explicit: Vec<u8>,
    pub has_explicit: bool,
    pub time: Option<TimeLabel>,
    /// The first refusal.
    pub refused: Option<KeyError>,
    /// A part is being written. Still so at the end: its `Serialize` panicked.
    pub torn: bool,
}

thread_local! {
    static POOL: Cell<Option<Box<Parts>>> = const { Cell::new(None) };
}

impl Parts {
    fn new() -> Self {
        let mut encoder = Encoder::new();
        encoder.out.resize(FRONT, 0);
        Parts {
            encoder,
            arguments: Entries::arguments(),
            frame: Vec::new(),
            scope: Vec::new(),
            scopes: 0,
            kinds: String::new(),
            explicit: Vec::new(),
            has_explicit: false,
            time: None,
            refused: None,
            torn: false,
        }
    }

    /// All capacities at once: none has a bit that `KEPT` bytes do not need.
    #[inline]
    fn is_small(&self) -> bool {
        let encoder = &self.encoder;
        let bytes = encoder.out.capacity() | encoder.spare.capacity() | self.frame.capacity();
        let values = self.scope.capacity() | self.explicit.capacity();
        let spans = encoder.spans.capacity() * size_of::<Span>();
        (bytes | values | spans) < KEPT
    }

    #[inline]
    fn clear(&mut self) {
        self.encoder.reset(FRONT);
        self.scope.clear();
        self.scopes = 0;
        self.kinds.clear();
        self.has_explicit = false;
        self.time = None;
        self.refused = None;
        self.torn = false;
        self.arguments = Entries::arguments();
    }
}

/// Parts lent by the thread, and given back to whichever thread drops them.
pub(super) struct Lent(Option<Box<Parts>>);

impl Lent {
    /// This thread's, or fresh ones: while they are lent out, and while the thread ends.
    #[inline]
    pub fn take() -> Self {
        let parts = POOL.try_with(Cell::take).unwrap_or_default();
        Lent(Some(parts.unwrap_or_else(|| Box::new(Parts::new()))))
    }

    #[inline]
    pub fn parts(&mut self) -> &mut Parts {
        // Present until dropped.
        self.0.get_or_insert_with(|| Box::new(Parts::new()))
    }
}

impl Drop for Lent {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut parts) = self.0.take()
            && parts.is_small()
        {
            parts.clear();
            // A thread that ends has no use for them.
            let _ = POOL.try_with(|pool| pool.set(Some(parts)));
        }
    }
}
