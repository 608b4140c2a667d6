//! Sequences that nobody thought of, beside the model.

use crate::testing::conformance::bench::{Bench, Checked};
use crate::testing::conformance::sequences;

pub(super) async fn random_sequences_agree_with_the_model(bench: &Bench) -> Checked {
    sequences::check(bench).await
}
