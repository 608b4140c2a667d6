use crate::shell::{self, Result, cargo};

pub fn run() -> Result {
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    shell::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}
