//! Keeps what a test logs, at every level, where `cargo xtask tests` looks for arguments, results and passwords afterwards, or for the
//! test itself.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, Once};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The folder that `cargo xtask tests` names; without it nothing is kept.
const FOLDER: &str = "IDEM_TEST_LOGS";

/// Everything that this process logs from now on is kept. A test that has a listener of its own keeps that one.
///
/// # Panics
/// The folder is not there.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Some(folder) = std::env::var_os(FOLDER) else { return };
        let path = Path::new(&folder).join(format!("{}.log", std::process::id()));
        let file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        let listener = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
        // It fails where another listens.
        _ = listener.with_writer(Mutex::new(file)).try_init();
    });
}

/// What a thread logs, line by line.
#[derive(Debug, Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    /// What this thread logs from now on is kept here, whoever else listens.
    pub fn of_this_thread(&self) {
        let lines = self.clone();
        let listener = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
        // For as long as the thread lives.
        std::mem::forget(listener.with_writer(move || lines.clone()).set_default());
    }

    /// How many lines hold this text.
    pub fn count(&self, text: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().unwrap()).lines().filter(|line| line.contains(text)).count()
    }
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    /// What `cargo xtask tests` must find in the logs, or it has searched in nothing.
    #[test]
    fn what_is_logged_at_the_lowest_level_is_kept() {
        super::listen();
        tracing::trace!(target: "idem", field = "canary-in-a-field", "canary in a message");
        if let Some(folder) = std::env::var_os(super::FOLDER) {
            let path = std::path::Path::new(&folder).join(format!("{}.log", std::process::id()));
            let kept = std::fs::read_to_string(path).unwrap();
            assert!(kept.contains("canary-in-a-field") && kept.contains("canary in a message"), "{kept}");
        }
    }
}
