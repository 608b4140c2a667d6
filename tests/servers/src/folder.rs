//! Folders of private servers, and filled data folders that are made once and copied.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::process;

/// A new folder of its own under the temporary folder, for a user's account where one is named.
pub fn make(kind: &str, owner: Option<&str>) -> Result<PathBuf, String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("idem-{kind}-{}-{number}", std::process::id()));
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        match std::fs::create_dir(&folder) {
            // A process of this number was here before, and could not remove it.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
            made => made.map_err(failed)?,
        }
        std::fs::set_permissions(&folder, Permissions::from_mode(0o700)).map_err(failed)?;
        if let Some(owner) = owner {
            let (user, group) = process::account(owner).ok_or(format!("there is no user `{owner}` in /etc/passwd"))?;
            std::os::unix::fs::chown(&folder, Some(user), Some(group)).map_err(failed)?;
        }
        return Ok(folder);
    }
}

/// Fills `data` by `fill`, or from what it filled an earlier time for this version of the server `program`.
pub fn fill(data: &Path, program: &Path, fill: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let version = Command::new(program).arg("--version").output().map_err(|error| format!("{program:?}: {error}"))?;
    let Some(kept) = kept(&String::from_utf8_lossy(&version.stdout)) else { return fill() };
    if kept.is_dir() {
        return copy(&kept, data);
    }
    fill()?;
    // Under a name of its own first, so that nobody copies half of it. Who comes second leaves the first one's.
    let own = kept.with_extension(std::process::id().to_string());
    let made = copy(data, &own).and_then(|()| std::fs::rename(&own, &kept).map_err(|error| error.to_string()));
    if made.is_err() {
        let _ = std::fs::remove_dir_all(&own);
    }
    Ok(())
}

/// Inside Cargo's target folder, which everybody may remove at any time.
fn kept(version: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let target = program.ancestors().find(|folder| folder.join(".rustc_info.json").is_file())?;
    let name = version.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let name = format!("{}-of-{}", name.trim_matches('-'), process::user()?);
    let folder = target.join("idem-test-servers");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join(name))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    run(Command::new("cp").args(["-a", "--reflink=auto", "--sparse=always"]).args([from, to]))
}

/// Runs it to its end, quietly.
pub fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{command:?} ended with {}:\n{said}{errors}", output.status))
}
