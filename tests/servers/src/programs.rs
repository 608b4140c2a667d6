//! Where the programs of the servers are.

use std::path::{Path, PathBuf};

/// Directories that hold servers and are not in everybody's PATH.
const BESIDES: &[&str] = &["/usr/sbin", "/usr/local/sbin"];

/// Where Debian keeps PostgreSQL, a directory for each version.
const POSTGRES: &str = "/usr/lib/postgresql";

/// The program of this name.
///
/// # Errors
/// What was looked for, where, and which package of Debian has it.
pub fn find(name: &str, package: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(BESIDES.iter().map(PathBuf::from)).chain(versions());
    let mut programs = folders.map(|folder| folder.join(name));
    programs.find(|program| program.is_file()).ok_or_else(|| {
        format!(
            "found no program `{name}` in the PATH, in {} or in {POSTGRES}/*/bin: `cargo xtask tools` installs it, or \
             install Debian's package {package}",
            BESIDES.join(", ")
        )
    })
}

/// The newest version first.
fn versions() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(POSTGRES).into_iter().flatten().flatten();
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut versions: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    versions.into_iter().map(|path| path.join("bin")).collect()
}
