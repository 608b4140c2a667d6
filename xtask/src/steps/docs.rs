use crate::shell::{self, Result, cargo};

pub fn run() -> Result {
    // With the examples everything is resolved as for the tests, so that little is built anew.
    let targets = ["--lib", "--bins", "--examples"];
    let mut doc = cargo(&[&["doc", "--workspace", "--no-deps", "--all-features"], &targets[..]].concat());
    shell::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}
