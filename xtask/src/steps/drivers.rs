use super::features::FACADE;
use crate::shell::{self, Result, cargo};

/// Packages that speak to a database; a trailing `*` stands for any ending.
const DRIVERS: &[&str] =
    &["sqlx*", "libsqlite3-sys", "rusqlite", "tokio-postgres", "mysql*", "redis*", "fred", "diesel*"];

pub fn run() -> Result {
    let mut tree =
        cargo(&["tree", "--package", FACADE, "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    println!("$ {}", shell::shown(&tree));
    let packages = shell::output(&mut tree)?;
    let found = drivers_in(&packages);
    if found.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the default features of {FACADE} bring in {}; `cargo tree -p {FACADE} -i NAME` says by which way",
        found.join(", ")
    ))
}

/// The drivers among lines of `name vVERSION …`.
fn drivers_in(tree: &str) -> Vec<&str> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    let mut found: Vec<&str> = names.filter(|name| DRIVERS.iter().any(|driver| matches(driver, name))).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn matches(driver: &str, name: &str) -> bool {
    match driver.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == driver,
    }
}

#[cfg(test)]
mod tests {
    use super::drivers_in;

    #[test]
    fn a_driver_in_the_tree_is_found() {
        let tree = "idem-kit v0.1.0 (/x)\nserde v1.0.0\nsqlx-core v0.9.0\nsqlx v0.9.0\nlibsqlite3-sys v0.3.0\nsqlx v0.9.0 (*)\n";
        assert_eq!(drivers_in(tree), ["libsqlite3-sys", "sqlx", "sqlx-core"]);
    }

    #[test]
    fn what_only_sounds_like_one_is_not() {
        assert_eq!(drivers_in("idem-kit v0.1.0\npredis v1.0.0\nfreddy v1.0.0\n"), [""; 0]);
    }
}
