//! A search of its own, for what the checker does not look for: whether a run can go round for ever. The checker finds what
//! never happens only on runs that end, so that "every delivery ends" is shown by both together.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use stateright::Model;

/// What the search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explored {
    /// Different states.
    pub states: usize,
    /// Whether a state can be reached from itself.
    pub cycle: bool,
}

/// Searches all states, depth first.
pub fn explore<M: Model>(model: &M) -> Explored
where
    M::State: Hash,
{
    // Whether everything that follows the state is known.
    let mut known: HashMap<u64, bool> = HashMap::new();
    let mut cycle = false;
    let mut path: Vec<(u64, Vec<M::State>)> = vec![(0, model.init_states())];
    while let Some((done, open)) = path.last_mut() {
        let Some(state) = open.pop() else {
            known.insert(*done, true);
            path.pop();
            continue;
        };
        let name = name(&state);
        match known.get(&name) {
            Some(true) => {}
            Some(false) => cycle = true,
            None => {
                known.insert(name, false);
                path.push((name, model.next_states(&state)));
            }
        }
    }
    // The place before the first states is none.
    Explored { states: known.len() - 1, cycle }
}

fn name(state: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
