//! What happens to a state whoever does it.

use crate::call::{Ask, Call, Message, Phase};
use crate::canonical::owners;
use crate::world::{RESENDS, World};

impl World {
    /// Whether nothing of this owner's is under way: it will hear nothing.
    pub(crate) fn is_silent(&self, owner: u8) -> bool {
        !self.wire.iter().any(|message| match *message {
            Message::Request(ask) => ask.owner() == owner,
            Message::Reply { owner: of, .. } => of == owner,
        })
    }

    pub(crate) fn request(&mut self, ask: Ask) {
        self.wire.push(Message::Request(ask));
    }

    /// The call claims, as an owner that nobody knows yet.
    pub(crate) fn ask(&mut self, place: usize) {
        let owner = self.fresh();
        self.calls[place] = Call { owner, before: None, phase: Phase::Asking { sent: self.now, more: RESENDS } };
        self.request(Ask::Claim { owner });
    }

    /// A name that nothing has.
    pub(crate) fn fresh(&mut self) -> u8 {
        let mut highest = 0;
        owners(self, &mut |owner| highest = highest.max(*owner));
        highest + 1
    }

    /// The call ends and its delivery with it.
    pub(crate) fn over(&mut self, place: usize) {
        self.calls.remove(place);
        self.idle += 1;
        self.ended += 1;
    }

    /// The call ends, and its delivery comes again.
    pub(crate) fn requeue(&mut self, place: usize) {
        self.calls.remove(place);
        self.idle += 1;
        self.queued += 1;
    }
}
