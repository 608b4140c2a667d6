use serde::{Serialize, Serializer};

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not everything could be checked.
    Error,
    /// The code makes a handler of the function.
    Warning,
    /// The function looks like a handler by its name or place alone.
    Note,
}

impl Level {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// By what a function looks like a handler, the surest first. Codes are stable: a check may rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// `IDEM101`: it carries an attribute of a queue library.
    Attribute,
    /// `IDEM102`: it is passed to a worker builder.
    Passed,
    /// `IDEM103`: it is a method of a queue library's trait.
    Trait,
    /// `IDEM104`: its module is one of handlers.
    Module,
    /// `IDEM105`: its name is one of handlers.
    Name,
}

impl Rule {
    /// All rules, in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Attribute, Self::Passed, Self::Trait, Self::Module, Self::Name];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Attribute => "IDEM101",
            Self::Passed => "IDEM102",
            Self::Trait => "IDEM103",
            Self::Module => "IDEM104",
            Self::Name => "IDEM105",
        }
    }

    /// How sure a finding by this rule is.
    #[must_use]
    pub fn level(self) -> Level {
        match self {
            Self::Attribute | Self::Passed | Self::Trait => Level::Warning,
            Self::Module | Self::Name => Level::Note,
        }
    }

    /// A name for programs that show one.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Attribute => "UnprotectedByAttribute",
            Self::Passed => "UnprotectedPassedToWorker",
            Self::Trait => "UnprotectedByTrait",
            Self::Module => "UnprotectedInModule",
            Self::Name => "UnprotectedByName",
        }
    }

    /// What is found by it.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Attribute => "a function with an attribute of a queue library says nothing of idempotence",
            Self::Passed => "a function that is passed to a worker builder says nothing of idempotence",
            Self::Trait => "a method of a queue library's trait says nothing of idempotence",
            Self::Module => "a function in a module of handlers says nothing of idempotence",
            Self::Name => "a function with the name of a handler says nothing of idempotence",
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
