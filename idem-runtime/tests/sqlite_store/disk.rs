//! No room, or no right to write.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use idem_runtime::claim::{ClaimVerdict, CompleteVerdict};
use idem_runtime::{SqliteStore, Store, StoreError};

use crate::support::{Bench, DAY, LEASE, claimed, completion, done, key, request};

const FOLDER: &str = "IDEM_TEST_FOLDER";

/// The user and group `nobody` of every Unix.
const NOBODY: u32 = 65_534;

#[tokio::test]
async fn at_its_limit_the_store_refuses_new_claims_and_answers_old_ones() {
    let bench = Bench::new().await;
    let builder = SqliteStore::builder(bench.path()).clock(bench.clock.clone());
    let small = builder.max_size(256 * 1024).open().await.unwrap();
    let described = small.describe().await.unwrap();
    assert!(described.settings.iter().any(|setting| setting.name == "max_size" && setting.value == "262144"));
    let mut kept = 0;
    let error = loop {
        if let Err(error) = small.claim(&request(key("t", kept))).await {
            break error;
        }
        kept += 1;
    };
    let StoreError::Full { store, reason } = &error else { panic!("{error:?}") };
    assert!(error.is_unavailable() && store.contains("idem.db") && reason.contains("`max_size`"), "{error}");
    assert!(kept > 50, "{kept} records in 256 KiB");
    for n in 0..kept {
        let answer = small.claim(&request(key("t", n))).await.unwrap();
        assert!(matches!(answer, ClaimVerdict::Running { .. }), "{answer:?}");
    }
    assert!(small.claim(&request(key("t", kept))).await.is_err(), "still full, and nobody was evicted");
    bench.clock.advance(LEASE + DAY);
    assert_eq!(small.sweep(usize::MAX).await.unwrap().removed, kept);
    done(&small, key("t", kept), b"x").await;
}

#[tokio::test]
async fn a_completion_that_finds_no_room_is_full_and_passes_once_there_is_room() {
    let bench = Bench::new().await;
    let builder = SqliteStore::builder(bench.path()).clock(bench.clock.clone());
    let small = builder.max_size(128 * 1024).open().await.unwrap();
    done(&small, key("big", 1), &[7; 60_000]).await;
    let claim = request(key("big", 2));
    let granted = claimed(small.claim(&claim).await.unwrap());
    let completion = completion(&claim, &granted, &[7; 60_000]);
    for _ in 0..3 {
        let error = small.complete(&completion).await.unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        assert!(matches!(small.claim(&request(claim.key.clone())).await.unwrap(), ClaimVerdict::Running { .. }));
    }
    let neighbour = bench.neighbour().await;
    assert!(matches!(
        neighbour.complete(&completion).await.unwrap(),
        CompleteVerdict::Completed { restored: false, .. }
    ));
}

#[test]
fn a_disk_without_room_is_full_and_everything_answered_stays() {
    let folder = tempfile::tempdir().unwrap();
    in_mount("child_fills_its_disk", folder.path(), "mount -t tmpfs -o size=1m none \"$IDEM_TEST_FOLDER\"");
}

#[tokio::test]
#[ignore = "a child process of other tests"]
async fn child_fills_its_disk() {
    let Some(folder) = folder() else { return };
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

#[test]
fn a_disk_that_is_mounted_read_only_is_read_only() {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let mount =
        "mount --bind \"$IDEM_TEST_FOLDER\" \"$IDEM_TEST_FOLDER\" && mount -o remount,ro,bind \"$IDEM_TEST_FOLDER\"";
    in_mount("child_may_not_write", folder.path(), mount);
}

#[test]
fn a_file_or_folder_without_the_right_to_write_is_read_only() {
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
    let mut command = child(&binary, "child_may_not_write", folder.path());
    if root {
        command.uid(NOBODY).gid(NOBODY);
    }
    ran(command);
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::set_permissions(folder.path().join("two"), PermissionsExt::from_mode(0o755)).unwrap();
}

#[tokio::test]
#[ignore = "a child process of other tests"]
async fn child_may_not_write() {
    let Some(folder) = folder() else { return };
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
        closed(&path);
    }
}

/// Waits until the threads of a dropped store have closed the file: the last one removes the log beside it.
fn closed(path: &Path) {
    let log = PathBuf::from(format!("{}-wal", path.display()));
    let mut looks = (0..2_000).take_while(|_| log.exists());
    looks.by_ref().for_each(|_| std::thread::sleep(std::time::Duration::from_millis(5)));
    assert!(!log.exists(), "{} stays open", path.display());
}

fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

fn child(binary: &Path, name: &str, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(["--exact", &format!("disk::{name}"), "--ignored", "--nocapture"]).env(FOLDER, folder);
    command
}

/// Runs a child where the folder is mounted as said. The mount is seen by the child alone, and gone with it.
fn in_mount(name: &str, folder: &Path, mount: &str) {
    let possible = Command::new("unshare").args(["-Urm", "true"]).status().is_ok_and(|status| status.success());
    if !possible {
        eprintln!("NOT TESTED: this machine lets nobody mount in a namespace of their own (`unshare -Urm true`)");
        return;
    }
    let exe = std::env::current_exe().unwrap();
    let inner = child(&exe, name, folder);
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", &format!("{mount} && exec \"$@\""), "sh"]);
    command.arg(inner.get_program()).args(inner.get_args()).env(FOLDER, folder);
    ran(command);
}

/// Runs a child to its end: one test, and it passed.
fn ran(mut command: Command) {
    let output = command.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Whether permissions do not bind this process.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
