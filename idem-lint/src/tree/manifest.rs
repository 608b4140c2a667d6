//! Where the packages keep the roots of their crates.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Package, shown};
use crate::report::Problem;

/// The folders in which Cargo finds crates by itself.
const FOLDERS: &[&str] = &["src/bin", "examples", "tests", "benches"];

/// The parts of a manifest that name further roots.
const PARTS: &[&str] = &["bin", "example", "test", "bench"];

/// The packages among the files.
pub(super) fn packages(base: &Path, walked: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<Package> {
    let mut found = Vec::new();
    for manifest in walked.iter().filter(|path| path.ends_with("Cargo.toml")) {
        let table = std::fs::read_to_string(manifest).map_err(|error| error.to_string());
        match table.and_then(|text| text.parse::<Table>().map_err(|error| error.message().to_owned())) {
            Ok(table) => found.extend(package(manifest, &table, walked)),
            Err(why) => problems.push(Problem::unreadable(shown(base, manifest), why)),
        }
    }
    found
}

/// `None` for a workspace without a package of its own.
fn package(manifest: &Path, table: &Table, walked: &[PathBuf]) -> Option<Package> {
    let folder = manifest.parent()?.to_owned();
    let name = text(table.get("package")?, "name")?;
    let lib = table.get("lib");
    let lib_name = lib.and_then(|lib| text(lib, "name")).unwrap_or_else(|| name.replace('-', "_"));
    let lib_path = lib.and_then(|lib| text(lib, "path")).unwrap_or_else(|| "src/lib.rs".into());
    let mut crates = vec![(lib_name, folder.join(lib_path))];
    for part in PARTS {
        for target in table.get(*part).and_then(Value::as_array).into_iter().flatten() {
            if let (Some(name), Some(path)) = (text(target, "name"), text(target, "path")) {
                crates.push((name.replace('-', "_"), folder.join(path)));
            }
        }
    }
    crates.push((name.replace('-', "_"), folder.join("src/main.rs")));
    crates.extend(walked.iter().filter_map(|path| found_by_cargo(&folder, path)));
    crates.retain(|(_, root)| root.is_file());
    Some(Package { name, folder, crates })
}

/// `examples/a.rs` and `examples/a/main.rs`.
fn found_by_cargo(folder: &Path, path: &Path) -> Option<(String, PathBuf)> {
    let inside = path.strip_prefix(folder).ok()?;
    let below = FOLDERS.iter().find_map(|place| inside.strip_prefix(place).ok())?;
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    let name = match parts.as_slice() {
        [file] => file.strip_suffix(".rs")?,
        [name, file] if file == "main.rs" => name,
        _ => return None,
    };
    Some((name.replace('-', "_"), path.to_owned()))
}

fn text(table: &Value, key: &str) -> Option<String> {
    table.get(key)?.as_str().map(ToOwned::to_owned)
}
