//! What counts as a handler, and what may stay as it is.

mod libraries;

use serde::{Deserialize, Serialize};

/// What counts as a handler. The default knows the queue libraries of `docs/spec/lint.md`, and a few names of modules and
/// functions that handlers commonly have.
///
/// Every part can be read from a configuration file by `serde`; a part that is left out has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Patterns of module paths. Async functions that can be seen outside of such a module, or of one below it, count.
    /// `*` stands for anything within a segment, `**` for any number of segments: `crate::**::jobs`.
    pub modules: Vec<String>,
    /// Patterns of function names, without their paths: `handle_*`.
    pub names: Vec<String>,
    /// Attributes of queue libraries: `celery::task`, or `job` for any attribute with that last segment.
    pub attributes: Vec<String>,
    /// Methods of queue libraries' traits.
    pub traits: Vec<TraitMethod>,
    /// Calls that take a handler.
    pub calls: Vec<Call>,
    /// Whether tests count: `#[cfg(test)]`, `#[test]`, and the folders `tests` and `benches` of a package.
    pub include_tests: bool,
    /// Handlers that may stay as they are.
    pub suppress: Vec<Suppression>,
}

impl Default for Config {
    fn default() -> Self {
        let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Self {
            modules: owned(libraries::MODULES),
            names: owned(libraries::NAMES),
            attributes: libraries::attributes(),
            traits: libraries::traits(),
            calls: libraries::calls(),
            include_tests: false,
            suppress: Vec::new(),
        }
    }
}

impl Config {
    /// Nothing counts as a handler, until it is said.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            modules: Vec::new(),
            names: Vec::new(),
            attributes: Vec::new(),
            traits: Vec::new(),
            calls: Vec::new(),
            include_tests: false,
            suppress: Vec::new(),
        }
    }

    /// Adds a pattern of module paths.
    #[must_use]
    pub fn module(mut self, pattern: impl Into<String>) -> Self {
        self.modules.push(pattern.into());
        self
    }

    /// Adds a pattern of function names.
    #[must_use]
    pub fn name(mut self, pattern: impl Into<String>) -> Self {
        self.names.push(pattern.into());
        self
    }

    /// Adds an attribute of a queue library.
    #[must_use]
    pub fn attribute(mut self, path: impl Into<String>) -> Self {
        self.attributes.push(path.into());
        self
    }

    /// Adds a method of a queue library's trait.
    #[must_use]
    pub fn trait_method(mut self, path: impl Into<String>, method: impl Into<String>) -> Self {
        self.traits.push(TraitMethod { path: path.into(), method: method.into() });
        self
    }

    /// Adds a call that takes a handler as any of its arguments: `post`, as in axum's `route("/hook", post(handler))`.
    #[must_use]
    pub fn call(mut self, callee: impl Into<String>) -> Self {
        self.calls.push(Call { callee: callee.into(), argument: None });
        self
    }

    /// Adds a call that takes a handler as one certain argument, counted from 0 and without the receiver.
    #[must_use]
    pub fn call_with(mut self, callee: impl Into<String>, argument: usize) -> Self {
        self.calls.push(Call { callee: callee.into(), argument: Some(argument) });
        self
    }

    /// Counts tests too.
    #[must_use]
    pub fn include_tests(mut self) -> Self {
        self.include_tests = true;
        self
    }

    /// Lets a handler stay as it is. `#[not_idempotent(reason = "…")]` is better where the code can be changed: it is seen
    /// by readers, and by the audit.
    #[must_use]
    pub fn suppress(mut self, suppression: Suppression) -> Self {
        self.suppress.push(suppression);
        self
    }
}

/// A method of a queue library's trait: `perform` of `sidekiq::Worker`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraitMethod {
    /// The trait: the library and the end of the path, or the last segment alone.
    #[serde(rename = "trait")]
    pub path: String,
    /// The method.
    pub method: String,
}

/// A call that takes a handler: `.build(send_mail)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// A name without `::` is that of a method, or the last segment of a function's path. A path such as
    /// `lambda_runtime::service_fn` is a function of that library.
    pub callee: String,
    /// Which argument is the handler, counted from 0 and without the receiver; any, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argument: Option<usize>,
}

/// A handler that may stay as it is, and why. One that fits nothing any more is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suppression {
    /// Its module's path: `crate::jobs::mailer`.
    pub module: String,
    /// Its name, after the type or function that it stands in: `send`, `Mailer::send`.
    pub function: String,
    /// The package that it is in, where several packages have such a path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Why; not blank.
    pub reason: String,
}

impl Suppression {
    /// A suppression in any package.
    #[must_use]
    pub fn new(module: impl Into<String>, function: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { module: module.into(), function: function.into(), package: None, reason: reason.into() }
    }
}
