//! Processes by their numbers, through `/proc` and the shell's `kill`.

use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

/// Sends a signal to all of them; those that are gone already are passed over.
pub fn signal(name: &str, processes: &[u32]) {
    let mut kill = Command::new("/bin/sh");
    kill.args(["-c", "kill -s \"$0\" \"$@\"", name]).args(processes.iter().map(u32::to_string));
    let quiet = kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().expect("/bin/sh must be there to send signals");
}

/// The calling thread, and every thread and process that it starts from now on, leaves the processors to others that want them. For
/// tests that take whole processors, beside those that must not be late.
///
/// # Panics
/// `renice` is not there; it is part of every Debian.
pub fn give_way() {
    let thread = std::fs::read_link("/proc/thread-self").unwrap();
    let mut renice = Command::new("renice");
    let renice = renice.args(["-n", "10", "-p"]).arg(thread.file_name().unwrap());
    // It is refused where this process gives way even more.
    renice.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("renice");
}

/// Whether it still holds anything: a dead process whose parent has not asked for it holds nothing, once all its threads
/// are dead too.
pub fn runs(process: u32) -> bool {
    let threads = || std::fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count);
    stat(process).is_some_and(|(state, _)| !matches!(state, 'Z' | 'X') || threads() > 1)
}

/// A process and its children: PostgreSQL has one for each connection.
pub fn family(parent: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let children = processes.filter(|process| stat(*process).is_some_and(|(_, above)| above == parent));
    std::iter::once(parent).chain(children).collect()
}

/// State and parent.
fn stat(process: u32) -> Option<(char, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before may hold anything, closing brackets too.
    let mut after = text.rsplit_once(')')?.1.split_whitespace();
    Some((after.next()?.chars().next()?, after.next()?.parse().ok()?))
}

/// The numbers of a user's account and group.
pub fn account(name: &str) -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut fields =
        users.lines().map(|line| line.split(':')).find_map(|mut line| (line.next()? == name).then_some(line))?;
    Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Whose account this process runs under.
pub fn user() -> Option<u32> {
    std::fs::metadata("/proc/self").ok().map(|own| own.uid())
}

pub fn is_root() -> bool {
    user() == Some(0)
}
