//! What random sequences came to.

use std::fmt;

use super::play::Played;
use crate::testing::conformance::bench::{Checked, Stop};
use crate::testing::conformance::fixture::SEEDS;
use crate::testing::conformance::twin::Met;

/// How many random sequences agreed with the model, and what they met on their way.
#[derive(Debug, Clone, Default)]
pub struct Sequences {
    played: u64,
    acts: u64,
    again: u64,
    cut: u64,
    why: Option<String>,
    met: Met,
}

impl Sequences {
    /// How many were played.
    pub fn played(&self) -> u64 {
        self.played
    }

    /// How many acts were compared with the model, in all of them.
    pub fn acts(&self) -> u64 {
        self.acts
    }

    /// How many times one was played again, since a deadline was too near to compare an answer.
    pub fn again(&self) -> u64 {
        self.again
    }

    /// How many were compared up to such a deadline only, though they were played again.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    /// How often each turn of events was met, by name.
    pub fn situations(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.met.counts()
    }

    pub(super) fn count(&mut self, played: &Played) {
        self.played += 1;
        self.acts += played.acts as u64;
        self.again += played.again as u64;
        self.met.add(&played.met);
        if let Some(Stop::Unclear(why)) = &played.stop {
            self.cut += 1;
            self.why.get_or_insert_with(|| why.clone());
        }
    }

    /// Sequences that came nowhere prove nothing.
    pub(super) fn judge(&self) -> Checked {
        let missed: Vec<_> = self.situations().filter(|(_, met)| *met == 0).map(|(name, _)| name).collect();
        let missed = if self.played >= SEEDS { missed.join(", ") } else { String::new() };
        let (cut, played) = (self.cut, self.played);
        match &self.why {
            Some(why) if cut * 4 > played || !missed.is_empty() => Err(Stop::Skipped(format!(
                "{cut} of {played} sequences came too near to a deadline to be compared, so this store or machine is too slow \
                 for the fixture's lease; the first: {why}"
            ))),
            _ if missed.is_empty() => Ok(()),
            _ => Err(Stop::Failed(format!("no sequence met: {missed}"))),
        }
    }
}

impl fmt::Display for Sequences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { played, acts, again, cut, .. } = self;
        write!(f, "{played} sequences, {acts} acts compared, {again} played again, {cut} cut")?;
        self.situations().try_for_each(|(name, met)| write!(f, "\n  {met:>7} {name}"))
    }
}
