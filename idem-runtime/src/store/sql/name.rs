//! Names of ours inside statements: nothing else is put into their text.

/// The longest name that PostgreSQL and MySQL both take is 63 bytes; ours go on for up to 16 after a prefix.
const LONGEST: usize = 40;

/// Says why a name cannot stand in a statement.
pub(crate) fn check(what: &str, name: &str) -> Result<(), String> {
    let first = name.bytes().next().is_some_and(|first| first.is_ascii_lowercase() || first == b'_');
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if first && plain && name.len() <= LONGEST {
        return Ok(());
    }
    Err(format!(
        "the {what} `{}` is none: it takes 1 to {LONGEST} of a-z, 0-9 and _, and no digit first",
        name.escape_debug()
    ))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_name_is_letters_digits_and_underscores() {
        let longest = "a".repeat(40);
        for good in ["idem_", "_", "a", "billing2", &longest] {
            assert_eq!(check("schema", good), Ok(()), "{good}");
        }
        let too_long = "a".repeat(41);
        for bad in ["", "2a", "A", "a b", "a\"; DROP TABLE x", "a.b", "ä", "a-b", "a\0", &too_long] {
            assert!(check("schema", bad).is_err(), "{bad:?}");
        }
    }
}
