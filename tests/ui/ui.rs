//! What the compiler says of each mistake. One mistake a file, named after it.
//!
//! The `.stderr` files are of Rust 1.95: another version words its own parts differently, and then they are written anew
//! on purpose. `TRYBUILD=overwrite cargo test -p idem-ui-tests` does it, after a change of a message too; read the difference
//! before it goes in: one mistake, one error, at the user's own place, that says what was found and how to mend it.
//!
//! Three files hold more. `options/two_mistakes_at_once` has two mistakes. `signature/associated_function_not_marked`
//! shows the compiler's own words. `signature/returns_an…other_type` hold one error twice: the companion's future must be of our
//! edition, or it would hold no borrowed arguments in a crate of 2021, and is complained about as the attribute's.

#[test]
fn one_mistake_gives_one_error_that_says_how_to_mend_it() {
    idem_test_servers::give_way();
    let cases = trybuild::TestCases::new();
    for kind in
        ["attributes", "failure", "key", "options", "result", "scope", "signature", "tasks", "time", "transaction"]
    {
        cases.compile_fail(format!("{kind}/*.rs"));
    }
}

/// The lints are denied there, so that each is an error, and each file shows all that is said.
#[test]
fn a_lint_in_the_user_s_own_code_speaks_once() {
    idem_test_servers::give_way();
    trybuild::TestCases::new().compile_fail("warnings/*.rs");
}
