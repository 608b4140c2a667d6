//! What enters the key: forms of parameters, templates, parameters under `cfg`.

use std::collections::HashSet;

use idem::key::Set;
use idem::{Delivery, Error, idempotent};

use crate::support::{AppError, on_each_store};

/// The parameter of version 2 as it was. One registry holds no task twice, so that the version tells the two apart.
mod before {
    use super::{AppError, idempotent};

    #[idempotent(name = "it.args.renamed")]
    pub(super) async fn renamed(user_id: u64) -> Result<u64, AppError> {
        Ok(user_id)
    }
}

#[idempotent(name = "it.args.renamed", version = 2)]
async fn renamed(#[idem(name = "user_id")] recipient: u64) -> Result<u64, AppError> {
    Ok(recipient)
}

fn lower(mail: &str) -> String {
    mail.trim().to_lowercase()
}

#[idempotent(name = "it.args.with")]
async fn mailed(#[idem(with = lower)] to: String) -> Result<String, AppError> {
    Ok(to)
}

#[idempotent(name = "it.args.set")]
async fn tagged(#[idem(set)] tags: HashSet<String>) -> Result<usize, AppError> {
    Ok(tags.len())
}

#[idempotent(name = "it.args.set.list")]
async fn listed(#[idem(set)] ids: &[u32]) -> Result<usize, AppError> {
    Ok(ids.len())
}

#[idempotent(name = "it.args.optional")]
async fn noted(id: u32, #[idem(omit_none)] note: Option<Option<u8>>) -> Result<bool, AppError> {
    Ok(note.is_some())
}

#[idempotent(name = "it.args.pattern")]
async fn pair(#[idem(name = "pair")] (a, mut b): (u32, u32), #[idem(name = "unread")] _: u8) -> Result<u32, AppError> {
    b += 1;
    Ok(a + b)
}

#[idempotent(name = "it.args.template", key = "autoclose:{job}:{day}")]
async fn autoclose(day: &str, job: &str, attempt: u32) -> Result<u32, AppError> {
    Ok(attempt)
}

struct Order {
    id: u64,
}

#[idempotent(name = "it.args.template.forms", key = "{{{tags}}}/{order.id}/{to}", scope = "tenant")]
async fn filled(
    order: Order,
    #[idem(set)] tags: HashSet<u8>,
    #[idem(name = "to", with = lower)] mail: &str,
) -> Result<u64, AppError> {
    Ok(order.id)
}

#[idempotent(name = "it.args.cfg")]
async fn on_a_platform(id: u32, #[cfg(test)] more: u32, #[cfg(not(test))] more: Unknown) -> Result<u32, AppError> {
    Ok(id + more)
}

fn mismatch(refused: &Error) -> &[String] {
    match refused {
        Error::Mismatch { arguments, .. } => arguments,
        other => panic!("{other}"),
    }
}

on_each_store! {
    async fn a_parameter_that_is_renamed_keeps_its_name_in_the_key(bench: Bench) {
        bench.runtime.enter(async {
            let hand = |version| bench.runtime.key("it.args.renamed").version(version).arg("user_id", &7).make().unwrap();
            assert_eq!((before::renamed::key(&7).unwrap(), renamed::key(&7).unwrap()), (hand(1), hand(2)));
            assert_eq!(renamed::TASK.key_arguments(), before::renamed::TASK.key_arguments());
            assert!(renamed::call(7).await.unwrap().is_fresh());
            assert!(renamed::status(&7).await.unwrap().is_some());
        }).await;
    }

    async fn a_function_makes_one_key_of_what_it_makes_alike(bench: Bench) {
        bench.runtime.enter(async {
            assert!(mailed::call(" Ada@example.com".into()).await.unwrap().is_fresh());
            assert!(mailed::call("ada@EXAMPLE.com".into()).await.unwrap().is_replayed());
            assert!(mailed::call("bob@example.com".into()).await.unwrap().is_fresh());
            let key = mailed::key(&"ADA@example.com".into()).unwrap();
            assert_eq!(key, bench.runtime.key("it.args.with").arg("to", "ada@example.com").make().unwrap());
        }).await;
    }

    async fn a_set_has_one_key_in_whatever_order(bench: Bench) {
        bench.runtime.enter(async {
            let tags = |all: &[&str]| -> HashSet<String> { all.iter().map(|tag| (*tag).to_owned()).collect() };
            let all = ["a", "b", "c", "d", "e", "f", "g", "h"];
            let mut back = all;
            back.reverse();
            assert!(tagged::call(tags(&all)).await.unwrap().is_fresh());
            assert!(tagged::call(tags(&back)).await.unwrap().is_replayed());
            assert!(tagged::call(tags(&all[1..])).await.unwrap().is_fresh());
            let key = bench.runtime.key("it.args.set").arg("tags", &Set(back)).make().unwrap();
            assert_eq!(tagged::key(&tags(&all)).unwrap(), key);
            assert!(listed::call(&[1, 2]).await.unwrap().is_fresh());
            assert!(listed::call(&[2, 1]).await.unwrap().is_replayed());
            let twice = listed::call(&[1, 1]).await.unwrap_err();
            assert!(matches!(twice, AppError::Idem(Error::Key { .. })), "{twice}");
        }).await;
    }

    async fn none_is_as_if_the_parameter_were_not_there(bench: Bench) {
        bench.runtime.enter(async {
            let absent = bench.runtime.key("it.args.optional").arg("id", &1).make().unwrap();
            assert_eq!(noted::key(&1, &None).unwrap(), absent);
            let some = [noted::key(&1, &Some(None)).unwrap(), noted::key(&1, &Some(Some(0))).unwrap()];
            assert!(some[0] != some[1] && !some.contains(&absent), "{some:?}");
            let given = bench.runtime.key("it.args.optional").arg("id", &1).arg("note", &Some(Some(0))).make().unwrap();
            assert_eq!(some[1], given);
            let null = bench.runtime.key("it.args.optional").arg("id", &1).arg("note", &None::<u8>).make().unwrap_err();
            assert!(null.to_string().contains("`note` is left out of the key where it is `None`"), "{null}");
            assert!(noted::call(1, None).await.unwrap().is_fresh());
            assert!(noted::call(1, None).await.unwrap().is_replayed());
            assert!(noted::call(1, Some(None)).await.unwrap().is_fresh());
        }).await;
    }

    async fn a_pattern_with_a_name_enters_whole(bench: Bench) {
        bench.runtime.enter(async {
            let outcome = pair::call((1, 2), 3).await.unwrap();
            assert!(outcome.is_fresh());
            assert_eq!(outcome.into_value(), 4);
            assert!(pair::call((1, 2), 3).await.unwrap().is_replayed());
            for other in [((1, 3), 3), ((2, 2), 3), ((1, 2), 4)] {
                assert!(pair::call(other.0, other.1).await.unwrap().is_fresh(), "{other:?}");
            }
            let key = bench.runtime.key("it.args.pattern").arg("pair", &(1, 2)).arg("unread", &3).make().unwrap();
            assert_eq!(pair::key(&(1, 2), &3).unwrap(), key);
        }).await;
    }

    async fn no_value_of_a_template_passes_for_a_delimiter(bench: Bench) {
        bench.runtime.enter(async {
            assert!(autoclose::call("c", "a:b", 1).await.unwrap().is_fresh());
            assert!(autoclose::call("b:c", "a", 1).await.unwrap().is_fresh());
            assert!(autoclose::call("{day}", "{job}", 1).await.unwrap().is_fresh());
            assert_eq!(autoclose::call("c", "a:b", 2).await.unwrap().into_value(), 1, "what has no place enters the key");
            let key = autoclose::key("c", "a:b").unwrap();
            let hand = || bench.runtime.key("it.args.template").arg("job", "a:b");
            assert_eq!(hand().arg("day", "c").make().unwrap(), key);
            let partial = hand().make().unwrap_err();
            assert!(partial.to_string().contains("`day`"), "{partial}");
            let report = bench.runtime.audit(idem::tasks![autoclose]).await.unwrap();
            let row = report.tasks.iter().find(|row| row.task == "it.args.template").unwrap();
            assert_eq!(row.key, "\"autoclose:{job}:{day}\"");
        }).await;
    }

    async fn a_template_takes_forms_fields_and_scopes(bench: Bench) {
        bench.runtime.enter(Delivery::new().scope("tenant", 7).run(async {
            let tags = || HashSet::from([1, 2, 3, 4, 5, 6, 7]);
            assert!(filled::call(Order { id: 1 }, tags(), "Ada").await.unwrap().is_fresh());
            assert!(filled::call(Order { id: 1 }, tags(), "ada ").await.unwrap().is_replayed());
            assert!(filled::call(Order { id: 2 }, tags(), "ada").await.unwrap().is_fresh());
            let hand = bench.runtime.key("it.args.template.forms").arg("order.id", &1).arg("to", "ada");
            let hand = hand.arg("tags", &Set(tags())).make().unwrap();
            assert_eq!(filled::key(&Order { id: 1 }, &tags(), "ADA").unwrap(), hand);
            assert!(hand.to_string().contains(":tenant=7:"), "{hand}");
        })).await;
    }

    async fn the_deliverys_key_wins_over_a_template_and_remembers_its_values(bench: Bench) {
        bench.runtime.enter(async {
            let run = |day: &'static str, job: &'static str| {
                Delivery::new().idempotency_key("k-1").unwrap().run(autoclose::call(day, job, 1))
            };
            assert!(run("x", "y").await.unwrap().is_fresh());
            assert!(run("x", "y").await.unwrap().is_replayed());
            let AppError::Idem(refused) = run("x", "z").await.unwrap_err() else { panic!("not refused by the runtime") };
            assert_eq!(mismatch(&refused), ["job"]);
            assert!(autoclose::call("x", "y", 1).await.unwrap().is_fresh(), "the template's own key is another one");
        }).await;
    }

    async fn a_parameter_under_cfg_enters_where_it_is(bench: Bench) {
        bench.runtime.enter(async {
            assert!(on_a_platform::call(1, 2).await.unwrap().is_fresh());
            assert!(on_a_platform::call(1, 3).await.unwrap().is_fresh());
            assert_eq!(on_a_platform::TASK.key_arguments(), ["id", "more"]);
            let hand = bench.runtime.key("it.args.cfg").arg("id", &1).arg("more", &2).make().unwrap();
            assert_eq!(on_a_platform::key(&1, &2).unwrap(), hand);
        }).await;
    }
}
