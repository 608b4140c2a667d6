//! What the attribute means, once everything has been checked. `expand` reads this and the function, nothing else.

use std::time::Duration;

use proc_macro2::Ident;
use syn::{Attribute, Expr, ExprPath, Path, Type};

pub(crate) use crate::options::{OnInProgress, OnStale, OnStoreError, Ttl, Unit};
use crate::signature::ResultTypes;

/// A function with an attribute that makes a task of it.
pub(crate) struct Handler {
    pub(crate) krate: Path,
    pub(crate) task: Task,
    /// Stands in an `impl` or a trait, where nothing can be put beside it.
    pub(crate) associated: bool,
    /// The name of the companion.
    pub(crate) companion: Ident,
    /// The path of a `#[strict]` that was taken away.
    pub(crate) taken: Vec<Path>,
    pub(crate) protection: Protection,
}

/// The static description. What was not said, and is not implied, is absent.
#[derive(Default)]
pub(crate) struct Task {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<u32>,
    pub(crate) ttl: Option<Ttl>,
    pub(crate) category: Option<String>,
    pub(crate) lease: Option<Duration>,
    /// Empty where the scope is said to be global.
    pub(crate) scope: Option<Vec<ScopePart>>,
    pub(crate) scope_plain: bool,
    pub(crate) pii: bool,
    pub(crate) bucket: Option<Bucket>,
    pub(crate) window: Option<Duration>,
    pub(crate) strict: bool,
    pub(crate) on_in_progress: Option<OnInProgress>,
    pub(crate) wait: Option<Duration>,
    pub(crate) on_store_error: Option<OnStoreError>,
    pub(crate) on_stale: Option<OnStale>,
    /// Absent where errors free the key.
    pub(crate) on_error: Option<OnError>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) expires_after: Option<Duration>,
    pub(crate) max_runtime: Option<Duration>,
    pub(crate) discard_result: bool,
    pub(crate) max_result: Option<u64>,
    pub(crate) store: Option<String>,
}

/// What becomes of the body's errors.
pub(crate) enum OnError {
    /// Each is remembered for this long.
    Store(Duration),
    /// A function decides.
    Judge(ExprPath),
}

pub(crate) struct Bucket {
    pub(crate) unit: Unit,
    pub(crate) zone: String,
}

pub(crate) struct ScopePart {
    pub(crate) kind: String,
    pub(crate) source: ScopeSource,
}

pub(crate) enum ScopeSource {
    Argument(Arg),
    Expression(Expr),
    Delivery,
}

pub(crate) enum Protection {
    /// `#[not_idempotent]`
    None {
        reason: String,
    },
    Protected(Box<Protected>),
}

pub(crate) struct Protected {
    /// What enters the key, in the key's order.
    pub(crate) args: Vec<Arg>,
    /// The text that makes the key of them.
    pub(crate) template: Option<Template>,
    /// The parameters that the key or a scope reads, as indices.
    pub(crate) read: Vec<usize>,
    pub(crate) result: ResultTypes,
    pub(crate) map_error: Option<ExprPath>,
    /// What tells what became of an abandoned claim.
    pub(crate) reconcile: Option<ExprPath>,
    pub(crate) transaction: Option<Transaction>,
}

/// The parameter that is the caller's connection, and what it is a `&mut` of.
pub(crate) struct Transaction {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// For the audit; empty where the type is written under another name.
    pub(crate) kind: &'static str,
}

/// A key's template, and the arguments in the order of their places.
pub(crate) struct Template {
    pub(crate) text: String,
    pub(crate) places: Vec<String>,
}

/// A value that is written into the key under a name.
pub(crate) struct Arg {
    pub(crate) name: String,
    /// The parameter that it comes from, as an index.
    pub(crate) param: usize,
    pub(crate) value: ArgValue,
    /// What it goes through on its way.
    pub(crate) with: Option<ExprPath>,
    pub(crate) written: Written,
    /// It is there only under these.
    pub(crate) cfgs: Vec<Attribute>,
}

pub(crate) enum ArgValue {
    /// A parameter as it is; the type is the one behind a reference.
    Whole { ident: Ident, ty: Box<Type> },
    /// A name out of a pattern, whose type is not written.
    Bound(Ident),
    /// A path of fields.
    Path(Expr),
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    AsItIs,
    /// Its order has no meaning.
    AsSet,
    /// Not where it is `None`.
    UnlessNone,
}
