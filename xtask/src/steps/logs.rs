//! What the tests logged and printed holds no argument, no result and no password.

use std::path::{Path, PathBuf};

use crate::shell::{Result, target};

/// What tests have as arguments, results and passwords, and what nothing may show. `planted-` begins those that are there for this.
const PLANTED: &[&str] = &["planted-", "10 EUR", "20 EUR", "hunter2", "4111 1111 1111 1111"];

/// What `idem-test-log` logs by itself: a search that does not find it has searched in nothing.
const CANARY: &str = "canary-in-a-field";

/// Where the tests' events go.
pub struct Logs(PathBuf);

impl Logs {
    /// An empty folder.
    pub fn empty() -> Result<Self> {
        let folder = target().join("test-logs");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|error| said(&folder, &error))?;
        }
        std::fs::create_dir_all(&folder).map_err(|error| said(&folder, &error))?;
        Ok(Self(folder))
    }

    /// What tells the tests where it is.
    pub fn variable(&self) -> (&'static str, &Path) {
        ("IDEM_TEST_LOGS", &self.0)
    }

    /// Searches all that was logged, and what the runner kept of what was printed.
    pub fn search(&self, printed: Option<&Path>) -> Result {
        let entries = std::fs::read_dir(&self.0).map_err(|error| said(&self.0, &error))?;
        let mut files = entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>();
        files.as_mut().map_err(|error| said(&self.0, error))?.sort();
        let (mut lines, mut canary, mut found) = (0, false, Vec::new());
        for path in files.unwrap_or_default().iter().map(PathBuf::as_path).chain(printed) {
            let text = std::fs::read(path).map_err(|error| said(path, &error))?;
            for (number, line) in String::from_utf8_lossy(&text).lines().enumerate() {
                lines += 1;
                canary |= line.contains(CANARY);
                found.extend(shows(line).map(|planted| format!("{}:{}: {planted}", path.display(), number + 1)));
            }
        }
        println!("searched {lines} lines of what the tests logged and printed for {} planted texts", PLANTED.len());
        match found.as_slice() {
            [] if canary => Ok(()),
            [] => Err(format!("{CANARY:?} is not in {}: the tests were not heard", self.0.display())),
            found => Err(format!("an argument, a result or a password shows:\n{}", found.join("\n"))),
        }
    }
}

/// What must not show, and does.
fn shows(line: &str) -> Option<&'static str> {
    PLANTED.iter().find(|planted| line.contains(**planted)).copied()
}

fn said(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::Logs;

    #[test]
    fn what_shows_is_told_by_its_place_and_a_search_in_nothing_is_none() {
        let folder = std::env::temp_dir().join(format!("idem-xtask-logs-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (logs, file) = (Logs(folder.clone()), folder.join("1.log"));
        let search = |text: &str| {
            std::fs::write(&file, text).unwrap();
            logs.search(None)
        };
        let ends = [
            search("claimed\n"),
            search("claimed\nfield=canary-in-a-field\n"),
            search("canary-in-a-field\nredis://default:planted-password@127.0.0.1\n"),
        ];
        std::fs::remove_dir_all(folder).unwrap();
        assert!(ends[0].as_ref().is_err_and(|error| error.contains("were not heard")), "{ends:?}");
        assert_eq!(ends[1], Ok(()));
        assert!(ends[2].as_ref().is_err_and(|error| error.contains("1.log:2: planted-")), "{ends:?}");
    }
}
