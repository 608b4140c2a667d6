//! The static description of a task, as its attribute wrote it.

use std::sync::OnceLock;
use std::time::Duration;

use crate::key::Unit;
use crate::policy::{OnError, OnInProgress, OnStale, OnStoreError, Retention};

/// What an attribute says about its function, known at compile time. Made by the attributes; read by the registry, the audit
/// and the pipeline. What was not written is `None` and is settled by the runtime.
#[derive(Debug)]
pub struct Task {
    handler: &'static str,
    file: &'static str,
    line: u32,
    column: u32,
    explicit_name: Option<&'static str>,
    /// The handler's path with dots, where no name was written.
    default_name: OnceLock<String>,
    pub(crate) version: u32,
    pub(crate) ttl: Option<Retention>,
    pub(crate) category: Option<&'static str>,
    pub(crate) lease: Option<Duration>,
    pub(crate) scope: &'static [ScopePart],
    pub(crate) plain_scope: bool,
    pub(crate) pii: bool,
    pub(crate) bucket: Option<(Unit, &'static str)>,
    pub(crate) window: Option<Duration>,
    pub(crate) args: &'static [&'static str],
    /// Those of them that are left out where they are `None`.
    pub(crate) optional_args: &'static [&'static str],
    pub(crate) template: Option<Template>,
    pub(crate) strict: bool,
    pub(crate) on_in_progress: Option<OnInProgress>,
    pub(crate) wait: Option<Duration>,
    pub(crate) on_store_error: Option<OnStoreError>,
    pub(crate) on_stale: Option<OnStale>,
    pub(crate) on_error: OnError,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) expires_after: Option<Duration>,
    pub(crate) max_runtime: Option<Duration>,
    pub(crate) discards_result: bool,
    pub(crate) max_result: Option<u64>,
    pub(crate) store: Option<&'static str>,
    /// The kind of connection, empty where its type does not tell; none where the task is not transactional.
    pub(crate) transaction: Option<&'static str>,
    pub(crate) associated: bool,
    pub(crate) unprotected: Option<&'static str>,
}

/// The text that makes a task's key, and the arguments in the order of its places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) text: &'static str,
    pub(crate) places: &'static [&'static str],
}

/// One part of a task's scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopePart {
    /// The scope's name.
    pub kind: &'static str,
    /// Where its value comes from.
    pub source: ScopeSource,
}

/// Where the value of a scope comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeSource {
    /// An argument of that name.
    Argument(&'static str),
    /// An expression over the arguments, as written.
    Expression(&'static str),
    /// The delivery's scope of the same name.
    Delivery,
}

impl Task {
    /// A task without options: the handler's path (`module::function`) and where it stands.
    pub const fn new(handler: &'static str, file: &'static str, line: u32, column: u32) -> Self {
        Self {
            handler,
            file,
            line,
            column,
            explicit_name: None,
            default_name: OnceLock::new(),
            version: 1,
            ttl: None,
            category: None,
            lease: None,
            scope: &[],
            plain_scope: false,
            pii: false,
            bucket: None,
            window: None,
            args: &[],
            optional_args: &[],
            template: None,
            strict: false,
            on_in_progress: None,
            wait: None,
            on_store_error: None,
            on_stale: None,
            on_error: OnError::Release,
            max_attempts: None,
            expires_after: None,
            max_runtime: None,
            discards_result: false,
            max_result: None,
            store: None,
            transaction: None,
            associated: false,
            unprotected: None,
        }
    }

    /// The name in keys: as written, else the handler's path with dots.
    pub fn name(&self) -> &str {
        match self.explicit_name {
            Some(name) => name,
            None => self.default_name.get_or_init(|| self.handler.replace("::", ".")),
        }
    }

    /// Whether the name was written, and so survives a rename of the function.
    pub fn has_explicit_name(&self) -> bool {
        self.explicit_name.is_some()
    }

    /// The generation of the task's keys.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The path of the function.
    pub fn handler(&self) -> &'static str {
        self.handler
    }

    /// Where the function stands: `file:line`.
    pub fn location(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// The file, the line and the column of the function.
    pub fn position(&self) -> (&'static str, u32, u32) {
        (self.file, self.line, self.column)
    }

    /// The names of the arguments that make the key, in the order of the key.
    pub fn key_arguments(&self) -> &'static [&'static str] {
        self.args
    }

    /// The template that makes the key of them, as written.
    pub fn key_template(&self) -> Option<&'static str> {
        self.template.map(|template| template.text)
    }

    /// The parts of the scope.
    pub fn scope(&self) -> &'static [ScopePart] {
        self.scope
    }

    /// Whether its calls run in the caller's transaction.
    pub fn is_transactional(&self) -> bool {
        self.transaction.is_some()
    }

    /// Why the handler is deliberately unprotected, where it is.
    pub fn unprotected(&self) -> Option<&'static str> {
        self.unprotected
    }
}

/// What the attributes write. Each method sets what the option of its name says.
#[doc(hidden)]
impl Task {
    pub const fn with_name(mut self, name: &'static str) -> Self {
        self.explicit_name = Some(name);
        self
    }
    pub const fn with_version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }
    pub const fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(Retention::For(ttl));
        self
    }
    pub const fn with_ttl_forever(mut self) -> Self {
        self.ttl = Some(Retention::Forever);
        self
    }
    pub const fn with_category(mut self, category: &'static str) -> Self {
        self.category = Some(category);
        self
    }
    pub const fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = Some(lease);
        self
    }
    pub const fn with_scope(mut self, scope: &'static [ScopePart]) -> Self {
        self.scope = scope;
        self
    }
    pub const fn with_bucket(mut self, unit: Unit, zone: &'static str) -> Self {
        self.bucket = Some((unit, zone));
        self
    }
    pub const fn with_window(mut self, window: Duration) -> Self {
        self.window = Some(window);
        self
    }
    pub const fn with_plain_scope(mut self) -> Self {
        self.plain_scope = true;
        self
    }
    pub const fn with_pii(mut self) -> Self {
        self.pii = true;
        self
    }
    pub const fn with_args(mut self, args: &'static [&'static str]) -> Self {
        self.args = args;
        self
    }
    pub const fn with_optional_args(mut self, args: &'static [&'static str]) -> Self {
        self.optional_args = args;
        self
    }
    pub const fn with_template(mut self, text: &'static str, places: &'static [&'static str]) -> Self {
        self.template = Some(Template { text, places });
        self
    }
    pub const fn with_strict(mut self) -> Self {
        self.strict = true;
        self
    }
    pub const fn with_on_in_progress(mut self, policy: OnInProgress) -> Self {
        self.on_in_progress = Some(policy);
        self
    }
    pub const fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }
    pub const fn with_on_store_error(mut self, policy: OnStoreError) -> Self {
        self.on_store_error = Some(policy);
        self
    }
    pub const fn with_on_stale(mut self, policy: OnStale) -> Self {
        self.on_stale = Some(policy);
        self
    }
    pub const fn with_error_ttl(mut self, ttl: Duration) -> Self {
        self.on_error = OnError::Store(ttl);
        self
    }
    pub const fn with_judged_errors(mut self) -> Self {
        self.on_error = OnError::Judge;
        self
    }
    pub const fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }
    pub const fn with_expires_after(mut self, age: Duration) -> Self {
        self.expires_after = Some(age);
        self
    }
    pub const fn with_max_runtime(mut self, limit: Duration) -> Self {
        self.max_runtime = Some(limit);
        self
    }
    pub const fn with_discard_result(mut self) -> Self {
        self.discards_result = true;
        self
    }
    pub const fn with_max_result(mut self, bytes: u64) -> Self {
        self.max_result = Some(bytes);
        self
    }
    pub const fn with_store(mut self, store: &'static str) -> Self {
        self.store = Some(store);
        self
    }
    pub const fn with_transaction(mut self, kind: &'static str) -> Self {
        self.transaction = Some(kind);
        self
    }
    pub const fn with_associated(mut self) -> Self {
        self.associated = true;
        self
    }
    pub const fn with_not_idempotent(mut self, reason: &'static str) -> Self {
        self.unprotected = Some(reason);
        self
    }
}
