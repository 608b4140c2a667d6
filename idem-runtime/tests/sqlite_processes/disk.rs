//! No room, or no right to write.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict};
use idem_runtime::{SqliteStore, Store, StoreError};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::support::{claimed, completion, done, key, request};

/// The user and group `nobody` of every Unix.
const NOBODY: u32 = 65_534;

pub fn a_disk_without_room_is_full_and_everything_answered_stays() {
    let folder = tempfile::tempdir().unwrap();
    in_mount("child_fills_its_disk", folder.path(), "mount -t tmpfs -o size=1m none \"$IDEM_TEST_PLACE\"");
}

#[tokio::main(flavor = "current_thread")]
pub async fn child_fills_its_disk() {
    let folder = crate::place();
    let store = SqliteStore::open(folder.join("idem.db")).await.unwrap();
    let claim = request(key("held", 1));
    let granted = claimed(store.claim(&claim).await.unwrap());
    done(&store, key("done", 1), b"x").await;
    let filler = folder.join("filler");
    let mut bytes = Vec::new();
    // To the last page: what is left then is less than a write needs.
    for size in [65_536, 4_096, 1] {
        while std::fs::write(&filler, {
            bytes.resize(bytes.len() + size, 0);
            &bytes
        })
        .is_ok()
        {}
        bytes.truncate(bytes.len() - size);
        _ = std::fs::write(&filler, &bytes);
    }
    let mut full = 0;
    for n in 0..300 {
        match store.claim(&request(key("more", n))).await {
            Ok(verdict) => _ = claimed(verdict),
            Err(StoreError::Full { .. }) => full += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(full > 0, "there was room for everything");
    let completion = completion(&claim, &granted, &[7; 60_000]);
    let error = store.complete(&completion).await.unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert!(matches!(store.claim(&request(key("done", 1))).await.unwrap(), ClaimVerdict::Completed(_)));
    let other = SqliteStore::open(folder.join("other.db")).await.unwrap_err();
    assert!(matches!(other, StoreError::Full { .. }), "{other:?}");
    std::fs::remove_file(filler).unwrap();
    assert!(matches!(store.complete(&completion).await.unwrap(), CompleteVerdict::Completed { restored: false, .. }));
}

pub fn a_disk_that_is_mounted_read_only_is_read_only() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let mount =
        "mount --bind \"$IDEM_TEST_PLACE\" \"$IDEM_TEST_PLACE\" && mount -o remount,ro,bind \"$IDEM_TEST_PLACE\"";
    in_mount("child_may_not_write", folder.path(), mount);
}

pub fn a_file_or_folder_without_the_right_to_write_is_read_only() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    for path in ["there.db", "one/there.db"] {
        std::fs::set_permissions(folder.path().join(path), PermissionsExt::from_mode(0o444)).unwrap();
    }
    for (path, mode) in [("one", 0o777), ("two", 0o555), (".", 0o555)] {
        std::fs::set_permissions(folder.path().join(path), PermissionsExt::from_mode(mode)).unwrap();
    }
    // For root no permission binds: another user then runs a copy that it may reach.
    let root = is_root();
    let copy = tempfile::tempdir().unwrap();
    std::fs::set_permissions(copy.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let binary = copy.path().join("tests");
    std::fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let mut command = crate::child_of(&binary, "child_may_not_write", folder.path());
    if root {
        command.uid(NOBODY).gid(NOBODY);
    }
    ran(command);
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::set_permissions(folder.path().join("two"), PermissionsExt::from_mode(0o755)).unwrap();
}

#[tokio::main(flavor = "current_thread")]
pub async fn child_may_not_write() {
    let folder = crate::place();
    for path in ["there.db", "one/there.db", "two/there.db", "missing.db", "two/missing.db"] {
        let path = folder.join(path);
        let error = SqliteStore::open(&path).await.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{}: {error:?}", path.display());
        assert!(error.is_unavailable() && error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

/// Stores in the folder and in two folders in it.
fn prepare(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for path in ["there.db", "one/there.db", "two/there.db"] {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let store = runtime.block_on(SqliteStore::open(&path)).unwrap();
        runtime.block_on(done(&store, key("t", 1), b"x"));
        drop(store);
        runtime.block_on(closed(&path));
    }
}

/// Waits until a dropped store has closed the file. The last connection that closes removes the log beside it, unless two
/// close at the same moment.
async fn closed(path: &Path) {
    let log = PathBuf::from(format!("{}-wal", path.display()));
    for _ in 0..10_000 {
        let mut last = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        // A connection that reads nothing never opens the log, and leaves it.
        sqlx::raw_sql("SELECT count(*) FROM sqlite_master").execute(&mut last).await.unwrap();
        last.close().await.unwrap();
        if !log.exists() {
            return;
        }
    }
    panic!("{} stays open", path.display());
}

/// Runs a child where the folder is mounted as said. The mount is seen by the child alone, and gone with it.
fn in_mount(name: &str, folder: &Path, mount: &str) {
    let inner = crate::child(name, folder);
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", &format!("{mount} && exec \"$@\""), "sh"]);
    command.arg(inner.get_program());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    ran(command);
}

/// Whether this machine lets anybody mount in a namespace of their own.
pub fn may_mount() -> bool {
    Command::new("unshare").args(["-Urm", "true"]).status().is_ok_and(|status| status.success())
}

/// Runs a child to its end.
fn ran(mut command: Command) {
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

/// Whether permissions do not bind this process.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
