use crate::shell::{self, Result, cargo, command, executables, output};

/// Read by the tests themselves: how many schedules each scheduler tries of a test.
const SCHEDULES: &str = "IDEM_INTERLEAVINGS";

/// The long form, unless the environment says otherwise.
const MANY: &str = "20000";

/// The unit tests of the runtime, on the primitives of a scheduler. The flag is for this package alone, so that what it depends
/// on is not compiled anew.
const BUILD: &[&str] = &["rustc", "--package", "idem-runtime", "--lib", "--profile", "test"];
pub const FLAG: &[&str] = &["--cfg", "idem_interleavings"];

pub fn short() -> Result {
    shell::run(&mut command(build()?, &[]))
}

pub fn long() -> Result {
    let schedules = std::env::var(SCHEDULES).unwrap_or_else(|_| MANY.to_owned());
    shell::run(command(build()?, &["--nocapture"]).env(SCHEDULES, schedules))
}

/// The program of the tests.
fn build() -> Result<String> {
    let arguments = [BUILD, &["--message-format=json-render-diagnostics", "--"], FLAG].concat();
    let messages = output(&mut cargo(&arguments))?;
    executables(&messages).next().map(str::to_owned).ok_or_else(|| "cargo built no program of the tests".to_owned())
}
