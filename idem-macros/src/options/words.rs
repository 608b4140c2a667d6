//! Options that take one of a few words.

use std::time::Duration;

use syn::parse::ParseStream;
use syn::{LitStr, Token};

use super::{Site, value};
use crate::diagnostic::{Ctxt, did_you_mean, listed};

const DAY: u64 = 24 * 60 * 60;

/// A set of words, each with its meaning.
pub(crate) trait Words: Copy + 'static {
    const WORDS: &'static [(&'static str, Self)];
    /// What else may stand there.
    const OR: &'static str = "";
}

/// Reads `= "word"`.
pub(crate) fn word<W: Words>(input: ParseStream<'_>, site: &Site<'_>, _: &mut Ctxt) -> syn::Result<W> {
    let text = value::text(input, site)?;
    let written = text.value();
    if let Some((_, word)) = W::WORDS.iter().find(|(w, _)| *w == written) {
        return Ok(*word);
    }
    let words = || W::WORDS.iter().map(|(w, _)| *w);
    let hint = did_you_mean(&written, words()).unwrap_or_else(|| format!("it takes {}{}", listed(words()), W::OR));
    let message = format!("`{}` does not take `{written}`; {hint}", site.key);
    Err(syn::Error::new(text.span(), message))
}

/// The calendar unit that joins the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Hour,
    Date,
    Week,
    Month,
}

impl Words for Unit {
    const WORDS: &'static [(&'static str, Self)] =
        &[("hour", Self::Hour), ("date", Self::Date), ("week", Self::Week), ("month", Self::Month)];
    const OR: &'static str = "; a day is a `date`";
}

impl Unit {
    /// The longest such unit, the hours of clock changes aside.
    pub(crate) fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::Hour => DAY / 24,
            Self::Date => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 31 * DAY,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnInProgress {
    Wait,
    Error,
    Skip,
}

impl Words for OnInProgress {
    const WORDS: &'static [(&'static str, Self)] =
        &[("wait", Self::Wait), ("error", Self::Error), ("skip", Self::Skip)];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnStoreError {
    Fail,
    Run,
}

impl Words for OnStoreError {
    const WORDS: &'static [(&'static str, Self)] = &[("fail", Self::Fail), ("run", Self::Run)];
}

/// How a readable key shows a text scope, where it is not hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeLabel {
    Plain,
}

impl Words for ScopeLabel {
    const WORDS: &'static [(&'static str, Self)] = &[("plain", Self::Plain)];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnStale {
    Rerun,
    Park,
}

impl Words for OnStale {
    const WORDS: &'static [(&'static str, Self)] = &[("rerun", Self::Rerun), ("park", Self::Park)];
    const OR: &'static str = "; to have a function asked, write `reconcile = path::to::async_fn` instead";
}

/// What becomes of the body's errors, as written.
#[derive(Clone)]
pub(crate) enum OnErrorWritten {
    Release,
    Store,
    /// `on_error = path::to::function`
    Function(syn::ExprPath),
}

/// Reads `= "word"` or `= path::to::function`.
pub(crate) fn on_error(input: ParseStream<'_>, site: &Site<'_>, cx: &mut Ctxt) -> syn::Result<OnErrorWritten> {
    if input.peek(Token![=]) && input.peek2(LitStr) {
        return Ok(match word::<Failure>(input, site, cx)? {
            Failure::Release => OnErrorWritten::Release,
            Failure::Store => OnErrorWritten::Store,
        });
    }
    let takes = "`\"release\"`, `\"store\"`, or the path of a function from `&E` to `idem::ErrorDisposition`";
    value::function_that(input, site, takes).map(OnErrorWritten::Function)
}

#[derive(Clone, Copy)]
enum Failure {
    Release,
    Store,
}

impl Words for Failure {
    const WORDS: &'static [(&'static str, Self)] = &[("release", Self::Release), ("store", Self::Store)];
    const OR: &'static str = ", or the path of a function, without quotes";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultKept {
    Store,
    Discard,
}

impl Words for ResultKept {
    const WORDS: &'static [(&'static str, Self)] = &[("store", Self::Store), ("discard", Self::Discard)];
}
