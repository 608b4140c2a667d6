//! What makes a handler of a function, and what does not.

use idem_lint::Config;

use crate::{found, lint};

fn check(config: &Config, source: &str, expected: &[&str]) {
    assert_eq!(found(&lint(source, config)), expected, "{source}");
}

#[test]
fn a_module_pattern_finds_what_can_be_seen_outside_of_it() {
    let config = Config::empty().module("crate::**::jobs");
    for (source, expected) in [
        ("mod jobs { pub async fn send() {} }", &["IDEM104 crate::jobs::send"][..]),
        ("mod jobs { pub(crate) async fn send() {} }", &["IDEM104 crate::jobs::send"]),
        ("mod jobs { pub(super) async fn send() {} }", &["IDEM104 crate::jobs::send"]),
        ("mod mail { mod jobs { mod daily { pub async fn send() {} } } }", &["IDEM104 crate::mail::jobs::daily::send"]),
        ("mod jobs { impl Mailer { pub async fn send(&self) {} } }", &["IDEM104 crate::jobs::Mailer::send"]),
        ("mod jobs { impl Job for Mailer { async fn send(&self) {} } }", &["IDEM104 crate::jobs::Mailer::send"]),
        ("mod jobs { async fn helper() {} }", &[]),
        ("mod jobs { pub(self) async fn helper() {} }", &[]),
        ("mod jobs { pub fn send() {} }", &[]),
        ("mod jobsite { pub async fn send() {} }", &[]),
        ("pub async fn jobs() {}", &[]),
    ] {
        check(&config, source, expected);
    }
}

#[test]
fn a_name_pattern_finds_functions_wherever_they_stand() {
    let config = Config::empty().name("handle_*");
    for (source, expected) in [
        ("async fn handle_mail() {}", &["IDEM105 crate::handle_mail"][..]),
        ("async fn r#handle_mail() {}", &["IDEM105 crate::handle_mail"]),
        ("impl Mailer { async fn handle_mail(self) {} }", &["IDEM105 crate::Mailer::handle_mail"]),
        ("trait Mailer { async fn handle_mail(&self) {} }", &["IDEM105 crate::Mailer::handle_mail"]),
        (
            "#[async_trait] impl Job for Mailer { async fn handle_mail(&self) {} }",
            &["IDEM105 crate::Mailer::handle_mail"],
        ),
        ("fn main() { async fn handle_mail() {} }", &["IDEM105 crate::main::handle_mail"]),
        ("const _: () = { async fn handle_mail() {} };", &["IDEM105 crate::handle_mail"]),
        ("fn handle_mail() -> impl Future<Output = ()> + Send {}", &["IDEM105 crate::handle_mail"]),
        ("fn handle_mail() -> Pin<Box<dyn Future<Output = ()> + Send>> {}", &["IDEM105 crate::handle_mail"]),
        ("fn handle_mail() -> BoxFuture<'static, ()> {}", &["IDEM105 crate::handle_mail"]),
        ("trait Mailer { async fn handle_mail(&self); }", &[]),
        ("fn handle_mail() {}", &[]),
        ("fn handle_mail() -> Box<dyn Fn()> {}", &[]),
        ("async fn mishandle_mail() {}", &[]),
    ] {
        check(&config, source, expected);
    }
}

#[test]
fn an_attribute_of_a_queue_library_finds_its_function() {
    let config = Config::empty().attribute("celery::task").attribute("job");
    for (source, expected) in [
        ("#[celery::task(max_retries = 2)] async fn send() {}", &["IDEM101 crate::send"][..]),
        ("use celery::task; #[task] async fn send() {}", &["IDEM101 crate::send"]),
        ("use celery as queue; #[queue::task] async fn send() {}", &["IDEM101 crate::send"]),
        ("use celery::prelude::*; #[task] async fn send() {}", &["IDEM101 crate::send"]),
        ("#[cfg_attr(feature = \"queue\", celery::task)] async fn send() {}", &["IDEM101 crate::send"]),
        ("#[anything::job] async fn send() {}", &["IDEM101 crate::send"]),
        ("use tokio::task; #[task] async fn send() {}", &[]),
        ("#[task] async fn send() {}", &[]),
        ("#[celery::task] fn send() {}", &[]),
    ] {
        check(&config, source, expected);
    }
}

#[test]
fn a_method_of_a_queue_librarys_trait_is_found() {
    let config = Config::empty().trait_method("sidekiq::Worker", "perform");
    for (source, expected) in [
        (
            "use sidekiq::Worker; impl Worker<u64> for Mail { async fn perform(&self) {} async fn other(&self) {} }",
            &["IDEM103 crate::Mail::perform"][..],
        ),
        ("impl sidekiq::Worker<u64> for Mail { async fn perform(&self) {} }", &["IDEM103 crate::Mail::perform"]),
        ("use other::Worker; impl Worker for Mail { async fn perform(&self) {} }", &[]),
        ("impl Mail { async fn perform(&self) {} }", &[]),
        (
            "impl sidekiq::Worker<u64> for Mail { async fn perform(&self) { async fn perform() {} } }",
            &["IDEM103 crate::Mail::perform"],
        ),
    ] {
        check(&config, source, expected);
    }
}

#[test]
fn a_function_that_is_passed_to_a_worker_builder_is_found() {
    let config = Config::empty().call_with("build_fn", 0).call("register").call("lambda_runtime::service_fn");
    let found = &["IDEM102 crate::send"][..];
    for (call, expected) in [
        ("worker.build_fn(send)", found),
        ("worker.build_fn(send::<u64>)", found),
        ("worker.build_fn(self::send)", found),
        ("worker.build_fn(crate::send)", found),
        ("worker.build_fn(Arc::new(send))", found),
        ("worker.build_fn(send.layer(x))", found),
        ("worker.build_fn(|job| send(job))", found),
        ("worker.build_fn(move |job| async move { send(job).await })", found),
        ("worker.build_fn(|job| Box::pin(send(job)))", found),
        ("let send = worker.build_fn(send);", found),
        ("register(1, &[send])", found),
        ("register(vec![send])", found),
        ("lambda_runtime::service_fn(send)", found),
        ("Register::register((1, send))", found),
        ("use lambda_runtime::service_fn as serve; serve(send)", found),
        ("use register as add; add(send)", found),
        ("worker.build_fn(1, send)", &[]),
        ("worker.build(send)", &[]),
        ("hyper::service_fn(send)", &[]),
        ("let send = 1; worker.build_fn(send)", &[]),
        ("worker.build_fn(receive)", &[]),
        ("worker.build_fn(other::send)", &[]),
        ("worker.build_fn(|job| { log(job); send(job) })", &[]),
    ] {
        check(&config, &format!("async fn send() {{}} fn main() {{ {call} }}"), expected);
    }
}

#[test]
fn one_function_is_one_finding_with_every_reason() {
    let config = Config::default();
    let report = lint(
        "mod jobs { #[celery::task] pub async fn handle_mail() {} } fn main() { w.build(jobs::handle_mail) }",
        &config,
    );
    let [finding] = report.findings.as_slice() else { panic!("{report}") };
    let codes: Vec<&str> = finding.reasons.iter().map(|reason| reason.rule.code()).collect();
    assert_eq!(codes, ["IDEM101", "IDEM102", "IDEM104", "IDEM105"]);
    assert_eq!(report.handlers, 1);
}

#[test]
fn a_function_that_says_what_it_is_is_no_finding() {
    let config = Config::empty().name("send");
    for (attribute, says) in [
        ("#[idempotent]", true),
        ("#[idem::idempotent(name = \"a\")]", true),
        ("#[idempotent_once]", true),
        ("#[idempotent_daily]", true),
        ("#[strict]", true),
        ("#[not_idempotent(reason = \"reads only\")]", true),
        ("#[cfg_attr(feature = \"once\", inline, idem::idempotent(key(a.b)))]", true),
        ("#[cfg_attr(all(), cfg_attr(all(), strict))]", true),
        ("#[once]", true),
        ("#[guards::again]", true),
        ("#[cfg_attr(test, idempotent)]", false),
        ("#[cfg_attr(all(test, unix), idempotent)]", false),
        ("#[doc = \"idempotent\"]", false),
        ("#[unlike]", false),
        ("#[idempotency]", false),
        ("/// #[idempotent]", false),
    ] {
        let source = format!(
            "use idem::idempotent as once; use other::thing as unlike; \
             mod guards {{ pub use idem::strict as again; }}\n{attribute}\nasync fn send() {{}}"
        );
        assert_eq!(lint(&source, &config).findings.is_empty(), says, "{attribute}");
    }
}

#[test]
fn tests_count_only_where_it_is_said() {
    let config = Config::empty().name("send");
    for source in [
        "#[test] async fn send() {}",
        "#[tokio::test(flavor = \"multi_thread\")] async fn send() {}",
        "#[cfg(test)] mod tests { async fn send() {} }",
        "#[cfg(all(test, unix))] async fn send() {}",
        "#[cfg(any(test))] impl A { async fn send() {} }",
        "#![cfg(test)] async fn send() {}",
    ] {
        check(&config, source, &[]);
        assert_eq!(lint(source, &config.clone().include_tests()).findings.len(), 1, "{source}");
    }
    for source in ["#[cfg(not(test))] async fn send() {}", "#[cfg(any(test, unix))] async fn send() {}"] {
        check(&config, source, &["IDEM105 crate::send"]);
    }
}

#[test]
fn what_a_test_passes_to_a_builder_is_no_handler_for_that() {
    let source = "async fn send() {} #[cfg(test)] mod tests { fn t() { worker.build(super::send) } }";
    check(&Config::default(), source, &[]);
    assert_eq!(found(&lint(source, &Config::default().include_tests())), ["IDEM102 crate::send"]);
}
