use std::fmt;
use std::string::FromUtf8Error;

use serde::{Serialize, Serializer};

use crate::scan::Unparsed;

/// Why something could not be checked. Codes are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemKind {
    /// `IDEM191`: a file or folder cannot be read, or a manifest says nothing.
    Unreadable,
    /// `IDEM192`: a file is not Rust.
    Syntax,
    /// `IDEM193`: a file is nested deeper than the parser goes.
    TooDeep,
    /// `IDEM194`: a module is declared, and there is no file of it.
    ModuleWithoutFile,
}

impl ProblemKind {
    /// All kinds, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Unreadable, Self::Syntax, Self::TooDeep, Self::ModuleWithoutFile];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "IDEM191",
            Self::Syntax => "IDEM192",
            Self::TooDeep => "IDEM193",
            Self::ModuleWithoutFile => "IDEM194",
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Unreadable => "cannot be read",
            Self::Syntax => "does not parse",
            Self::TooDeep => "is nested too deep",
            Self::ModuleWithoutFile => "declares a module that has no file",
        }
    }
}

impl Serialize for ProblemKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Something that could not be checked: handlers may stand in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// The file or folder, from where the check started, with `/`.
    pub path: String,
    /// The line, from 1, where one is to blame.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// What kind of problem it is.
    #[serde(rename = "code")]
    pub kind: ProblemKind,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    pub(crate) fn unreadable(path: String, why: String) -> Self {
        Self { path, line: None, column: None, kind: ProblemKind::Unreadable, message: why }
    }

    pub(crate) fn not_utf8(path: String, error: &FromUtf8Error) -> Self {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        let message = format!("it is not UTF-8: byte {} begins no character", valid.len());
        Self { path, line: Some(line), column: None, kind: ProblemKind::Unreadable, message }
    }

    pub(crate) fn unparsed(path: String, unparsed: Unparsed) -> Self {
        let kind = if unparsed.too_deep { ProblemKind::TooDeep } else { ProblemKind::Syntax };
        Self { path, line: Some(unparsed.line), column: Some(unparsed.column), kind, message: unparsed.why }
    }

    pub(crate) fn module_without_file(path: String, line: usize, name: &str) -> Self {
        let message = format!("there is no file of the module `{name}`");
        Self { path, line: Some(line), column: None, kind: ProblemKind::ModuleWithoutFile, message }
    }

    /// `path:line:column`, as far as it is known.
    pub(crate) fn place(&self) -> String {
        let numbers = [self.line, self.column].into_iter().map_while(|number| number);
        numbers.fold(self.path.clone(), |place, number| format!("{place}:{number}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {} {}: {}", self.kind.code(), self.place(), self.kind.summary(), self.message)
    }
}
