use std::path::Path;

use crate::config::Config;
use crate::error::Error;
use crate::judge::Judge;
use crate::report::Report;
use crate::scan::STACK;
use crate::tree;

/// Checks the sources at a path: a folder with everything below it, or the file that is a crate's root with the modules
/// that it declares. Paths in the report count from that folder, or from the file's; for an upload to a code host, start
/// at the root of the repository.
///
/// A file that cannot be read or parsed is a [`Problem`](crate::Problem) of the report, and the rest is checked all the same.
///
/// # Errors
/// The configuration has a mistake; there is nothing at the path, or no source. Then nothing was checked.
pub fn check(path: impl AsRef<Path>, config: &Config) -> Result<Report, Error> {
    let judge = Judge::new(config)?;
    let path = path.as_ref();
    let work = || tree::read(path, config.include_tests).map(|tree| judge.report(tree));
    // The parser needs a deeper stack than a caller may have.
    std::thread::scope(|scope| {
        let parser = std::thread::Builder::new().name("idem-lint".into()).stack_size(STACK);
        let running = parser.spawn_scoped(scope, work).map_err(Error::Thread)?;
        running.join().map_err(|_| Error::Broken)?
    })
}
