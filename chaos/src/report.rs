//! The table at the end.

use comfy_table::{Table, presets};
use serde::Serialize;

use crate::checker::Verdict;

/// What is said of one store.
#[derive(Debug, Serialize)]
pub struct Line {
    pub store: &'static str,
    /// What delivered.
    pub queue: &'static str,
    pub seconds: u64,
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Line {
    pub fn is_clean(&self) -> bool {
        self.verdict.violations.is_empty()
    }
}

/// The figures of all stores.
pub fn table(lines: &[Line]) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header([
        "store",
        "queue",
        "s",
        "keys",
        "deliveries",
        "duplicates",
        "redelivered",
        "kills",
        "pauses",
        "restarts",
        "promotions",
        "network",
        "full",
        "bodies",
        "effects",
        "refused",
        "rows",
        "replays",
        "set aside",
        "forgotten",
        "takeovers (undisturbed)",
        "p50",
        "p99",
        "violations",
    ]);
    for Line { store, queue, seconds, verdict } in lines {
        let figures = &verdict.figures;
        let takeovers = &figures.takeovers;
        table.add_row([
            (*store).to_owned(),
            (*queue).to_owned(),
            seconds.to_string(),
            figures.keys.to_string(),
            figures.deliveries.to_string(),
            figures.deliveries.saturating_sub(figures.keys).to_string(),
            figures.redelivered.to_string(),
            figures.kills.to_string(),
            figures.pauses_past_lease.to_string(),
            figures.restarts.to_string(),
            figures.promotions.to_string(),
            figures.network_faults.to_string(),
            figures.full.to_string(),
            figures.bodies.to_string(),
            figures.effects.to_string(),
            figures.effects_refused.to_string(),
            figures.rows.to_string(),
            figures.replayed.to_string(),
            figures.set_aside.to_string(),
            figures.forgotten.to_string(),
            format!("{} ({})", takeovers.all, takeovers.undisturbed),
            format!("{} ms", takeovers.p50_ms),
            format!("{} ms", takeovers.p99_ms),
            verdict.violations.len().to_string(),
        ]);
    }
    table.to_string()
}
