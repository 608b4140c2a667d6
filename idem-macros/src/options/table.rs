//! The one table of options: name, form, owner, reader.

use syn::parse::ParseStream;

use super::{Options, Site, scope, selector, value, words};
use crate::attribute::Attribute;
use crate::diagnostic::Ctxt;

type Read = fn(&mut Options, &Site<'_>, ParseStream<'_>, &mut Ctxt) -> syn::Result<()>;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Reads {
    Now(Read),
    /// Part of the contract, refused by this version under its own name rather than as unknown.
    Later,
}

pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// One legal way to write it, as messages show it.
    pub(crate) form: &'static str,
    pub(crate) on: &'static [Attribute],
    pub(crate) reads: Reads,
}

const PROTECTED: &[Attribute] = &[Attribute::Idempotent, Attribute::Once, Attribute::Daily];
const UNPROTECTED: &[Attribute] = &[Attribute::NotIdempotent];
const ANY: &[Attribute] = &[Attribute::Idempotent, Attribute::Once, Attribute::Daily, Attribute::NotIdempotent];

const fn now(name: &'static str, form: &'static str, on: &'static [Attribute], read: Read) -> Entry {
    Entry { name, form, on, reads: Reads::Now(read) }
}

const fn later(name: &'static str, form: &'static str) -> Entry {
    Entry { name, form, on: PROTECTED, reads: Reads::Later }
}

#[rustfmt::skip] // one option a line
pub(crate) static TABLE: &[Entry] = &[
    now("name", r#"name = "billing.charge""#, ANY, |o, s, i, cx| o.name.read(s, i, cx, value::name)),
    now("version", "version = 2", PROTECTED, |o, s, i, cx| o.version.read(s, i, cx, value::count)),
    now("ttl", r#"ttl = "24h""#, PROTECTED, |o, s, i, cx| o.ttl.read(s, i, cx, value::ttl)),
    now("category", r#"category = "email""#, PROTECTED, |o, s, i, cx| o.category.read(s, i, cx, value::name)),
    now("lease", r#"lease = "30s""#, PROTECTED, |o, s, i, cx| o.lease.read(s, i, cx, value::duration)),
    now("scope", r#"scope = "user""#, PROTECTED, |o, s, i, cx| o.scope.read(s, i, cx, scope::scope)),
    now("bucket", r#"bucket = "date""#, PROTECTED, |o, s, i, cx| o.bucket.read(s, i, cx, words::word)),
    now("date_based", r#"date_based(tz = "Europe/Berlin")"#, PROTECTED, |o, s, i, cx| o.date_based.read(s, i, cx, value::date_based)),
    now("tz", r#"tz = "Europe/Berlin""#, PROTECTED, |o, s, i, cx| o.tz.read(s, i, cx, value::zone)),
    now("window", r#"window = "100ms""#, PROTECTED, |o, s, i, cx| o.window.read(s, i, cx, value::duration)),
    now("key", "key(job_id, order.id)", PROTECTED, |o, s, i, cx| o.key.read(s, i, cx, selector::key)),
    now("skip", "skip(ctx, attempt)", PROTECTED, |o, s, i, cx| o.skip.read(s, i, cx, selector::skip)),
    now("strict", "strict", PROTECTED, |o, s, i, cx| o.strict.read(s, i, cx, value::flag)),
    now("on_in_progress", r#"on_in_progress = "wait""#, PROTECTED, |o, s, i, cx| o.on_in_progress.read(s, i, cx, words::word)),
    now("wait", r#"wait = "10s""#, PROTECTED, |o, s, i, cx| o.wait.read(s, i, cx, value::duration)),
    now("on_store_error", r#"on_store_error = "fail""#, PROTECTED, |o, s, i, cx| o.on_store_error.read(s, i, cx, words::word)),
    now("on_stale", r#"on_stale = "park""#, PROTECTED, |o, s, i, cx| o.on_stale.read(s, i, cx, words::word)),
    now("reconcile", "reconcile = path::to::async_fn", PROTECTED, |o, s, i, cx| o.reconcile.read(s, i, cx, value::asked)),
    now("on_error", r#"on_error = "release""#, PROTECTED, |o, s, i, cx| o.on_error.read(s, i, cx, words::on_error)),
    now("error_ttl", r#"error_ttl = "10m""#, PROTECTED, |o, s, i, cx| o.error_ttl.read(s, i, cx, value::duration)),
    now("max_attempts", "max_attempts = 5", PROTECTED, |o, s, i, cx| o.max_attempts.read(s, i, cx, value::count)),
    now("expires_after", r#"expires_after = "2h""#, PROTECTED, |o, s, i, cx| o.expires_after.read(s, i, cx, value::duration)),
    now("max_runtime", r#"max_runtime = "15m""#, PROTECTED, |o, s, i, cx| o.max_runtime.read(s, i, cx, value::duration)),
    now("result", r#"result = "store""#, PROTECTED, |o, s, i, cx| o.result.read(s, i, cx, words::word)),
    now("max_result", r#"max_result = "1MiB""#, PROTECTED, |o, s, i, cx| o.max_result.read(s, i, cx, value::size)),
    now("transaction", "transaction = tx", PROTECTED, |o, s, i, cx| o.transaction.read(s, i, cx, value::parameter)),
    now("store", r#"store = "billing""#, PROTECTED, |o, s, i, cx| o.store.read(s, i, cx, value::name)),
    now("error", "error = path::to::function", PROTECTED, |o, s, i, cx| o.error.read(s, i, cx, value::function)),
    now("companion", "companion = SendDigest", ANY, |o, s, i, cx| o.companion.read(s, i, cx, value::companion)),
    now("pii", "pii", PROTECTED, |o, s, i, cx| o.pii.read(s, i, cx, value::flag)),
    now("scope_label", r#"scope_label = "plain""#, PROTECTED, |o, s, i, cx| o.scope_label.read(s, i, cx, words::word)),
    later("accept", r#"accept = "previous""#),
    now("associated", "associated", ANY, |o, s, i, cx| o.associated.read(s, i, cx, value::flag)),
    now("crate", "crate = ::my::idem", ANY, |o, s, i, cx| o.krate.read(s, i, cx, value::path)),
    now("reason", r#"reason = "reads only""#, UNPROTECTED, |o, s, i, cx| o.reason.read(s, i, cx, value::reason)),
];
