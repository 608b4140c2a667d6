//! Patterns of the configuration, ready to be matched.

use globset::{GlobBuilder, GlobMatcher};

use crate::error::Error;

/// A pattern with what was written.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    matcher: GlobMatcher,
}

impl Pattern {
    pub(crate) fn all(part: &'static str, patterns: &[String]) -> Result<Vec<Self>, Error> {
        patterns.iter().map(|pattern| Self::new(part, pattern)).collect()
    }

    fn new(part: &'static str, text: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::Pattern { part, pattern: text.to_owned(), why };
        if text.trim().is_empty() {
            return Err(wrong("it is empty".into()));
        }
        let glob = GlobBuilder::new(&as_path(text)).literal_separator(true).build();
        let glob = glob.map_err(|error| wrong(error.kind().to_string()))?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }

    /// Whether a name fits.
    pub(crate) fn fits(&self, name: &str) -> bool {
        self.matcher.is_match(name)
    }

    /// Whether a module's path, or one above it, fits.
    pub(crate) fn covers(&self, module: &[String]) -> bool {
        (1..=module.len()).any(|len| self.matcher.is_match(module[..len].join("/")))
    }
}

/// The globs' library knows one separator.
fn as_path(pattern: &str) -> String {
    pattern.replace("::", "/")
}

/// A path of names, such as `celery::task`.
pub(crate) fn path(part: &'static str, text: &str) -> Result<Vec<String>, Error> {
    let segments: Vec<String> = text.split("::").map(|segment| segment.trim().to_owned()).collect();
    let whole = segments.iter().all(|segment| !segment.is_empty());
    whole.then_some(segments).ok_or_else(|| Error::Path { part, path: text.to_owned() })
}

/// Whether a resolved path is what was configured: the last segment alone, or the library and the end of the path.
/// What stands between is where the library keeps it, which its re-exports hide.
pub(crate) fn same(configured: &[String], found: &[String]) -> bool {
    match configured {
        [] => false,
        [name] => found.last() == Some(name),
        [library, end @ ..] => found.len() > end.len() && found.first() == Some(library) && found.ends_with(end),
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, path, same};

    fn segments(text: &str) -> Vec<String> {
        path("test", text).unwrap()
    }

    #[test]
    fn a_module_pattern_covers_what_is_below() {
        let covers = |pattern: &str, module: &str| Pattern::new("test", pattern).unwrap().covers(&segments(module));
        for (pattern, module, expected) in [
            ("crate::**::jobs", "crate::jobs", true),
            ("crate::**::jobs", "crate::mail::jobs::daily", true),
            ("crate::**::jobs", "crate::jobsite", false),
            ("crate::jobs", "crate::mail::jobs", false),
            ("crate::*::jobs", "crate::mail::jobs", true),
            ("crate::*::jobs", "crate::a::b::jobs", false),
            ("crate", "crate::anything", true),
        ] {
            assert_eq!(covers(pattern, module), expected, "{pattern} {module}");
        }
    }

    #[test]
    fn a_path_is_known_wherever_its_library_keeps_it() {
        for (configured, found, expected) in [
            ("celery::task", "celery::task", true),
            ("celery::task", "celery::prelude::task", true),
            ("celery::task", "tokio::task", false),
            ("celery::task", "task", false),
            ("job", "sqlxmq::job", true),
            ("job", "job", true),
            ("a::B::c", "a::x::B::c", true),
            ("a::B::c", "a::c", false),
        ] {
            assert_eq!(same(&segments(configured), &segments(found)), expected, "{configured} {found}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for pattern in ["", " ", "a[", "{a"] {
            assert!(Pattern::new("names", pattern).is_err(), "{pattern}");
        }
        for text in ["", "::a", "a::", "a::::b"] {
            assert!(path("attributes", text).is_err(), "{text}");
        }
    }
}
