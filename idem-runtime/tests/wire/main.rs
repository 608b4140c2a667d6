//! Stores over a network that loses what they say and hear: the same request again is answered as the first would have
//! been, and nothing is doubled, lost or blocked. The same tests for every store that has a server.
#![cfg(any(feature = "redis", feature = "postgres", feature = "mysql"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod bench;
mod crash;
mod crowd;
mod keeper;
mod lost;
mod op;
mod outage;
mod scene;
#[path = "../store_support/mod.rs"]
mod store_support;
mod trips;

/// Every test for one kind of server.
macro_rules! tests {
    ($feature:literal, $store:ident, $start:expr) => {
        #[cfg(feature = $feature)]
        mod $store {
            use super::*;

            tests!(@each $start;
                lost::claim, lost::duplicate, lost::takeover, lost::renewal, lost::completion, lost::failure,
                lost::cancellation, lost::clearing, lost::resolution, lost::look, lost::list, lost::sweep,
                outage::a_claim_that_arrives_after_its_release_claims_nothing,
                outage::a_refused_connection_is_told_and_survived,
                outage::a_server_that_is_killed_is_told_and_survived,
                outage::a_server_that_hangs_is_told_and_survived,
                outage::a_store_opens_only_where_its_server_answers,
                crash::what_was_answered_before_a_crash_is_there_after_it,
                crowd::of_many_callers_one_is_granted_and_all_see_its_result,
                keeper::a_keeper_renews_while_the_callers_connections_hang,
                trips::one_for_each_answer
            );
        }
    };
    (@each $start:expr; $($module:ident::$test:ident),+) => {
        $(#[tokio::test]
        async fn $test() {
            $module::$test(&bench::Bench::new($start).await).await;
        })+
    };
}

// Here servers crash and machines do not: what was handed to the kernel is kept, and nobody waits for disks.
tests!("redis", redis, Box::new(idem_test_servers::Redis::start(&["--appendonly", "yes", "--appendfsync", "no"])));
// Durable commits are the store's own business (R28).
tests!(
    "postgres",
    postgres,
    Box::new(idem_test_servers::Postgres::start(&[("fsync", "off"), ("synchronous_commit", "off")]))
);
// Commits are as durable as the server is set to make them.
tests!("mysql", mysql, Box::new(idem_test_servers::MySql::start(&[])));
