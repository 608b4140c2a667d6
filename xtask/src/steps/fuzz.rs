use crate::shell::{self, Result, cargo};

/// Read by the targets themselves.
const SECONDS: &str = "IDEM_FUZZ_SECONDS";

/// How long each target goes on unless the environment says otherwise.
const USUAL: &str = "60";

/// The targets: of the runtime, and of the macros, which are tests of their own package.
const TARGETS: [&[&str]; 2] = [
    &["test", "--package", "idem-fuzz", "--test", "it", "--", "--nocapture"],
    &["test", "--package", "idem-macros", "--lib", "--", "tests::fuzz::", "--nocapture"],
];

/// The same targets as in the tests, for longer and from seeds of their own. What fails names its input and its seed.
pub fn run() -> Result {
    let seconds = std::env::var(SECONDS).unwrap_or_else(|_| USUAL.to_owned());
    TARGETS.iter().try_for_each(|arguments| shell::run(cargo(arguments).env(SECONDS, &seconds)))
}
