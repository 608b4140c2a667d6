use crate::shell::{self, Result, cargo};

pub fn run() -> Result {
    shell::run(&mut cargo(&["test", "--doc", "--workspace", "--all-features"]))
}
