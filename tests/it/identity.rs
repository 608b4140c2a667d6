//! What makes a key: scope, date, delivery, and calls by hand.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use idem::key::Unit;
use idem::testing::Op;
use idem::{CallBuilder, Delivery, Error, Runtime, idempotent};

use crate::support::{AppError, BOUND, Gate, on_each_store, until};

#[idempotent(name = "it.scope.tenant", scope = "tenant")]
async fn for_tenant(id: u32) -> Result<Option<String>, AppError> {
    Ok(idem::current().key().map(ToString::to_string))
}

#[idempotent(name = "it.scope.user", scope("tenant", "user"), skip(note))]
async fn for_user(user_id: u64, note: &str) -> Result<String, AppError> {
    Ok(note.to_owned())
}

#[idempotent(name = "it.scope.optional", scope(user = user))]
async fn for_some(user: Option<u64>) -> Result<(), AppError> {
    Ok(())
}

#[idempotent(name = "it.date", date_based)]
async fn dated(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent(name = "it.date.berlin", date_based(tz = "Europe/Berlin"))]
async fn dated_in_berlin(id: u32) -> Result<u32, AppError> {
    Ok(id)
}

#[idempotent(name = "it.explicit")]
async fn charge(order: u32, cents: u64) -> Result<u64, AppError> {
    Ok(cents)
}

#[idempotent(name = "it.explicit.outer")]
async fn outer(id: u32) -> Result<u64, AppError> {
    charge(id, 5).await
}

#[idempotent(name = "it.scope.plain", scope = "team", scope_label = "plain")]
async fn for_team(team: String) -> Result<(), AppError> {
    Ok(())
}

/// A module of the handler's name, as one file a handler makes.
mod digest {
    pub const TOPIC: &str = "rust";
}

#[idempotent(name = "it.companion", companion = Digest)]
async fn digest(topic: &str) -> Result<usize, AppError> {
    Ok(topic.len())
}

/// Another worker's call of one key is an error here, so that the handler of the queue retries by itself.
#[idempotent(name = "it.explicit.retry", on_in_progress = "error", skip(gate, fails))]
async fn retried(order: u32, gate: &Gate, fails: u32) -> Result<u32, AppError> {
    let entered = gate.pass().await;
    if gate.entries() <= fails { Err(AppError::Body("at first".into())) } else { Ok(entered) }
}

/// 2026-11-21T00:00:00Z
const MIDNIGHT: Duration = Duration::from_secs(1_795_219_200);

fn at(offset: i64) -> SystemTime {
    let seconds = MIDNIGHT.as_secs().checked_add_signed(offset).unwrap();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_text_scope_is_shown_where_the_task_says_so() {
    let runtime = crate::support::runtime();
    let team = "red".to_owned();
    let key = runtime.enter(async { for_team::key(&team) });
    let key = futures::executor::block_on(key).unwrap();
    assert!(key.to_string().contains(":team=red:"), "{key}");
    assert_eq!(key.to_string().parse::<idem::Key>().unwrap(), key);
}

on_each_store! {
    async fn the_companion_has_the_name_that_it_is_given(bench: Bench) {
        bench.runtime.enter(async {
            assert_eq!(digest(digest::TOPIC).await.unwrap(), 4);
            assert!(Digest::call("rust").await.unwrap().is_replayed());
            assert!(Digest::status("rust").await.unwrap().is_some());
        }).await;
        let report = bench.runtime.audit(idem::tasks![Digest]).await.unwrap();
        let about = report.findings.iter().filter(|found| found.about == "it.companion");
        assert!(about.clone().all(|found| found.code != "IDEM002"), "it is listed: {:?}", about.collect::<Vec<_>>());
    }

    /// R27
    async fn r27_another_tenant_with_the_same_key_has_its_own_run(bench: Bench) {
        bench.runtime.enter(async {
            let run = |tenant: &'static str| Delivery::new().scope("tenant", tenant).run(for_tenant::call(1));
            assert!(run("a").await.unwrap().is_fresh());
            assert!(run("b").await.unwrap().is_fresh());
            assert!(run("a").await.unwrap().is_replayed());
            let explicit = |tenant: &'static str| {
                let delivery = Delivery::new().scope("tenant", tenant).idempotency_key("same").unwrap();
                delivery.run(for_tenant::call(1))
            };
            assert!(explicit("a").await.unwrap().is_fresh());
            assert!(explicit("b").await.unwrap().is_fresh());
        }).await;
    }

    async fn a_scope_that_is_missing_is_an_error_and_never_an_unscoped_key(bench: Bench) {
        bench.runtime.enter(async {
            for error in [for_tenant(1).await.unwrap_err(), for_some(None).await.unwrap_err()] {
                assert!(matches!(error, AppError::Idem(Error::ScopeMissing { .. })), "{error}");
            }
            assert!(for_tenant(1).await.unwrap_err().to_string().contains(".scope(\"tenant\", …)"));
        }).await;
        assert_eq!(bench.count(Op::Claim), 0);
    }

    async fn scopes_of_delivery_and_argument_join(bench: Bench) {
        bench.runtime.enter(async {
            let run = |tenant: u32, user, note: &'static str| Delivery::new().scope("tenant", tenant).run(for_user::call(user, note));
            assert!(run(1, 7, "a").await.unwrap().is_fresh());
            assert_eq!(run(1, 7, "b").await.unwrap().into_value(), "a", "a skipped argument enters the key");
            assert!(run(2, 7, "c").await.unwrap().is_fresh());
            assert!(run(1, 8, "d").await.unwrap().is_fresh());
        }).await;
    }

    async fn a_call_by_hand_with_some_of_the_scopes_takes_the_rest_from_the_delivery(bench: Bench) {
        bench.runtime.enter(async {
            let run = |tenant: &'static str| {
                let call = bench.runtime.call("it.scope.user").scope("user", 7).arg("user_id", &7);
                Delivery::new().scope("tenant", tenant).run(call.run(async move || Ok::<_, AppError>(tenant.to_owned())))
            };
            assert_eq!(run("a").await.unwrap().into_value(), "a");
            assert_eq!(run("b").await.unwrap().into_value(), "b", "another tenant's result");
            let typed = Delivery::new().scope("tenant", "a").run(for_user::call(7, "typed")).await.unwrap();
            assert_eq!(typed.into_value(), "a", "the companion's key is another one");
            let unscoped = bench.runtime.key("it.scope.user").scope("user", 7).arg("user_id", &7).make().unwrap_err();
            assert!(matches!(unscoped, Error::ScopeMissing { .. }), "{unscoped}");
            let own = bench.runtime.key("it.scope.user").scope("tenant", "a").arg("user_id", &7).make().unwrap_err();
            assert!(own.to_string().contains(".scope(\"user\", id)"), "{own}");
        }).await;
    }

    /// Each way to configure a month, and twice its longest.
    async fn a_record_outlives_its_bucket_however_the_task_is_configured(bench: Bench) {
        let day = Duration::from_secs(24 * 3600);
        let builder = || Runtime::builder().store(bench.store.clone()).namespace("it").clock(Arc::new(bench.clock.clone()));
        let by_month = builder().task("it.date", |task| task.bucket(Unit::Month, "UTC")).build().unwrap();
        let with_category = builder().task("it.date", |task| task.category("email")).build().unwrap();
        bench.clock.set(at(-20 * 24 * 3600).into());
        let by_hand = |name: &'static str, set: fn(CallBuilder) -> CallBuilder| {
            set(bench.runtime.call(name).arg("id", &1)).run(async || Ok::<_, AppError>(1))
        };
        let hand_month = || by_hand("it.hand.month", |call| call.bucket(Unit::Month, "UTC").category("email"));
        let hand_date = || by_hand("it.hand.date", |call| call.category("email").bucket(Unit::Date, "UTC"));
        let hand_ttl = || by_hand("it.hand.ttl", |call| call.ttl("1d").bucket(Unit::Date, "UTC"));
        assert!(by_month.enter(dated::call(1)).await.unwrap().is_fresh());
        assert!(with_category.enter(dated::call(1)).await.unwrap().is_fresh());
        for fresh in [hand_month().await, hand_date().await, hand_ttl().await] {
            assert!(fresh.unwrap().is_fresh());
        }
        bench.clock.advance(day - Duration::from_secs(1));
        assert!(with_category.enter(dated::call(1)).await.unwrap().is_replayed());
        assert!(hand_date().await.unwrap().is_replayed());
        assert!(hand_ttl().await.unwrap().is_replayed());
        bench.clock.advance(28 * day);
        assert!(by_month.enter(dated::call(1)).await.unwrap().is_replayed());
        assert!(hand_month().await.unwrap().is_replayed());

        let short = builder().task("it.date", |task| task.ttl("23h")).build().unwrap_err();
        assert!(short.to_string().contains("`ttl` (23h) is shorter than the bucket (1d)"), "{short}");
    }

    /// R19
    async fn r19_a_retry_across_midnight_keeps_its_key(bench: Bench) {
        bench.runtime.enter(async {
            bench.clock.set(at(-60).into());
            let scheduled = || Delivery::new().scheduled_for(at(-60));
            assert!(scheduled().run(dated::call(1)).await.unwrap().is_fresh());
            bench.clock.advance(Duration::from_secs(120));
            assert!(scheduled().run(dated::call(1)).await.unwrap().is_replayed());
            let enqueued = Delivery::new().enqueued_at(at(-90)).run(dated::call(1)).await.unwrap();
            assert!(enqueued.is_replayed(), "without a schedule the time of the enqueueing counts");
            assert!(dated::call(1).await.unwrap().is_fresh(), "without either, the clock at the call does");
        }).await;
    }

    /// R19, in a zone: 2026-11-20T23:30Z is the 21st in Berlin
    async fn r19_the_date_is_the_zones(bench: Bench) {
        bench.runtime.enter(async {
            let run = |offset| Delivery::new().scheduled_for(at(offset)).run(dated_in_berlin::call(1));
            assert!(run(-1800).await.unwrap().is_fresh());
            assert!(run(3600).await.unwrap().is_replayed(), "the same day in Berlin");
            assert!(run(-3601 - 1800).await.unwrap().is_fresh(), "the day before in Berlin");
            let key = Delivery::new().scheduled_for(at(-1800)).run(async { dated_in_berlin::key(&1) }).await.unwrap();
            assert!(key.to_string().ends_with(":2026-11-21"), "{key}");
        }).await;
    }

    /// R18: the clocks of the workers differ from the store's by an hour and by thirty days, both ways
    async fn r18_a_workers_wall_clock_changes_nothing(bench: Bench) {
        let hour = 3_600_i64;
        for (n, skew) in [hour, -hour, 30 * 24 * hour, -30 * 24 * hour].into_iter().enumerate() {
            let skewed = bench.skewed_process(skew);
            let run = |runtime: &idem::Runtime| runtime.call("it.r18").ttl("1h").arg("n", &n).run(async || Ok::<_, AppError>(1));
            assert!(run(&skewed).await.unwrap().is_fresh());
            assert!(run(&bench.runtime).await.unwrap().is_replayed(), "skewed by {skew} s");
            assert!(run(&skewed).await.unwrap().is_replayed(), "skewed by {skew} s");
        }
    }

    async fn an_explicit_key_wins_and_other_arguments_under_it_are_a_mismatch_that_names_them(bench: Bench) {
        bench.runtime.enter(async {
            let run = |order, cents| Delivery::new().idempotency_key("k-1").unwrap().run(charge::call(order, cents));
            assert!(run(1, 5).await.unwrap().is_fresh());
            assert!(run(1, 5).await.unwrap().is_replayed());
            let error = run(1, 4_242).await.unwrap_err();
            let AppError::Idem(Error::Mismatch { arguments, .. }) = &error else { panic!("{error}") };
            assert_eq!(arguments, &["cents"]);
            assert!(!error.to_string().contains("4242"), "the message shows a value: {error}");
            assert!(charge::call(1, 5).await.unwrap().is_fresh(), "the arguments' own key is another one");
        }).await;
    }

    async fn the_first_call_under_a_delivery_takes_its_key(bench: Bench) {
        bench.runtime.enter(async {
            let run = || Delivery::new().idempotency_key("k-2").unwrap().run(outer::call(9));
            assert!(run().await.unwrap().is_fresh());
            assert!(charge::call(9, 5).await.unwrap().is_replayed(), "the inner call had the key of its arguments");
            assert!(run().await.unwrap().is_replayed());
        }).await;
    }

    async fn a_retry_inside_a_delivery_keeps_its_explicit_key(bench: Bench) {
        // A handler that retries what is worth it, as queues' handlers do.
        let refused = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counted = Arc::clone(&refused);
        let deliver = |key: &'static str, gate: Arc<Gate>, fails| Delivery::new().idempotency_key(key).unwrap().run({ let refused = Arc::clone(&counted); async move {
            let deadline = tokio::time::Instant::now() + BOUND;
            loop {
                match retried::call(1, &gate, fails).await {
                    Ok(outcome) => return outcome.kind(),
                    Err(error) => assert!(tokio::time::Instant::now() < deadline, "never done: {error}"),
                }
                refused.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        }});
        bench.runtime.enter(async {
            let gate = Gate::new(1);
            let let_go = async {
                gate.entered().await;
                until("the second worker was refused", async || refused.load(std::sync::atomic::Ordering::SeqCst) > 0).await;
                (0..2).for_each(|_| gate.open());
            };
            let (one, other, ()) = tokio::join!(deliver("two workers", gate.clone(), 0), deliver("two workers", gate.clone(), 0), let_go);
            assert_eq!((one, other, gate.entries()), ("fresh", "replayed", 1), "the second worker found the first at work");

            let gate = Gate::new(1);
            (0..4).for_each(|_| gate.open());
            assert_eq!((deliver("fails first", gate.clone(), 1).await, gate.entries()), ("fresh", 2));
            assert_eq!((deliver("fails first", gate.clone(), 0).await, gate.entries()), ("replayed", 2), "delivered again");
        }).await;
    }

    async fn another_call_of_the_task_in_the_delivery_has_the_key_of_its_arguments(bench: Bench) {
        bench.runtime.enter(Delivery::new().idempotency_key("k-3").unwrap().run(async {
            let previewed = charge::key(&1, &5).unwrap();
            assert!(charge::call(1, 5).await.unwrap().is_fresh());
            assert!(charge::call(2, 5).await.unwrap().is_fresh(), "the second of two orders");
            assert_eq!(charge::key(&1, &5).unwrap(), previewed);
            assert_ne!(charge::key(&2, &5).unwrap(), previewed);
            let partial = bench.runtime.key("it.explicit").arg("order", &2).make().unwrap_err();
            assert!(partial.to_string().contains("`cents` was not given"), "{partial}");
        })).await;
    }

    async fn a_key_by_hand_is_the_companions_key(bench: Bench) {
        bench.runtime.enter(async {
            let typed = charge::key(&1, &5).unwrap();
            let by_hand = bench.runtime.key("it.explicit").arg("cents", &5_u8).arg("order", &1_u64).make().unwrap();
            assert_eq!((&typed, typed.to_string()), (&by_hand, by_hand.to_string()));
            let scoped = Delivery::new().scope("tenant", 1).run(async {
                (for_tenant::key(&1).unwrap(), bench.runtime.key("it.scope.tenant").arg("id", &1).make().unwrap())
            }).await;
            assert_eq!(scoped.0, scoped.1);
            charge(1, 5).await.unwrap();
            assert!(idem::task("it.explicit").unwrap().status(&by_hand).await.unwrap().is_some());
            let replayed = bench.runtime.call("it.explicit").arg("order", &1).arg("cents", &5).run(async || Ok::<_, AppError>(0_u64));
            assert_eq!(replayed.await.unwrap().into_value(), 5);
        }).await;
    }
}
