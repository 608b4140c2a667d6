//! Signatures: which are taken, and what is said of the others.

use super::{check, errors, expand, idempotent};

const LEGAL: &str = "`async fn name(arguments) -> Result<T, E>`";

fn refused(item: &str, expected: &[(&str, &str)]) {
    check("idempotent", "", item, expected);
}

#[test]
fn what_cannot_work_is_refused_with_the_legal_form_once() {
    refused("fn f(x: u8) -> Result<(), E> {}", &[("fn", "not `async`")]);
    refused("const fn f(x: u8) -> Result<(), E> {}", &[("const", LEGAL)]);
    refused("async unsafe fn f(x: u8) -> Result<(), E> {}", &[("unsafe", LEGAL)]);
    refused("unsafe fn f(x: u8) {}", &[("fn", LEGAL), ("unsafe", "remove `unsafe`"), ("f", "returns nothing")]);
    refused("extern \"C\" fn f(x: u8) -> Result<(), E> {}", &[("fn", LEGAL), ("extern \"C\"", "remove `extern`")]);
    refused(
        "async unsafe extern \"C\" fn f(x: u8, ...) -> Result<(), E> {}",
        &[("unsafe", LEGAL), ("extern \"C\"", "remove `extern`"), ("...", "variadic")],
    );
    refused(
        "fn f(x: u8) -> impl Future<Output = Result<(), E>> {}",
        &[("impl Future<Output = Result<(), E>>", "returns a future")],
    );
    refused("fn f(x: u8) -> Pin<&mut dyn Future<Output = R>> {}", &[("Pin<&mut dyn Future<Output = R>>", "not boxed")]);
}

#[test]
fn only_results_can_be_replayed() {
    for (output, what) in [
        ("()", "`()`"),
        ("u64", "a primitive"),
        ("bool", "a primitive"),
        ("(u8, u8)", "a tuple"),
        ("&'static str", "a reference"),
        ("[u8; 4]", "an array"),
        ("!", "`!`"),
        ("impl Display", "`impl Trait`"),
        ("Option<u8>", "an `Option`"),
        ("String", "a `String`"),
    ] {
        let item = format!("async fn f(x: u8) -> {output} {{}}");
        let says = format!("returns {what}: the outcome of a handler is a `Result`\nan idempotent");
        refused(&item, &[(output, &says)]);
    }
    refused("async fn f(x: u8) {}", &[("f", "returns nothing")]);
    for output in [
        "Result<u8, E>",
        "io::Result<()>",
        "anyhow::Result<u8>",
        "Answer",
        "(Result<u8, E>)",
        "Result<&'static str, E>",
    ] {
        refused(&format!("async fn f(x: u8) -> {output} {{}}"), &[]);
    }
}

#[test]
fn a_boxed_future_is_read_through() {
    for output in [
        "Pin<Box<dyn Future<Output = Result<u8, E>> + '_>>",
        "(std::pin::Pin<Box<dyn Future<Output = Answer> + Send + 'a>>)",
        "BoxFuture<'a, Result<u8, E>>",
        "futures::future::LocalBoxFuture<'_, anyhow::Result<u8>>",
        "BoxFuture<Result<u8, E>>",
    ] {
        refused(&format!("fn f<'a>(x: u8, y: &'static str, z: &'a str) -> {output} {{}}"), &[]);
    }
    let says = "give it their lifetime";
    for output in [
        "Pin<Box<dyn Future<Output = R> + Send>>",
        "Pin<Box<dyn Future<Output = R> + 'static>>",
        "BoxFuture<'static, R>",
    ] {
        refused(&format!("fn f(x: u8, y: &'static str) -> {output} {{}}"), &[]);
        refused(&format!("fn f(x: u8, y: &str) -> {output} {{}}"), &[("&", says)]);
        check("idempotent", "name = \"f\"", &format!("fn f(&self, y: u8) -> {output} {{}}"), &[("&", says)]);
    }
    refused("fn f(x: u8) -> BoxFuture<'_, Option<u8>> {}", &[("Option<u8>", LEGAL)]);
    refused("fn f(x: &u8) -> BoxFuture<'_, Result<&u8, E>> {}", &[("&", "borrows")]);
    refused("fn f(x: u8) -> Pin<Box<dyn Future<Output = ()> + Send>> {}", &[("()", "returns `()`")]);
    refused("fn f(x: u8) -> Pin<Box<F>> {}", &[("Pin<Box<F>>", "not boxed")]);
}

#[test]
fn a_name_that_async_trait_made_of_a_position_enters_no_key() {
    let item = |attr: &str| format!("fn f(&self, {attr} __arg1: Json<u8>, x: u8) -> BoxFuture<'_, R> {{}}");
    let check = |args: &str, attr: &str, expected: &[(&str, &str)]| {
        check("idempotent", &format!("name = \"f\", {args}"), &item(attr), expected);
    };
    check("", "", &[("__arg1", "take it apart in the body")]);
    check("key(__arg1.0)", "", &[("__arg1.0", "take it apart in the body")]);
    check("", "#[idem(skip)]", &[]);
    check("skip(__arg1)", "", &[]);
    check("key(x)", "", &[]);
    refused("async fn f(__arg1: u8) -> R {}", &[]);
}

#[test]
fn a_result_must_not_borrow() {
    for (output, at) in [
        ("Result<&str, E>", "&"),
        ("Result<Option<&'a str>, E>", "'a"),
        ("Result<Cow<'_, str>, E>", "'_"),
        ("Result<u8, &str>", "&"),
        ("Result<Vec<(u8, &str)>, E>", "&"),
        ("Answer<&str>", "&"),
    ] {
        let item = format!("async fn f<'a>(x: &'a str) -> {output} {{}}");
        refused(&item, &[(at, "a result that borrows")]);
    }
    refused("async fn f(x: u8) -> Result<impl Serialize, E> {}", &[("impl", "name the type")]);
}

#[test]
fn what_stands_in_an_impl_has_a_name_and_no_companion() {
    for item in [
        "async fn f(&self, x: u8) -> Result<(), E> {}",
        "async fn f(self: Arc<Self>, x: u8) -> Result<(), E> {}",
        "async fn f(x: u8) -> Result<Self, E> {}",
        "async fn f(x: Vec<Self>) -> Result<(), E> {}",
    ] {
        let found = errors(idempotent("", item));
        assert_eq!(found.len(), 1, "{item}: {found:?}");
        assert!(found[0].1.contains("needs a name of its own"), "{item}: {found:?}");
        for (attribute, args) in
            [("idempotent", "name = \"a.b\""), ("not_idempotent", "reason = \"r\", name = \"a.b\"")]
        {
            let expansion = expand(attribute, args, item);
            assert_eq!(errors(expansion.clone()), []);
            assert!(!expansion.to_string().contains("enum"), "{item}");
        }
    }
    let associated = "async fn f(x: u8) -> Result<(), E> {}";
    check("idempotent", "associated", associated, &[("associated", "needs a name")]);
    check("idempotent", "associated, name = \"\"", associated, &[("\"\"", "`name` is empty")]);
    check(
        "idempotent",
        "name = \"m\"",
        "async fn f(#[idem(skip)] &self, x: u8) -> Result<(), E> {}",
        &[("#[idem(skip)]", "`self` never enters")],
    );
}

#[test]
fn arguments_that_cannot_be_told_apart_stay_out_of_keys() {
    for (item, at, why) in [
        ("async fn f<T>(x: T) -> Result<(), E> {}", "T", "all `T` would share one key"),
        ("async fn f<T>(x: Vec<Option<T>>) -> Result<(), E> {}", "T", "all `T` would share one key"),
        ("async fn f<const N: usize>(x: [u8; N]) -> Result<(), E> {}", "N", "all `N`"),
        ("async fn f(x: impl Serialize) -> Result<(), E> {}", "impl Serialize", "`impl Trait`"),
        ("async fn f(x: &impl Serialize) -> Result<(), E> {}", "impl Serialize", "`impl Trait`"),
        ("async fn f(x: &mut Order) -> Result<(), E> {}", "&mut Order", "may differ from call to call"),
        ("async fn f(x: *const u8) -> Result<(), E> {}", "*const u8", "an address"),
        ("async fn f(x: HashSet<u8>) -> Result<(), E> {}", "HashSet", "mark it `#[idem(set)]`"),
        ("async fn f(x: Instant) -> Result<(), E> {}", "Instant", "of this process alone"),
        ("async fn f(x: Option<std::time::Instant>) -> Result<(), E> {}", "Instant", "of this process alone"),
        ("async fn f(x: fn(u8) -> u8) -> Result<(), E> {}", "fn(u8) -> u8", "one function or closure from another"),
        ("async fn f(x: Box<dyn Fn(u8) + Send>) -> Result<(), E> {}", "dyn Fn(u8) + Send", "one function or closure"),
        ("async fn f(x: impl AsyncFn(u8)) -> Result<(), E> {}", "impl AsyncFn(u8)", "one function or closure"),
        ("async fn f(x: &[std::collections::HashSet<u8>]) -> Result<(), E> {}", "HashSet", "no order that lasts"),
    ] {
        refused(item, &[(at, why)]);
        refused(&item.replace("(x", "(#[idem(skip)] x").replace(") ->", ", y: u8) ->"), &[]);
        check("idempotent", "key(x)", item, &[(at, "do not select it")]);
        check("idempotent", "scope = \"x\", key()", item, &[(at, "is the scope `x` of the key")]);
        check("idempotent", "key = \"{x}\"", item, &[("\"{x}\"", why)]);
    }
    refused("async fn f(x: Set<HashSet<u8>>) -> Result<(), E> {}", &[]);
    refused("async fn f(x: HashMap<u8, f64>, y: SystemTime, z: my::Instant) -> Result<(), E> {}", &[]);
    refused("async fn f(x: PhantomData<fn() -> *const u8>) -> Result<(), E> {}", &[]);
    refused("async fn f<'a>(x: Cow<'a, str>) -> Result<(), E> {}", &[]);
    check("idempotent", "key(x.id)", "async fn f(x: &mut Order) -> Result<(), E> {}", &[]);
    check("idempotent", "key(x.id)", "async fn f<T>(x: Page<T>) -> Result<(), E> {}", &[("T", "all `T`")]);
}

#[test]
fn patterns_have_one_name_or_are_skipped() {
    refused("async fn f((a, b): (u8, u8)) -> Result<(), E> {}", &[("(a, b)", "binds several names")]);
    refused("async fn f(_: u8, y: u8) -> Result<(), E> {}", &[("_", "binds no name")]);
    refused("async fn f(Json(a): Json<u8>, Unit: Unit, x: u8) -> Result<(), E> {}", &[("Unit", "binds no name")]);
    check("idempotent", "skip(a, b)", "async fn f((a, b): (u8, u8), c: u8) -> Result<(), E> {}", &[]);
    check("idempotent", "key(a)", "async fn f((a, b): (u8, u8)) -> Result<(), E> {}", &[]);
    check(
        "idempotent",
        "key(b)",
        "async fn f(#[idem(skip)] (a, b): (u8, u8)) -> Result<(), E> {}",
        &[("b", "both selected")],
    );
}

#[test]
fn attributes_of_parameters() {
    let with = |attr: &str| format!("async fn f(x: u8, #[idem{attr}] y: u8) -> Result<(), E> {{}}");
    refused(&with("(skip)"), &[]);
    refused(&with("(skip,)"), &[]);
    refused(&with("(skp)"), &[("skp", "unknown option `skp`; did you mean `skip`?")]);
    refused(&with("(ignore)"), &[("ignore", "a parameter takes `skip`, `name = \"user_id\"`")]);
    refused(&with("(skip = true)"), &[("skip", "`skip` is written `#[idem(skip)]`")]);
    refused("async fn f(x: u8, #[idem(skip)] #[idem(skip)] y: u8) -> Result<(), E> {}", &[("skip", "given twice")]);
    check("idempotent", "skip(y)", &with("(skip)"), &[("y", "skipped twice")]);
}

#[test]
fn what_is_no_function_is_left_as_it_is() {
    for item in ["struct S;", "async fn f(x: u8) -> Result<(), E>;", "impl S { fn f() {} }", "mod m {}"] {
        for attribute in ["idempotent", "strict", "not_idempotent"] {
            let expansion = expand(attribute, "", item);
            let found = errors(expansion.clone());
            assert_eq!(found.len(), 1, "{item}: {found:?}");
            assert!(found[0].1.contains("goes on an `async fn` with a body"), "{found:?}");
            let kept = super::tokens(item).to_string();
            assert!(expansion.to_string().ends_with(&kept), "{item}");
        }
    }
}

#[test]
fn the_body_is_not_looked_into() {
    let item = "async fn f(x: u8) -> Result<(), E> { macro_rules! anything { () => {} } 1 +* 2; }";
    assert_eq!(errors(idempotent("", item)), []);
}
