//! Two processes share one file.

use std::collections::HashMap;
use std::path::Path;

use libtest_mimic::Failed;

use crate::child::Job;

const KEYS: u32 = 1_000;

fn pairs(path: &Path) -> Vec<(u32, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    let pair = |line: &str| line.split_once(' ').map(|(key, value)| (key.parse().unwrap(), value.to_owned()));
    text.lines().map(|line| pair(line).unwrap()).collect()
}

/// 1,000 common keys, 16 calls at once in each process, every key called twice by each.
pub fn two_processes_on_one_file() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let job = |name: &str| Job { folder: folder.path().to_owned(), name: name.to_owned(), keys: KEYS, at_once: 16 };
    let children = [job("a").spawn(), job("b").spawn()];
    for mut child in children {
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("a child failed: {status}").into());
        }
    }
    let entries = pairs(&folder.path().join("entries"));
    let values: HashMap<_, _> = entries.iter().cloned().collect();
    assert_eq!((entries.len(), values.len()), (KEYS as usize, KEYS as usize), "a body was entered twice, or never");
    for name in ["a", "b"] {
        let results = pairs(&folder.path().join(format!("results-{name}")));
        assert_eq!(results.len(), 2 * KEYS as usize);
        for (key, value) in results {
            assert_eq!(values.get(&key), Some(&value), "process {name} was answered otherwise for key {key}");
        }
    }
    Ok(())
}
