//! Whole expansions of representative handlers. `UPDATE_EXPECT=1 cargo test -p idem-macros` writes them anew.

use expect_test::{ExpectFile, expect_file};

use super::{expand, pretty};

fn check(attribute: &str, args: &str, item: &str, expected: ExpectFile) {
    let marker = if args.is_empty() { String::new() } else { format!("({args})") };
    let expansion = pretty(expand(attribute, args, item));
    let item = item.trim().replace('\n', "\n// ");
    expected.assert_eq(&format!("// #[{attribute}{marker}]\n// {item}\n\n{expansion}"));
}

#[test]
fn a_free_function() {
    check(
        "idempotent",
        r#"ttl = "48h", scope = "user", date_based"#,
        "/// At most one digest per user, topic and day.\n#[must_use]\npub(crate) async fn send_digest(user: u64, topic: String) -> Result<Receipt, AppError> { deliver(user, topic).await }",
        expect_file!["golden/free_function.rs"],
    );
}

#[test]
fn every_policy() {
    check(
        "idempotent",
        r#"name = "billing.charge", version = 3, ttl = "7d", category = "critical", lease = "1m", scope("tenant", user = order.customer), key(order.id, day), on_in_progress = "skip", on_store_error = "run", on_stale = "park", on_error = judge, max_attempts = 5, result = "discard", store = "billing", error = to_app, crate = ::my::idem"#,
        "async fn charge(order: Order, day: &str, ctx: &mut Context) -> anyhow::Result<()> { ctx.charge(order, day).await }",
        expect_file!["golden/every_policy.rs"],
    );
}

#[test]
fn generics_and_patterns() {
    check(
        "idempotent",
        "skip(send), scope(tenant = at.tenant)",
        "async fn notify<'a, F, C: Clock<F>, const N: usize>(send: F, Json(body): Json<Body>, text: &'a str, #[idem(skip)] at: &C, #[idem(skip)] (x, y): (u8, [u8; N]), #[idem(skip)] log: impl Log) -> Result<Sent, AppError> where F: Fn(&str), C: Send { go(send, body, text, at, x, y, log) }",
        expect_file!["golden/generics_and_patterns.rs"],
    );
}

#[test]
fn forms_a_template_and_a_condition() {
    check(
        "idempotent",
        r#"key = "close:{order.id}:{to}:{pair}""#,
        "async fn close(order: Order, #[idem(name = \"to\", with = lower)] mail: String, #[idem(name = \"pair\")] (a, b): (u8, u8)) -> Result<(), AppError> { go(order, mail, a, b) }",
        expect_file!["golden/key_template.rs"],
    );
    check(
        "idempotent",
        "",
        "async fn label(#[idem(set)] tags: HashSet<String>, #[cfg(feature = \"notes\")] #[idem(omit_none)] note: Option<&str>) -> Result<(), AppError> { go(tags) }",
        expect_file!["golden/parameter_forms.rs"],
    );
}

#[test]
fn a_method() {
    check(
        "idempotent",
        r#"name = "mailer.send", strict"#,
        "pub async fn send(&self, to: Address) -> Result<Self::Sent, AppError> { #![allow(unused)] self.smtp.send(to).await }",
        expect_file!["golden/method.rs"],
    );
}

#[test]
fn a_boxed_future() {
    check(
        "idempotent",
        r#"name = "mailer.push""#,
        "fn push<'life0, 'async_trait>(&'life0 self, to: Address) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Answer> + ::core::marker::Send + 'async_trait>> where 'life0: 'async_trait, Self: 'async_trait { Box::pin(async move { let __self = self; let to = to; __self.smtp.push(to).await }) }",
        expect_file!["golden/boxed_future.rs"],
    );
}

#[test]
fn in_a_transaction() {
    check(
        "idempotent",
        "ttl = \"24h\", transaction = tx",
        "async fn transfer(tx: &mut PgConnection, id: u64) -> anyhow::Result<Receipt> { book(tx, id).await }",
        expect_file!["golden/in_a_transaction.rs"],
    );
}

#[test]
fn reconciled() {
    check(
        "idempotent",
        "ttl = \"24h\", skip(bank, note), reconcile = bank::happened",
        "async fn charge(order: u64, #[idem(skip)] (x, y): (u8, String), bank: &mut Bank, note: impl Note) -> Result<Receipt, AppError> { bank.charge(order, x, y, note).await }",
        expect_file!["golden/reconciled.rs"],
    );
}

#[test]
fn once_without_arguments() {
    check(
        "idempotent_once",
        "key()",
        "async fn migrate() -> Result<(), AppError> { run() }",
        expect_file!["golden/once_without_arguments.rs"],
    );
}

#[test]
fn deliberately_unprotected() {
    check(
        "not_idempotent",
        r#"reason = "reads only""#,
        "pub fn report(user: u64) -> Report { read(user) }",
        expect_file!["golden/not_idempotent.rs"],
    );
}

#[test]
fn a_mistake() {
    check(
        "idempotent",
        r#"tll = "24h", version = 0"#,
        "pub async fn send(user: u64, #[idem(skip)] ctx: Ctx) -> Result<(), AppError> { work(user).await }",
        expect_file!["golden/mistake.rs"],
    );
}
