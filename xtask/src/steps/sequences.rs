use super::servers::Servers;
use crate::shell::{self, Result, cargo};

/// Read by the tests themselves.
const SECONDS: &str = "IDEM_SEQUENCES_SECONDS";

/// How long each store is tried unless the environment says otherwise.
const USUAL: &str = "60";

/// The same tests as among the others, for longer: one store after the other, since they go by leases. What fails tells its
/// seed and its acts.
pub fn run() -> Result {
    let servers = Servers::gather()?;
    let seconds = std::env::var(SECONDS).unwrap_or_else(|_| USUAL.to_owned());
    let tests = ["test", "--package", "idem-runtime", "--all-features", "--test", "sequences"];
    let mut tests = cargo(&[&tests[..], &["--", "--nocapture", "--test-threads", "1"]].concat());
    shell::run(servers.tell(&mut tests).env(SECONDS, seconds))
}
