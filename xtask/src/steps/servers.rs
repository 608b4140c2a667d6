use std::process::Command;

use idem_test_servers::Services;

use crate::shell::Result;

/// The variables of the environment that name servers.
const NAMES: [&str; 3] = ["IDEM_TEST_REDIS_URL", "IDEM_TEST_POSTGRES_URL", "IDEM_TEST_MYSQL_URL"];

/// The servers of one step: those of the environment, else those at the standard ports, else private ones, which end with
/// this value.
pub struct Servers(Services);

impl Servers {
    /// Finds or starts them, and says which were taken.
    ///
    /// # Errors
    /// A private one is needed and does not start.
    pub fn gather() -> Result<Self> {
        let services = Services::gather()?;
        for service in services.iter() {
            println!("{}", service.taken);
        }
        Ok(Self(services))
    }

    /// A text with the names of the servers' variables in braces replaced by their URLs.
    pub fn fill_in(&self, text: &str) -> String {
        let told = self.0.iter().filter_map(|service| service.variable.clone());
        let given = NAMES.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?)));
        told.chain(given).fold(text.to_owned(), |text, (name, url)| text.replace(&format!("{{{name}}}"), &url))
    }

    /// Tells a command where they are.
    pub fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs(self.0.iter().filter_map(|service| service.variable.clone()))
    }
}
