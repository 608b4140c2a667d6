use crate::shell::{self, Result, cargo, root};

/// The package that users name.
pub const FACADE: &str = "idem-kit";

/// Clippy, since it compiles just as `check` does and what is unused without a feature is a warning.
pub fn run() -> Result {
    let path = root().join("Cargo.toml");
    let manifest = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let features = features_in(&manifest);
    if features.is_empty() {
        return Err(format!("{} has no [features]", path.display()));
    }
    alone(&[])?;
    // All together, and without what the tests' dependencies turn on.
    alone(&["--all-features"])?;
    // What users write, with the facade as it is by default.
    shell::run(&mut cargo(&["clippy", "--package", "idem-ui-tests", "--all-targets", "--", "-D", "warnings"]))?;
    features.iter().try_for_each(|feature| alone(&["--features", feature]))
}

fn alone(features: &[&str]) -> Result {
    let base = ["clippy", "--package", FACADE, "--no-default-features"];
    shell::run(&mut cargo(&[&base, features, &["--", "-D", "warnings"]].concat()))
}

/// The names in the `[features]` table.
fn features_in(manifest: &str) -> Vec<&str> {
    let lines = manifest.lines().map(str::trim);
    let table = lines.skip_while(|line| *line != "[features]").skip(1).take_while(|line| !line.starts_with('['));
    let names = table.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    names.map(|(name, _)| name.trim().trim_matches('"')).collect()
}

#[cfg(test)]
mod tests {
    use super::features_in;

    #[test]
    fn the_features_table_and_no_other_is_read() {
        let manifest = "[package]\nname = \"x\"\n\n[features]\ndefault = [\"a\"]\n# b = []\na = []\n\"c-d\" = [\n  \"a\",\n]\n\n[dependencies]\ne = \"1\"\n";
        assert_eq!(features_in(manifest), ["default", "a", "c-d"]);
        assert_eq!(features_in("[package]\nname = \"x\"\n"), [""; 0]);
    }
}
