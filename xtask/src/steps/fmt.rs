use crate::shell::{self, Result, cargo};

pub fn run() -> Result {
    shell::run(&mut cargo(&["fmt", "--all", "--check"]))
        .map_err(|error| format!("{error}; `cargo fmt --all` puts it right"))
}
