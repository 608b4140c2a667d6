//! Private servers for a person: prints what to tell the tests, and keeps them until its input ends or it is killed.
#![allow(clippy::print_stdout, reason = "a command prints")]

use std::io::Read;
use std::process::ExitCode;

use idem_test_servers::Services;

fn main() -> ExitCode {
    let services = match Services::private() {
        Ok(services) => services,
        Err(error) => {
            println!("{error}");
            return ExitCode::FAILURE;
        }
    };
    for service in services.iter() {
        if let (Some((name, value)), Some(server)) = (&service.variable, service.server()) {
            println!("export {name}={value} # process {}", server.pid());
        }
    }
    println!("Until the end of the input (Ctrl-D) or Ctrl-C.");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    ExitCode::SUCCESS
}
