use crate::shell::{self, Result, cargo, works};

/// Advisories are left out: they need a download, and what they say changes from day to day.
pub fn run() -> Result {
    if !works(&mut cargo(&["deny", "--version"])) {
        return Err("cargo-deny is not installed: `cargo install --locked cargo-deny`".into());
    }
    shell::run(&mut cargo(&["deny", "--all-features", "check", "licenses", "bans", "sources"]))
}
