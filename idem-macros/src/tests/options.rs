//! Each option says what the contract says it does.

use super::{HANDLER, errors, expand, idempotent, tokens};

/// The calls on `Task` that an attribute leads to, without the place, `args` and the runtime's path.
fn described(attribute: &str, args: &str, item: &str) -> String {
    let expansion = expand(attribute, args, item);
    assert_eq!(errors(expansion.clone()), [], "#[{attribute}({args})]");
    let text = expansion.to_string();
    let (_, rest) = text.split_once("column ! () ,)").unwrap();
    let (calls, _) = rest.split_once(';').unwrap();
    calls
        .replace(":: idem :: __private :: ", "")
        .replace(":: core :: time :: ", "")
        .replace(' ', "")
        .replace(".with_", ".")
        .replace(r#".args(&["user","topic"])"#, "")
}

fn check(args: &str, calls: &str) {
    assert_eq!(described("idempotent", args, HANDLER), calls, "{args}");
}

#[test]
fn every_option_reaches_the_description() {
    check("", "");
    check("name = \"billing.charge\"", r#".name("billing.charge")"#);
    check("version = 2", ".version(2)");
    check("ttl = \"24h\"", ".ttl(Duration::from_millis(86400000))");
    check("ttl = \"forever\"", ".ttl_forever()");
    check("category = \"email\"", r#".category("email")"#);
    check("lease = \"30s\"", ".lease(Duration::from_millis(30000))");
    check("strict", ".strict()");
    check(
        "on_in_progress = \"wait\", wait = \"10s\"",
        ".on_in_progress(OnInProgress::Wait).wait(Duration::from_millis(10000))",
    );
    check("wait = \"10s\"", ".wait(Duration::from_millis(10000))");
    check("on_in_progress = \"error\"", ".on_in_progress(OnInProgress::Error)");
    check("on_in_progress = \"skip\"", ".on_in_progress(OnInProgress::Skip)");
    check("on_store_error = \"fail\"", ".on_store_error(OnStoreError::Fail)");
    check("on_store_error = \"run\"", ".on_store_error(OnStoreError::Run)");
    check("on_stale = \"rerun\"", ".on_stale(OnStale::Rerun)");
    check("on_stale = \"park\"", ".on_stale(OnStale::Park)");
    check("reconcile = bank::happened", ".on_stale(OnStale::Reconcile)");
    check("on_error = \"release\"", "");
    check("on_error = \"store\", error_ttl = \"10m\"", ".error_ttl(Duration::from_millis(600000))");
    check("error_ttl = \"10m\", on_error = \"store\"", ".error_ttl(Duration::from_millis(600000))");
    check("on_error = errors::judge", ".judged_errors()");
    check("max_attempts = 5", ".max_attempts(5)");
    check("result = \"store\"", "");
    check("result = \"discard\"", ".discard_result()");
    check("max_result = \"1MiB\"", ".max_result(1048576)");
    check("window = \"100ms\"", ".window(Duration::from_millis(100))");
    check("expires_after = \"2h\"", ".expires_after(Duration::from_millis(7200000))");
    check("max_runtime = \"15m\"", ".max_runtime(Duration::from_millis(900000))");
    check("pii", ".pii()");
    check("companion = Digest", "");
    check("store = \"billing\"", r#".store("billing")"#);
    check("ttl = \"1h\", strict,", ".ttl(Duration::from_millis(3600000)).strict()");
}

#[test]
fn a_calendar_unit_brings_a_ttl_of_two() {
    check("date_based", r#".ttl(Duration::from_millis(172800000)).bucket(Unit::Date,"UTC")"#);
    check(
        "date_based(tz = \"Europe/Berlin\",)",
        r#".ttl(Duration::from_millis(172800000)).bucket(Unit::Date,"Europe/Berlin")"#,
    );
    check("bucket = \"hour\"", r#".ttl(Duration::from_millis(7200000)).bucket(Unit::Hour,"UTC")"#);
    check(
        "bucket = \"week\", tz = \"Asia/Tokyo\"",
        r#".ttl(Duration::from_millis(1209600000)).bucket(Unit::Week,"Asia/Tokyo")"#,
    );
    check("bucket = \"month\"", r#".ttl(Duration::from_millis(5356800000)).bucket(Unit::Month,"UTC")"#);
    check("bucket = \"month\", ttl = \"forever\"", r#".ttl_forever().bucket(Unit::Month,"UTC")"#);
    check(
        "date_based, tz = \"US/Pacific\", ttl = \"24h\"",
        r#".ttl(Duration::from_millis(86400000)).bucket(Unit::Date,"US/Pacific")"#,
    );
}

#[test]
fn the_shorthands_say_what_they_stand_for() {
    let of = |attribute, args| described(attribute, args, HANDLER);
    assert_eq!(of("idempotent_once", ""), ".ttl_forever()");
    assert_eq!(of("idempotent_once", "ttl = \"7d\""), ".ttl(Duration::from_millis(604800000))");
    assert_eq!(of("idempotent_daily", ""), of("idempotent", "date_based"));
    assert_eq!(of("idempotent_daily", "tz = \"Europe/Oslo\""), of("idempotent", "date_based(tz = \"Europe/Oslo\")"));
    assert_eq!(of("strict", ""), ".strict()");
    let marked = format!("#[not_a_marker] {HANDLER}");
    assert_eq!(
        described("not_idempotent", "reason = \"reads only\", name = \"x\"", &marked),
        r#".name("x").not_idempotent("readsonly")"#
    );
}

#[test]
fn strict_joins_an_attribute_above_or_below() {
    for path in ["strict", "idem::strict"] {
        let below = format!("#[{path}] {HANDLER}");
        assert_eq!(described("idempotent", "", &below), ".strict()");
        let expansion = idempotent("", &below).to_string();
        assert!(!expansion.contains("# [strict"), "{path} is taken away");
        let named = format!("use {} as _", path.replace("::", " :: "));
        assert!(expansion.contains(&named), "{path} would be an unused import");
    }
    assert_eq!(described("idempotent_once", "", &format!("#[strict] {HANDLER}")), ".ttl_forever().strict()");
    // Above it goes below, where the other takes it in.
    let moved = expand("strict", "", &format!("#[idem::idempotent(ttl = \"1h\")] #[inline] {HANDLER}"));
    let expected = tokens(&format!("#[idem::idempotent(ttl = \"1h\")] #[inline] #[__idem_strict] {HANDLER}"));
    assert_eq!(moved.to_string(), expected.to_string());
}

#[test]
fn a_scope_binds_to_an_argument_or_to_the_delivery() {
    let of = |args, item| described("idempotent", args, item).split(".args").next().unwrap().to_owned();
    let user_id = "async fn send(user_id: u64) -> Result<u64, E> { body() }";
    assert_eq!(
        of("scope = \"user\"", HANDLER),
        r#".scope(&[ScopePart{kind:"user",source:ScopeSource::Argument("user")}])"#
    );
    assert_eq!(
        of("scope = \"user\"", user_id),
        r#".scope(&[ScopePart{kind:"user",source:ScopeSource::Argument("user_id")}])"#
    );
    assert_eq!(
        of("scope = \"tenant\"", HANDLER),
        r#".scope(&[ScopePart{kind:"tenant",source:ScopeSource::Delivery}])"#
    );
    assert_eq!(of("scope = \"global\"", HANDLER), ".scope(&[])");
    assert_eq!(
        of("scope(\"tenant\", user = topic.owner(),)", HANDLER),
        r#".scope(&[ScopePart{kind:"tenant",source:ScopeSource::Delivery},ScopePart{kind:"user",source:ScopeSource::Expression("topic.owner()")}])"#
    );
}

#[test]
fn arguments_enter_in_the_order_of_the_key() {
    let of = |args, item| {
        let calls = described("idempotent", args, item);
        let (_, rest) = calls.split_once(".args(&[").unwrap();
        rest.split(']').next().unwrap().to_owned()
    };
    let item = "async fn f(topic: String, bb: u8, Json(ab): Json<A>, mut r#type: u8, _x: &str, #[idem(skip)] (c, d): (u8, u8)) -> R<()> { body() }";
    assert_eq!(of("", item), r#""_x","ab","bb","type","topic""#);
    assert_eq!(of("skip(ab, r#type)", item), r#""_x","bb","topic""#);
    assert_eq!(of("key(topic, bb.x.0.1, ab.r#type)", item), r#""topic","ab.type","bb.x.0.1""#);
    assert_eq!(of("key()", item), "");
}
