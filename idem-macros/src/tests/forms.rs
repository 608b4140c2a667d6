//! `#[idem(…)]` on parameters.

use super::{check, errors, expand};

/// Mistakes of this one parameter beside another.
fn refused(param: &str, expected: &[(&str, &str)]) {
    check("idempotent", "", &format!("async fn f(x: u8, {param}) -> Result<(), E> {{}}"), expected);
}

/// What stands in the plan of the key for this parameter.
fn written(args: &str, param: &str) -> Vec<String> {
    let expansion = expand("idempotent", args, &format!("async fn f({param}) -> Result<(), E> {{}}"));
    assert_eq!(errors(expansion.clone()), [], "{args} {param}");
    let text = expansion.to_string().replace(":: idem :: __private :: ", "").replace(' ', "");
    let calls =
        text.split(';').filter(|statement| statement.ends_with(",__k)?") || statement.contains("let__argument"));
    let calls = calls.filter_map(|call| Some(call.rsplit("|__k|{").next()?.trim_start_matches(['{', '}']).to_owned()));
    let all: Vec<String> = calls.collect();
    let (function, companion) = all.split_at(all.len() / 2);
    assert_eq!(function, companion, "a call and its companion make two keys: {param}");
    function.to_vec()
}

#[test]
fn each_form_is_written_into_the_key() {
    for (param, expected) in [
        ("#[idem(name = \"id\")] x: u8", "<u8asKeyArg>::write(x,\"id\",__k)?"),
        ("#[idem(with = a::lower)] x: String", "let__argument=xKeyArg::write(&a::lower(__argument),\"x\",__k)?"),
        (
            "#[idem(with = a::lower, name = \"y\",)] x: &str",
            "let__argument=xKeyArg::write(&a::lower(__argument),\"y\",__k)?",
        ),
        ("#[idem(set)] x: &HashSet<u8>", "<HashSet<u8>asKeyArg>::write_set(x,\"x\",__k)?"),
        ("#[idem(set)] x: Box<HashSet<u8>>", "<Box<HashSet<u8>>asKeyArg>::write_set(x,\"x\",__k)?"),
        (
            "#[idem(omit_none)] x: Option<u8>",
            "iflet::core::option::Option::Some(__there)=<Option<u8>asOptionalKeyArg>::there(x){<Option<u8>asKeyArg>::write(__there,\"x\",__k)?",
        ),
        (
            "#[idem(with = f, omit_none)] x: u8",
            "let__argument=xiflet::core::option::Option::Some(__there)=OptionalKeyArg::there(&f(__argument)){KeyArg::write(__there,\"x\",__k)?",
        ),
        ("#[idem(with = f)] #[idem(set)] x: u8", "let__argument=xKeyArg::write_set(&f(__argument),\"x\",__k)?"),
        (
            "#[idem(name = \"o\", with = f)] Json(x): Json<u8>",
            "let__argument=xKeyArg::write(&f(__argument),\"o\",__k)?",
        ),
        ("#[idem(name = \"p\")] (a, b): (u8, u8)", "<(u8,u8)asKeyArg>::write(arg0,\"p\",__k)?"),
        ("#[idem(name = \"p\")] _: &Point", "<PointasKeyArg>::write(arg0,\"p\",__k)?"),
        ("#[idem(with = f)] x: HashSet<Instant>", "let__argument=xKeyArg::write(&f(__argument),\"x\",__k)?"),
        ("#[idem(with = f)] x: &mut Order", "let__argument=xKeyArg::write(&f(__argument),\"x\",__k)?"),
        ("#[idem(name = \"n\")] x: Attempt", "<AttemptasKeyArg>::write(x,\"n\",__k)?"),
    ] {
        assert_eq!(written("", param).concat(), expected, "{param}");
    }
    assert_eq!(written("key(x.id)", "#[idem(name = \"order\")] x: Order"), ["KeyArg::write(&x.id,\"order.id\",__k)?"]);
    let list = "#[idem(set)] x: List";
    let expected = "<ListasKeyArg>::write_set(x,\"x\",__k)?KeyArg::write(&x.id,\"x.id\",__k)?";
    assert_eq!(written("key(x, x.id)", list).concat(), expected);
    assert_eq!(written("key = \"{x}{x.id}\"", list).concat(), expected);
    let made = "let__argument=xKeyArg::write(&f(__argument),\"x\",__k)?KeyArg::write(&x.id,\"x.id\",__k)?";
    assert_eq!(written("key(x, x.id)", "#[idem(with = f)] x: List").concat(), made);
    let scope = "let__argument=userScopeValue::write(&f(__argument),\"user\",__k)?";
    let arg = "let__argument=userKeyArg::write(&f(__argument),\"user\",__k)?";
    let user = "#[idem(with = f)] user: String";
    assert_eq!(written("scope = \"user\"", user).concat(), format!("{scope}{arg}"));
    assert_eq!(written("scope = \"user\", key()", user).concat(), scope);
}

#[test]
fn forms_are_written_once_and_by_their_form() {
    refused("#[idem] y: u8", &[("idem", "says nothing")]);
    refused("#[idem()] y: u8", &[("idem", "says nothing")]);
    refused("#[idem(nmae = \"z\")] y: u8", &[("nmae", "did you mean `name`?")]);
    refused("#[idem(name)] y: u8", &[("name", "`name` is written `#[idem(name = \"user_id\")]`")]);
    refused("#[idem(name =)] y: u8", &[("name", "is written")]);
    refused("#[idem(name = z)] y: u8", &[("z", "is written")]);
    refused("#[idem(with)] y: u8", &[("with", "`#[idem(with = path::to::function)]`")]);
    refused("#[idem(with = \"f\")] y: u8", &[("\"f\"", "is written")]);
    refused("#[idem(with = |y| 1)] y: u8", &[("|", "is written")]);
    refused("#[idem(set = true)] y: Vec<u8>", &[("set", "`#[idem(set)]`")]);
    refused("#[idem(omit_none())] y: Option<u8>", &[("omit_none", "`#[idem(omit_none)]`")]);
    refused("#[idem(name = \"z\" with = f)] y: u8", &[("with", "expected `,` before `with`")]);
    refused("#[idem(set, set)] y: Vec<u8>", &[("set", "given twice")]);
    refused("#[idem(name = \"a\")] #[idem(name = \"b\")] y: u8", &[("name", "`name` is given twice")]);
    refused("#[cfg_attr(unix, idem(skip))] y: u8", &[("cfg_attr", "is not seen")]);
}

#[test]
fn a_name_in_the_key_is_a_name() {
    for (name, why) in
        [("", "is empty"), (" a", "begins or ends with a space"), ("a\\u{1}b", "holds a control character")]
    {
        let literal = format!("\"{name}\"");
        refused(&format!("#[idem(name = {literal})] y: u8"), &[(&literal, why)]);
    }
    let long = format!("\"{}\"", "n".repeat(256));
    refused(&format!("#[idem(name = {long})] y: u8"), &[(&long, "longer than 255 bytes")]);
    refused("#[idem(name = \"x\")] y: u8", &[("\"x\"", "two arguments are `x` in the key")]);
    refused("#[idem(name = \"z\")] y: u8, z: u8", &[("\"z\"", "two arguments are `z` in the key")]);
    refused("#[idem(skip)] z: u8, #[idem(name = \"z\")] y: u8", &[]);
}

#[test]
fn forms_that_contradict_each_other_or_the_options() {
    refused("#[idem(skip, name = \"z\")] y: u8", &[("name", "`skip` that it does not")]);
    refused("#[idem(set)] #[idem(skip)] y: Vec<u8>", &[("set", "`skip` that it does not")]);
    refused("#[idem(set, omit_none)] y: Option<Tags>", &[("omit_none", "`set` for a collection")]);
    refused("#[idem(omit_none)] y: u8", &[("u8", "this is a primitive")]);
    refused("#[idem(omit_none)] y: &str", &[("&str", "this is a primitive")]);
    refused("#[idem(omit_none)] y: Maybe", &[]);
    refused("#[idem(set)] y: String", &[("String", "this is a `String`")]);
    refused("#[idem(set)] y: Option<HashSet<u8>>", &[("Option<HashSet<u8>>", "this is an `Option`")]);
    refused("#[idem(set)] y: Vec<HashSet<u8>>", &[("HashSet", "no order that lasts")]);
    refused("#[idem(with = f)] y: Vec<impl Log>", &[("impl Log", "`impl Trait`")]);
    refused("#[idem(set)] (a, b): (u8, u8)", &[("(a, b)", "`#[idem(name = \"…\")]`")]);

    let one = |args: &str, form: &str, expected: &[(&str, &str)]| {
        check(
            "idempotent",
            args,
            &format!("async fn f(x: u8, #[idem({form})] y: Order) -> Result<(), E> {{}}"),
            expected,
        );
    };
    one("skip(y)", "with = f", &[("y", "`with` in its `#[idem(…)]` says how it enters")]);
    one("key(x)", "with = f", &[("with", "`key` does not take `y`")]);
    one("key()", "name = \"z\"", &[("name", "`key` does not take `y`")]);
    one("key(y.id)", "with = f", &[("with", "`key` takes fields of `y`")]);
    one("key(y, y.id)", "with = f", &[]);
    one("key = \"{x}\"", "set", &[("set", "`key` does not take `y`")]);
    check(
        "idempotent",
        "transaction = tx",
        "async fn f(x: u8, #[idem(with = f)] tx: &mut PgConnection) -> Result<(), E> {}",
        &[("with", "the connection does not enter the key")],
    );
    check(
        "idempotent",
        "key(a)",
        "async fn f(#[idem(name = \"p\")] (a, b): (u8, u8)) -> Result<(), E> {}",
        &[("name", "`key` does not take `p`")],
    );
}

#[test]
fn types_of_queues_enter_where_it_is_said() {
    let why = "every retry would be new work";
    refused("y: Attempt", &[("Attempt", why)]);
    refused("y: apalis::prelude::Attempt", &[("Attempt", why)]);
    refused("y: Option<&apalis_core::task::attempt::Attempt>", &[("Attempt", why)]);
    refused("y: apalis_core::task::task_id::TaskId", &[("TaskId", "each time that the same work is enqueued")]);
    refused("y: TaskId, z: my::Attempt", &[]);
    refused("#[idem(skip)] y: Attempt", &[]);
    refused("#[idem(with = f)] y: Attempt", &[]);
    let item = "async fn f(y: apalis::prelude::TaskId) -> Result<(), E> {}";
    check("idempotent", "key(y)", item, &[]);
    check("idempotent", "key = \"{y}\"", item, &[]);
}

#[test]
fn parameters_under_cfg() {
    let text = |args: &str, item: &str| {
        let expansion = expand("idempotent", args, item);
        assert_eq!(errors(expansion.clone()), [], "{item}");
        expansion.to_string().replace(' ', "")
    };
    let one = text("", "async fn f(a: u8, #[cfg(unix)] b: u8) -> Result<(), E> {}");
    assert!(one.contains("with_args(&[\"a\",#[cfg(unix)]\"b\"])"), "{one}");
    assert!(one.contains("fnkey(a:&u8,#[cfg(unix)]b:&u8,)"), "{one}");
    assert!(!one.contains("__NAMES"), "{one}");
    let all = text("", "async fn f(#[cfg(unix)] a: u8) -> Result<(), E> {}");
    assert!(all.contains("__NAMES"), "nothing asks for one argument: {all}");
    let either = text("key(a)", "async fn f(#[cfg(unix)] a: u8, #[cfg(not(unix))] a: u16) -> Result<(), E> {}");
    assert!(either.contains("&[#[cfg(unix)]\"a\",#[cfg(not(unix))]\"a\"]"), "{either}");

    let item = "async fn f(a: u8, #[cfg(unix)] user: u8, #[cfg(unix)] tx: &mut C) -> Result<(), E> {}";
    let not_here = "in every configuration";
    check("idempotent", "scope = \"user\", skip(tx)", item, &[("\"user\"", not_here)]);
    check("idempotent", "scope(user = user.id), skip(tx)", item, &[("user.id", not_here)]);
    check("idempotent", "key = \"{user}\"", item, &[("\"{user}\"", not_here)]);
    check("idempotent", "transaction = tx", item, &[("tx", not_here)]);
}
