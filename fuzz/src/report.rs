//! What a run says of itself.

use std::fmt;
use std::time::Duration;

/// How often a target was fed, and from which seed.
#[derive(Debug, Clone)]
#[must_use = "a test prints it"]
pub struct Report {
    /// The target's name.
    pub target: String,
    /// Of its first round; each further one adds one.
    pub seed: u64,
    /// Inputs by chance; those of the corpus come on top.
    pub inputs: u64,
    /// From its first input to its last.
    pub took: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, seed, inputs, took } = self;
        write!(f, "fuzz: {target}: {inputs} inputs in {:.1} s, seed {seed}", took.as_secs_f64())
    }
}
