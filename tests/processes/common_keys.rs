//! Several processes share one store and call the same keys.

use std::collections::HashMap;
use std::path::Path;

use libtest_mimic::Failed;

use crate::child::Job;
use crate::place::Place;

const KEYS: u32 = 10_000;
const PROCESSES: u32 = 4;
const AT_ONCE: usize = 32;

fn pairs(path: &Path) -> Vec<(u32, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    let pair = |line: &str| line.split_once(' ').map(|(key, value)| (key.parse().unwrap(), value.to_owned()));
    text.lines().map(|line| pair(line).unwrap()).collect()
}

/// 10,000 common keys, 32 calls at once in each of 4 processes, every key called twice by each: every body is entered
/// once, and every caller is answered with its value.
pub fn four_processes(place: Place) -> Result<(), Failed> {
    idem_test_servers::give_way();
    let folder = tempfile::tempdir()?;
    let job = |number| Job {
        store: place.url.clone(),
        folder: folder.path().to_owned(),
        number,
        keys: KEYS,
        at_once: AT_ONCE,
    };
    let jobs: Vec<Job> = (0..PROCESSES).map(job).collect();
    let children: Vec<_> = jobs.iter().map(Job::spawn).collect();
    for mut child in children {
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("a child failed: {status}").into());
        }
    }
    let entries = pairs(&folder.path().join("entries"));
    let values: HashMap<_, _> = entries.iter().cloned().collect();
    assert_eq!((entries.len(), values.len()), (KEYS as usize, KEYS as usize), "a body was entered twice, or never");
    for job in &jobs {
        let results = pairs(&job.results());
        assert_eq!(results.len(), 2 * KEYS as usize);
        for (key, value) in results {
            assert_eq!(values.get(&key), Some(&value), "process {} was answered otherwise for key {key}", job.number);
        }
    }
    Ok(())
}
