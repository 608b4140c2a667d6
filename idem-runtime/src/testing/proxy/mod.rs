//! A network that fails on command: a TCP proxy between a store and its server.
//!
//! It knows no protocol. It sees bytes, and calls an **exchange** what the client sends until the server has answered: a
//! round trip, also where many requests travel in it together. A farewell that nobody answers is one as well; what a
//! server says unasked is none.

mod control;
mod handle;
mod relay;
mod thread;
mod url;

pub use self::control::WireFault;
pub use self::handle::Proxy;
