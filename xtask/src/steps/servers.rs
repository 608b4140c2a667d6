use std::process::Command;

use idem_test_servers::Services;

use crate::shell::Result;

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

    /// Tells a command where they are.
    pub fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs(self.0.iter().filter_map(|service| service.variable.clone()))
    }
}
