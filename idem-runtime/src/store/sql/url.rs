//! Reads a server's URL before the driver does, which takes a slip of the pen for the name of a database, and shows it.

use crate::store::StoreError;

/// What a database's URLs are made of.
pub(crate) struct Form {
    pub(crate) schemes: &'static [&'static str],
    /// The options that the driver knows; any other it would ignore, or log with its value.
    pub(crate) options: &'static [&'static str],
    pub(crate) write: &'static str,
}

impl Form {
    /// Why a URL cannot be used. Nothing of it is shown but its scheme: what stands in the wrong place may be a password.
    pub(crate) fn check(&self, url: &str) -> Result<(), StoreError> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        let refuse = |found| Err(self.refuse(scheme, found));
        if !self.schemes.contains(&scheme) {
            return refuse("is none of this database's");
        }
        let Some(rest) = rest.strip_prefix("//") else { return refuse("is not followed by `//`") };
        if rest.contains('#') {
            return refuse("is followed by a `#` somewhere, which ends a URL");
        }
        let (address, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = address.split_once('/').unwrap_or((address, ""));
        if database.contains(['@', ':', '/']) {
            return refuse("is followed by a database with `@`, `:` or `/` in its name");
        }
        let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let behind_host = if host.starts_with('[') { host.rsplit(']').next() } else { Some(host) };
        let port = behind_host.and_then(|host| host.split_once(':')).map(|(_, port)| port);
        if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
            return refuse("is followed by a port that is no number from 1 to 65535");
        }
        let names = options.split('&').filter(|option| !option.is_empty()).map(|option| option.split('=').next());
        let known = |name: &str| self.options.contains(&name) || name.starts_with("options[");
        if names.flatten().any(|name| !known(name)) {
            return refuse("is followed by an option behind `?` that is not known");
        }
        Ok(())
    }

    /// The driver does not take it either.
    pub(crate) fn refuse(&self, scheme: &str, found: &'static str) -> StoreError {
        StoreError::url(scheme, found, self.write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form = Form { schemes: &["db"], options: &["sslmode"], write: "write `db://…`" };

    #[test]
    fn what_is_no_address_is_told_without_a_word_of_it() {
        for good in [
            "db://h",
            "db://u:p@h:5432/d",
            "db:///d?sslmode=require",
            "db://u:p%2F%40@h/d?sslmode=disable&options[search_path]=x",
            "db://[::1]:5432/d",
            "db://[::1]",
            "db://u:a:b@h/d",
        ] {
            assert_eq!(FORM.check(good), Ok(()), "{good}");
        }
        for (bad, says) in [
            ("bd://h/d", "is none of"),
            ("db:/u:Secret@h/d", "is not followed by `//`"),
            ("db:u:Secret@h/d", "is not followed by `//`"),
            ("db:///u:Secret@h/d", "database with `@`"),
            ("db://u:12/Secret@h/d", "database with `@`"),
            ("db://u:Secret/12@h/d", "database with `@`"),
            ("db://u:Sec#ret@h/d", "a `#`"),
            ("db://h:54x2/d", "a port"),
            ("db://h:99999/d", "a port"),
            ("db://h/d?pasword=Secret", "an option"),
            ("db://h/d?schema=x", "an option"),
        ] {
            let said = FORM.check(bad).unwrap_err().to_string();
            assert!(said.contains(says) && !said.contains("Secret"), "{bad}: {said}");
        }
    }
}
