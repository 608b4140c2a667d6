//! The table, as the specification has it.

use super::faults::FAULTS;
use super::play::{Policy, Seen};

const SPEC: &str = include_str!("../../../docs/spec/protocol.md");

/// What a policy without a `reconcile` function has to say of its answers.
const NOTHING: &str = "–";

/// One cell.
pub struct Cell {
    pub fault: &'static str,
    pub policy: Policy,
    text: &'static str,
}

/// The cells of the table whose first column is `fault`. Its rows are the faults that the test can make, all of them.
pub fn cells() -> Vec<Cell> {
    let mut lines = SPEC.lines().skip_while(|line| !line.starts_with("| fault | "));
    let header = row(lines.next().unwrap());
    let policies: Vec<Policy> = header[1..].iter().map(|name| Policy::named(name.trim_matches('`'))).collect();
    let rows: Vec<_> = lines.skip(1).take_while(|line| line.starts_with('|')).map(row).collect();
    let faults: Vec<_> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(faults, FAULTS, "the table's rows, and what the test can do");
    assert_eq!(policies, [Policy::Rerun, Policy::Park, Policy::Reconcile]);
    let cell = |row: &Vec<&'static str>| {
        assert_eq!(row.len(), 4, "{row:?}");
        let fault = row[0];
        let cells = policies.iter().zip(&row[1..]);
        cells.map(move |(policy, text)| Cell { fault, policy: *policy, text }).collect::<Vec<_>>()
    };
    rows.iter().flat_map(cell).collect()
}

fn row(line: &'static str) -> Vec<&'static str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

impl Cell {
    /// What the cell says of a task that is `strict` or not; nothing where the policy has nothing to do with the fault.
    pub fn expected(&self, strict: bool) -> Option<Seen> {
        if self.text == NOTHING {
            assert!(
                self.fault.contains("`reconcile` function") && self.policy != Policy::Reconcile,
                "{}: a policy without a function has nothing to ask, and every other fault can befall it",
                self.fault
            );
            return None;
        }
        let answers: Vec<_> = self.text.split(" · ").map(|answer| in_force(answer, strict)).collect();
        let [caller, record, next] = &answers[..] else { panic!("`{}` is not caller · record · next", self.text) };
        Some(Seen { caller: caller.clone(), record: record.clone(), next: next.clone() })
    }
}

/// `Replayed (strict: Duplicate)`: the answer of this task, in this build.
fn in_force(answer: &str, strict: bool) -> String {
    let Some((always, rest)) = answer.split_once(" (") else { return answer.to_owned() };
    let (when, instead) = rest.strip_suffix(')').and_then(|rest| rest.split_once(": ")).unwrap();
    let applies = match when {
        "strict" => strict,
        "release build" => !cfg!(debug_assertions),
        _ => panic!("the table has a condition `{when}` that the test does not know"),
    };
    if applies { instead.to_owned() } else { always.to_owned() }
}
