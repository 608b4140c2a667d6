//! Read by the tests of idem-lint, never compiled.

pub mod jobs;
#[path = "elsewhere/hooks.rs"]
pub mod webhooks;

#[cfg(test)]
mod tests;
