//! `key = "…"`

use super::{check, errors, expand};

fn refused(template: &str, says: &str, mark: &str) {
    let literal = format!("{template:?}");
    let item = "async fn f(job_id: u64, order: Order, #[idem(skip)] ctx: Ctx, (a, b): (u8, u8)) -> Result<(), E> {}";
    let expansion = expand("idempotent", &format!("key = {literal}"), item);
    let found = errors(expansion);
    let [(at, message)] = found.as_slice() else { panic!("{template}: {found:#?}") };
    assert_eq!(*at, literal);
    assert!(message.contains(says), "{template}: {message}\ndoes not say {says}");
    let picture = if mark.is_empty() { String::new() } else { format!("\n  {template}\n  {mark}") };
    assert!(message.ends_with(&picture), "{template}:\n{message}\nis not marked\n{picture}");
}

#[test]
fn mistakes_are_shown_in_the_text() {
    refused("", "is empty, so that every call", "");
    refused("autoclose", "names no parameter, so that every call", "");
    refused("{{job_id}}", "names no parameter", "");
    refused("a:{jbo_id}:b", "no parameter `jbo_id`; did you mean `job_id`?", "   ^^^^^^");
    refused("a:{zzzzzz}", "there are `job_id`", "   ^^^^^^");
    refused("a:{job_id", "this `{` is not closed", "  ^");
    refused("a:{job_id:{b}", "this `{` is not closed", "  ^");
    refused("a:job_id}", "this `}` closes nothing", "        ^");
    refused("{job_id}}}}", "this `}` closes nothing", "          ^");
    refused("é{}:{job_id}", "these braces name nothing", " ^^");
    refused("{ }{job_id}", "these braces name nothing", "^^^");
    refused("{job_id:?}", "without a format: write `{job_id}`", "^^^^^^^^^^");
    refused("{0}", "named, not numbered", "^^^");
    refused("{self.id}{job_id}", "`self` never enters the key", "^^^^^^^^^");
    refused("{order.id()}", "a parameter or a path of fields", "^^^^^^^^^^^^");
    refused("{job_id + 1}", "a parameter or a path of fields", "^^^^^^^^^^^^");
    refused("{ job_id }", "a parameter or a path of fields", "^^^^^^^^^^");
    refused("{order.}", "a parameter or a path of fields", "^^^^^^^^");
    refused("{order.4294967296}", "a parameter or a path of fields", "^^^^^^^^^^^^^^^^^^");
    refused("{crate}", "a parameter or a path of fields", "^^^^^^^");
    refused("{ctx}", "both in the key and skipped", " ^^^");
    refused("a\n{ctx}", "both in the key and skipped: decide for one; found `ctx`", "");
}

#[test]
fn all_mistakes_of_a_template_at_once() {
    let found = errors(expand("idempotent", "key = \"{}{x}{job\"", "async fn f(job_id: u64) -> Result<(), E> {}"));
    let said: Vec<_> = found.iter().map(|(_, message)| message.lines().next().unwrap_or_default()).collect();
    assert_eq!(said.len(), 3, "{said:#?}");
}

#[test]
fn no_text_makes_it_panic() {
    let alphabet = ["{", "}", "a", ".", ":", "0", "é", "\\n"];
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        let longer = |text: &String| alphabet.map(|c| format!("{text}{c}"));
        texts = texts.iter().flat_map(longer).collect();
        for text in &texts {
            expand("idempotent", &format!("key = \"{text}\""), "async fn f(a: A) -> Result<(), E> {}");
        }
    }
}

#[test]
fn beside_other_options() {
    let item = "async fn f(job_id: u64, day: Option<u8>) -> Result<(), E> {}";
    check("idempotent", "key = \"{job_id}\", key(day)", item, &[("key", "`key` is given twice")]);
    check("idempotent", "key = \"{job_id}\", skip(job_id)", item, &[("\"{job_id}\"", "both in the key and skipped")]);
    check("idempotent", "key = \"{job_id}\", skip(day)", item, &[]);
    check("idempotent", "key = job_id", item, &[("job_id", "a list, or a text with places")]);
    let renamed = "async fn f(#[idem(name = \"job_id\")] id: u64) -> Result<(), E> {}";
    check("idempotent", "key = \"{job_id}\"", renamed, &[]);
    check("idempotent", "key = \"{id}\"", renamed, &[("\"{id}\"", "`id` is `job_id` in the key: write `{job_id}`")]);
    let optional = "async fn f(#[idem(omit_none)] day: Option<u8>) -> Result<(), E> {}";
    check("idempotent", "key = \"{day}\"", optional, &[("\"{day}\"", "a place is never left out")]);
}

#[test]
fn the_places_are_arguments_in_the_order_of_the_text() {
    let item = "async fn f(job_id: u64, order: Order, (a, b): (u8, u8), r#type: u8, n: &mut Ctx) -> Result<(), E> {}";
    let args = r#"key = "{{x}}{order.r.0}{job_id}{b}{type}{job_id}{n.id}{order.type}""#;
    let expansion = expand("idempotent", args, item);
    assert_eq!(errors(expansion.clone()), []);
    let text = expansion.to_string().replace(' ', "");
    let says = r#".with_args(&["b","n.id","type","job_id","order.r.0","order.type"]).with_template("{{x}}{order.r.0}{job_id}{b}{type}{job_id}{n.id}{order.type}",&["order.r.0","job_id","b","type","job_id","n.id","order.type"])"#;
    assert!(text.contains(says), "{text}");
    assert!(text.contains("KeyArg::write(&order.r#type,\"order.type\",__k)?"), "{text}");
    assert!(text.contains("KeyArg::write(&order.r.0,\"order.r.0\",__k)?"), "{text}");
}
