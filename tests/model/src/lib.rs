//! The protocol of `docs/spec/protocol.md` as a state machine that is searched through completely: workers that behave as
//! the run pipeline does, a network that loses, repeats and reorders, a store that does what `transition` says, time,
//! crashes and pauses.
//!
//! What is checked is the real `idem_runtime::transition`, called on the record of each state. `docs/evidence.md` says what
//! was shown, for which sizes, and what the model leaves out.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod admission;
mod call;
mod canonical;
mod cycles;
mod met;
mod monitor;
mod mutant;
mod pipeline;
mod properties;
mod row;
mod state;
mod store;
mod world;

pub use self::admission::{Admission, Broken, Desk, Letter, Next, Producer};
pub use self::cycles::{Explored, explore};
pub use self::monitor::{Rule, Seen};
pub use self::mutant::Mutant;
pub use self::row::Row;
pub use self::store::Admitted;
pub use self::world::{Action, Model, Sizes, World};
