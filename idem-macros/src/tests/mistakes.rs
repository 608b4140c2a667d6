//! Every mistake in the options: where it is shown, and what is said.

use super::{HANDLER, check as check_item};

fn check(args: &str, expected: &[(&str, &str)]) {
    check_item("idempotent", args, HANDLER, expected);
}

#[test]
fn the_list_of_options() {
    check("ttl = \"1h\", ttl = \"2h\"", &[("ttl", "`ttl` is given twice")]);
    check("strict, strict", &[("strict", "`strict` is given twice")]);
    check("ttl = \"24x\", ttl = \"2h\"", &[("\"24x\"", "not a duration"), ("ttl", "given twice")]);
    check("strict ttl = \"1h\"", &[("ttl", "expected `,` before `ttl`")]);
    check("ttl = \"1h\" strict", &[("strict", "expected `,` before `strict`")]);
    check("strict,, ttl = \"1h\"", &[(",", "nothing stands before this comma")]);
    check("\"24h\"", &[("\"24h\"", "expected the name of an option, such as `name = \"billing.charge\"`")]);
    check("tll = \"24h\"", &[("tll", "unknown option `tll`; did you mean `ttl`?")]);
    check("key_by(user)", &[("key_by", "unknown option `key_by`; `#[idempotent]` takes `name`, `version`")]);
    check("Strict", &[("Strict", "did you mean `strict`?")]);
    check("reason = \"x\"", &[("reason", "belongs to `#[not_idempotent]`: remove it")]);
    check("accept = \"previous\"", &[("accept", "`accept` is not available yet")]);
    check("strict = true", &[("strict", "flag without a value")]);
    check("associated(), name = \"x\"", &[("associated", "flag without a value")]);
}

#[test]
fn all_mistakes_at_once() {
    check(
        "tll = \"1h\", version = 0, lease = 30, scope(user = usr.id), skip(tpic), strict on_store_error = \"rnu\"",
        &[
            ("tll", "did you mean `ttl`?"),
            ("0", "whole number from 1"),
            ("30", "`lease` takes text in quotes: `lease = \"30s\"`"),
            ("on_store_error", "expected `,`"),
            ("\"rnu\"", "did you mean `run`?"),
            ("tpic", "did you mean `topic`?"),
            ("usr", "did you mean `user`?"),
        ],
    );
}

#[test]
fn values() {
    check("ttl", &[("ttl", "`ttl` takes text in quotes: `ttl = \"24h\"`")]);
    check("ttl =", &[("ttl", "takes text in quotes")]);
    check("ttl = , strict", &[("ttl", "takes text in quotes")]);
    check("ttl = 24", &[("24", "takes text in quotes")]);
    check("ttl(\"24h\")", &[("ttl", "takes text in quotes")]);
    check("ttl = \"24x\"", &[("\"24x\"", "there is no unit `x`")]);
    check("ttl = \"0s\"", &[("\"0s\"", "no time at all")]);
    check("ttl = \"1 month\"", &[("\"1 month\"", "no fixed length")]);
    check("ttl = \"1y\"", &[("\"1y\"", "no fixed length")]);
    check("lease = \"forever\"", &[("\"forever\"", "not a duration")]);
    check("lease = \"5us\"", &[("\"5us\"", "finer than a millisecond")]);
    check("name = \"\"", &[("\"\"", "`name` is empty")]);
    check("name = \" a\"", &[("\" a\"", "begins or ends with a space")]);
    check("store = \"a\\n\"", &[("\"a\\n\"", "ends with a space")]);
    check("category = \"a\\u{0}b\"", &[("\"a\\u{0}b\"", "control character")]);
    check("version = \"2\"", &[("\"2\"", "a whole number")]);
    check("version = 2u32", &[("2u32", "whole number from 1")]);
    check("version = -1", &[("-1", "whole number")]);
    check("version = 4294967296", &[("4294967296", "from 1 to 4294967295")]);
    check("max_result = \"0\"", &[("\"0\"", "not a size")]);
    check("max_result = \"0B\"", &[("\"0B\"", "leaves no room")]);
    check("max_result = \"1mb\"", &[("\"1mb\"", "one of B, KiB, MiB")]);
    check("on_in_progress = \"wiat\"", &[("\"wiat\"", "did you mean `wait`?")]);
    check("on_in_progress = \"maybe\"", &[("\"maybe\"", "it takes `wait`, `error`, `skip`")]);
    check("result = \"keep\"", &[("\"keep\"", "it takes `store`, `discard`")]);
    check(
        "bucket = \"day\"",
        &[("\"day\"", "`bucket` does not take `day`; it takes `hour`, `date`, `week`, `month`; a day is a `date`")],
    );
    check("on_stale = \"again\"", &[("\"again\"", "it takes `rerun`, `park`")]);
    check("on_stale = park", &[("park", "`on_stale` takes text in quotes")]);
    check("reconcile = \"happened\"", &[("\"happened\"", "`reconcile` takes the path of an async function")]);
    check("reconcile", &[("reconcile", "`reconcile` takes the path of an async function")]);
    check("on_error = \"sotre\", error_ttl = \"1m\"", &[("\"sotre\"", "did you mean `store`?")]);
    check("on_error = \"judge::it\"", &[("\"judge::it\"", "or the path of a function, without quotes")]);
    check("on_error = 5", &[("5", "`on_error` takes `\"release\"`, `\"store\"`, or the path of a function")]);
    check("on_error", &[("on_error", "or the path of a function")]);
    check("error_ttl = \"0s\", on_error = \"store\"", &[("\"0s\"", "no time at all")]);
    check("max_attempts = 0", &[("0", "`max_attempts` is a whole number from 1 to 4294967295: `max_attempts = 5`")]);
    check("max_attempts = \"5\"", &[("\"5\"", "`max_attempts` takes a whole number")]);
    check("error = \"to_app\"", &[("\"to_app\"", "the path of a function")]);
    check("crate = \"idem\"", &[("\"idem\"", "`crate` takes a path: `crate = ::my::idem`")]);
}

#[test]
fn windows_limits_and_names() {
    check("window = \"1s\", date_based", &[("window", "keep one of the two")]);
    check("window = \"1s\", bucket = \"hour\"", &[("window", "keep one of the two")]);
    check("window = \"2h\", ttl = \"1h\"", &[("ttl", "shorter than the window (2h)")]);
    check("window = \"0ms\"", &[("\"0ms\"", "no time at all")]);
    check("window", &[("window", "takes text in quotes")]);
    check("expires_after = \"soon\"", &[("\"soon\"", "not a duration")]);
    check("max_runtime = 15", &[("15", "takes text in quotes")]);
    check("companion = \"Digest\"", &[("\"Digest\"", "`companion` takes the name of a type")]);
    check("companion = a::B", &[("a", "`companion` takes the name of a type")]);
    check("companion = Digest, associated, name = \"x\"", &[("companion", "has no companion: remove this")]);
    check("scope_label = \"plain\"", &[("scope_label", "this task has none")]);
    check("scope_label = \"plain\", scope = \"global\"", &[("scope_label", "this task has none")]);
    check("scope_label = \"plan\", scope = \"user\"", &[("\"plan\"", "did you mean `plain`?")]);
    check("pii = true", &[("pii", "flag without a value")]);
    check_item("idempotent_once", "window = \"1s\"", HANDLER, &[("window", "means once, not once in a window")]);
    check_item("idempotent_daily", "window = \"1s\"", HANDLER, &[("window", "has the bucket `date` already")]);
}

#[test]
fn calendar_units() {
    check("ttl = \"1h\", date_based", &[("ttl", "shorter than the bucket (1day)")]);
    check("ttl = \"30d\", bucket = \"month\"", &[("ttl", "shorter than the bucket")]);
    check("date_based, bucket = \"week\"", &[("bucket", "keep one of the two")]);
    check("tz = \"UTC\"", &[("tz", "`tz` without a calendar unit")]);
    check("date_based(tz = \"UTC\"), tz = \"UTC\"", &[("tz", "`tz` is given twice")]);
    check("date_based(tz = \"europe/berlin\")", &[("\"europe/berlin\"", "is spelled `Europe/Berlin`")]);
    check("date_based(tz = \"Europe/Belin\")", &[("\"Europe/Belin\"", "did you mean `Europe/Berlin`?")]);
    check("date_based(tz = \"CET+3 nowhere at all\")", &[("\"CET+3 nowhere at all\"", "write an IANA name")]);
    check("date_based(zone = \"UTC\")", &[("zone", "unknown option `zone` of `date_based`")]);
    check("date_based()", &[("date_based", "a zone in parentheses, or nothing")]);
    check("date_based = true", &[("date_based", "flag without a value")]);
    check("date_based(tz = \"UTC\", ttl = \"1h\")", &[("ttl", "takes `tz` alone")]);
    check_item("idempotent_once", "date_based", HANDLER, &[("date_based", "not once in a calendar unit")]);
    check_item(
        "idempotent_once",
        "bucket = \"hour\", tz = \"UTC\"",
        HANDLER,
        &[("bucket", "means once"), ("tz", "means once")],
    );
    check_item("idempotent_daily", "bucket = \"hour\"", HANDLER, &[("bucket", "has the bucket `date` already")]);
    check_item("idempotent_daily", "ttl = \"1h\"", HANDLER, &[("ttl", "shorter than the bucket")]);
}

#[test]
fn contradictions() {
    check("on_in_progress = \"error\", wait = \"10s\"", &[("wait", "this task does not wait")]);
    check("strict, on_in_progress = \"skip\"", &[("on_in_progress", "`strict` refuses duplicates")]);
    check("result = \"discard\", max_result = \"1MiB\"", &[("max_result", "stores none")]);
    check("ttl = \"10s\", lease = \"1m\"", &[("lease", "longer than `ttl`")]);
    check("reconcile = happened, on_stale = \"park\"", &[("reconcile", "keep one of the two")]);
    check("error_ttl = \"10m\"", &[("error_ttl", "this task remembers none: add `on_error = \"store\"`")]);
    check("error_ttl = \"10m\", on_error = \"release\"", &[("error_ttl", "`on_error = \"release\"` remembers none")]);
    check("on_error = judge, error_ttl = \"10m\"", &[("error_ttl", "the function of `on_error` says it itself")]);
    check("max_attempts = 1, reconcile = happened", &[("max_attempts", "`reconcile` never comes to pass")]);
    check(
        "on_error = \"store\", max_attempts = 1, error_ttl = \"10m\"",
        &[("max_attempts", "`on_error = \"store\"` never comes to pass")],
    );
    check("on_error = \"store\"", &[("on_error", "add `error_ttl = \"10m\"`")]);
    let in_a_transaction = "async fn send(tx: &mut PgConnection, id: u64) -> Result<(), AppError> { body() }";
    check_item(
        "idempotent",
        "transaction = tx, on_stale = \"park\", on_error = judge, max_attempts = 5",
        in_a_transaction,
        &[
            ("on_stale", "`on_stale` has no meaning with `transaction`"),
            ("on_error", "`on_error` has no meaning with `transaction`"),
            ("max_attempts", "`max_attempts` has no meaning with `transaction`"),
        ],
    );
    check_item("idempotent", "transaction = tx, on_error = \"release\"", in_a_transaction, &[]);
    check_item(
        "idempotent",
        "transaction = tx, reconcile = happened",
        in_a_transaction,
        &[("reconcile", "`reconcile` has no meaning with `transaction`")],
    );
}

#[test]
fn keys() {
    check("key(usr)", &[("usr", "no parameter `usr`; did you mean `user`?")]);
    check("key(order.id)", &[("order", "there are `user`, `topic`")]);
    check("key(user, user)", &[("user", "`user` is selected twice")]);
    check("key(user topic)", &[("topic", "expected `,` before `topic`")]);
    check("key(user, topic.len())", &[("topic.len()", "a selector is a parameter or a path of fields")]);
    check("key(\"user\")", &[("\"user\"", "a selector is a parameter")]);
    check("key(self.id)", &[("self", "`self` never enters the key")]);
    check("key(user), skip(user)", &[("user", "both selected for the key and skipped")]);
    check("key", &[("key", "`key` takes a list: `key(job_id, order.id)`")]);
    check("key = [user]", &[("[", "`key` takes a list, or a text with places: `key(job_id, order.id)`, `key = ")]);
    check("skip(usr)", &[("usr", "did you mean `user`?")]);
    check("skip(user, user)", &[("user", "`user` is skipped twice")]);
    check("skip(self)", &[("self", "`self` never enters the key")]);
    check("skip(topic.len)", &[("topic", "`skip` leaves out whole parameters")]);
    check("skip()", &[("skip", "`skip()` leaves out nothing")]);
    check("skip = \"user\"", &[("skip", "`skip` takes a list: `skip(ctx, attempt)`")]);
    check("skip(user, topic)", &[("send", "no argument enters the key")]);
    check("skip(user, topic), scope = \"global\"", &[("send", "no argument enters the key")]);
    check("skip(user, topic), scope = \"tenant\"", &[]);
    check("skip(user, topic), scope = \"user\"", &[]);
    check("key()", &[]);
}

#[test]
fn scopes() {
    check("scope", &[("scope", "takes text in quotes: `scope = \"user\"`")]);
    check("scope()", &[("scope", "`scope()` names no scope")]);
    check("scope = user", &[("user", "takes text in quotes: `scope = \"user\"`")]);
    check("scope = user.id", &[("user", "where it is an expression over arguments: `scope(user = order.customer)`")]);
    check("date_based = \"UTC\"", &[("date_based", "`date_based` takes a zone in parentheses, or nothing")]);
    check("scope(user)", &[("user", "write `\"user\"`, or `user = …`")]);
    check("scope(user =)", &[("user", "needs an expression")]);
    check("scope = \"a+b\"", &[("\"a+b\"", "several scopes are written")]);
    check("scope(\"user\", \"user\")", &[("\"user\"", "the scope `user` is given twice")]);
    check("scope(\"global\", \"user\")", &[("\"global\"", "it stands alone")]);
    check("scope(user = self.id)", &[("self", "`self` never enters the key")]);
    check("scope(user = tpic.owner)", &[("tpic", "did you mean `topic`?")]);
    check("scope(user = foo(1 2))", &[("2", "expected")]);
    check_item(
        "idempotent",
        "scope = \"user\"",
        "async fn f(user: User, user_id: u64) -> Result<(), E> {}",
        &[("\"user\"", "both `user` and `user_id` are arguments")],
    );
}

#[test]
fn attributes_together() {
    check_item(
        "idempotent",
        "",
        &format!("#[idempotent_once] {HANDLER}"),
        &[("idempotent_once", "keep one of the two")],
    );
    check_item(
        "idempotent",
        "",
        &format!("#[idem::idempotent] {HANDLER}"),
        &[("idem::idempotent", "keep one of the two")],
    );
    check_item(
        "idempotent",
        "",
        &format!("#[not_idempotent(reason = \"x\")] {HANDLER}"),
        &[("not_idempotent", "keep one")],
    );
    check_item("idempotent", "", &format!("#[strict] #[strict] {HANDLER}"), &[("strict", "given twice")]);
    check_item("idempotent", "", &format!("#[strict(x)] {HANDLER}"), &[("strict", "takes no options")]);
    check_item("strict", "", &format!("#[strict] {HANDLER}"), &[("strict", "given twice")]);
    check_item("strict", "ttl = \"1h\"", HANDLER, &[("ttl = \"1h\"", "takes no options")]);
    check_item(
        "not_idempotent",
        "reason = \"x\"",
        &format!("#[strict] {HANDLER}"),
        &[("strict", "no duplicates to refuse")],
    );
    check_item("not_idempotent", "", HANDLER, &[("send", "needs a reason")]);
    check_item("not_idempotent", "reason = \"  \"", HANDLER, &[("\"  \"", "the reason is empty")]);
    check_item(
        "not_idempotent",
        "reason = \"x\", ttl = \"1h\"",
        HANDLER,
        &[("ttl", "does not apply to `#[not_idempotent]`")],
    );
    check_item("idempotent_once", "reason = \"x\"", HANDLER, &[("reason", "belongs to `#[not_idempotent]`")]);
}
