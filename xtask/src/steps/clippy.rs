use crate::shell::{self, Result, cargo};

pub fn run() -> Result {
    shell::run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]))
}
