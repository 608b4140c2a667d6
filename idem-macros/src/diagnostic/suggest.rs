/// `; did you mean …?`, or nothing where no candidate is near.
pub(crate) fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = written.chars().count().div_ceil(3);
    candidates
        .into_iter()
        .map(|c| (distance(written, c), c))
        .filter(|(d, _)| *d <= near)
        .min()
        .map(|(_, c)| format!("did you mean `{c}`?"))
}

/// `` `a`, `b`, `c` ``
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    quoted.join(", ")
}

/// Edits between two names, a swap of neighbours counting as one.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        let mut left = None;
        for (j, y) in b.iter().copied().enumerate() {
            let replaced = last.get(j).copied().unwrap_or(0) + usize::from(x != y);
            let removed = last.get(j + 1).copied().unwrap_or(0) + 1;
            let added = row.get(j).copied().unwrap_or(0) + 1;
            let mut best = replaced.min(removed).min(added);
            if previous == Some(y) && left == Some(x) {
                let swapped = j.checked_sub(1).and_then(|k| before.get(k));
                best = best.min(swapped.copied().unwrap_or(usize::MAX - 1) + 1);
            }
            row.push(best);
            left = Some(y);
        }
        before = std::mem::replace(&mut last, row);
        previous = Some(x);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, distance};

    #[test]
    fn counts_edits() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "ttl", 3),
            ("ttl", "", 3),
            ("ttl", "ttl", 0),
            ("tll", "ttl", 1),
            ("tlt", "ttl", 1),
            ("user", "usr", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn proposes_only_what_is_near() {
        let names = ["ttl", "tz", "lease"];
        assert_eq!(did_you_mean("tttl", names).as_deref(), Some("did you mean `ttl`?"));
        assert_eq!(did_you_mean("companion", names), None);
    }
}
