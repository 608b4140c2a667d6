//! Which function a name means.

use idem_lint::Config;

use crate::{found, lint_all};

fn check(files: &[(&str, &str)], expected: &[&str]) {
    let bytes: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    assert_eq!(found(&lint_all(&bytes, &Config::empty().call("build"))), expected, "{files:?}");
}

const TWO: &str = "pub mod a { pub async fn send() {} } pub mod b { pub async fn send() {} }";

#[test]
fn a_path_or_an_import_tells_two_functions_apart() {
    for main in [
        "fn main() { w.build(a::send) }",
        "use a::send; fn main() { w.build(send) }",
        "use crate::a::send as other; fn main() { w.build(other) }",
        "use a as letter; fn main() { w.build(letter::send) }",
        "use self::a::*; fn main() { w.build(send) }",
        "mod c { use super::a; fn main() { w.build(a::send) } }",
        "mod c { fn main() { w.build(super::a::send) } }",
        "mod c { pub use crate::a::send as hidden; } fn main() { w.build(c::hidden) }",
        "fn main() { use crate::a::send; w.build(send) }",
    ] {
        check(&[("lib.rs", &format!("{TWO} {main}"))], &["IDEM102 crate::a::send"]);
    }
}

#[test]
fn a_function_inside_hides_one_outside() {
    let text = "async fn send() {} fn main() { async fn send() {} w.build(send) }";
    check(&[("lib.rs", text)], &["IDEM102 crate::main::send"]);
}

#[test]
fn a_method_is_known_by_its_type() {
    let types = "struct A; impl A { async fn run() {} fn start() { w.build(Self::run) } } struct B; impl B { async fn run() {} }";
    check(&[("lib.rs", types)], &["IDEM102 crate::A::run"]);
    let elsewhere =
        "mod m { pub struct A; impl A { async fn run() {} } pub struct B; impl B { async fn run() {} }} use m::B;";
    check(&[("lib.rs", &format!("{elsewhere} fn main() {{ w.build(B::run) }}"))], &["IDEM102 crate::m::B::run"]);
    check(
        &[("lib.rs", &format!("{elsewhere} fn main() {{ w.build(<B as Job>::run) }}"))],
        &["IDEM102 crate::m::B::run"],
    );
    check(&[("lib.rs", &format!("{elsewhere} fn main() {{ w.build(C::run) }}"))], &[]);
}

#[test]
fn a_re_export_by_a_star_is_matched_by_the_end_and_may_mean_several() {
    let text =
        format!("{TWO} mod all {{ pub use super::a::*; pub use super::b::*; }} fn main() {{ w.build(all::send) }}");
    check(&[("lib.rs", &text)], &["IDEM102 crate::a::send", "IDEM102 crate::b::send"]);
}

#[test]
fn another_package_of_the_tree_is_known_by_its_name() {
    let manifest = |name: &str| format!("[package]\nname = \"{name}\"\n");
    let (jobs, app) = (manifest("mail-jobs"), manifest("app"));
    check(
        &[
            ("jobs/Cargo.toml", &jobs),
            ("jobs/src/lib.rs", "pub async fn send() {}"),
            ("app/Cargo.toml", &app),
            ("app/src/main.rs", "async fn send() {} fn main() { w.build(mail_jobs::send) }"),
        ],
        &["IDEM102 crate::send"],
    );
}

#[test]
fn imports_in_a_circle_end() {
    check(&[("lib.rs", "use a::x as b; use b::x as a; fn main() { w.build(a) }")], &[]);
}
