//! Buffers that outlive a key.
use super::encoder::Encoder;
use std::cell::Cell;

/// Free bytes before the arguments, for the parts of a preimage that come before them. Those are
/// complete only when all arguments are there; usual ones fit, so that no argument moves.
pub(super) const FRONT: usize = 256;

/// A buffer that grew beyond this is let go: one huge key is no reason to keep its memory for the
/// life of every thread.
const KEPT: usize = 64 * 1024;

/// What a key is made in.
#[derive(Debug)]
pub(super) struct Buffers {
    /// Holds the arguments, behind [`FRONT`] free bytes.
    pub encoder: Encoder,
    /// The parts around the arguments.
    pub frame: Vec<u8>,
    /// The scopes' values.
    pub scope: Vec<u8>,
    /// The scopes' kinds, joined by `+`.
    pub kinds: String,
    /// The explicit key.
    pub explicit: Vec<u8>,
}

thread_local! {
    static POOL: Cell<Buffers> = const { Cell::new(Buffers::new()) };
}

impl Buffers {
    const fn new() -> Self {
        Buffers {
            encoder: Encoder::new(),
            frame: Vec::new(),
            scope: Vec::new(),
            kinds: String::new(),
            explicit: Vec::new(),
        }
    }

    /// This thread's buffers, or fresh ones: while they are lent out, and while the thread ends.
    pub fn take() -> Self {
        let mut buffers = POOL
            .try_with(|pool| pool.replace(Buffers::new()))
            .unwrap_or(Buffers::new());
        if buffers.encoder.out.len() < FRONT {
            buffers.encoder.out.resize(FRONT, 0);
        }
        buffers
    }

    /// Gives the buffers to this thread, whichever they came from.
    pub fn give_back(&mut self) {
        let mut buffers = std::mem::replace(self, Buffers::new());
        if buffers.encoder.out.capacity() > KEPT {
            return;
        }
        buffers.encoder.reset(FRONT);
        buffers.frame.clear();
        buffers.scope.clear();
        buffers.kinds.clear();
        buffers.explicit.clear();
        // A thread that ends has no use for them.
        let _ = POOL.try_with(|pool| pool.set(buffers));
    }
}
