//! Claim, effect and result in the caller's own transaction, on each database.

/// A result that no encoding takes.
#[derive(Debug, serde::Deserialize)]
pub struct Odd;

impl serde::Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it refuses"))
    }
}

/// The tests of one database. `$harness` is a module with `Connection`, `Pool`, `pool()`, `begin(&Pool)`, `runtime(&Pool)`,
/// `INSERT` and `COUNT`.
macro_rules! transaction_tests {
    ($harness:ident, $name:literal, $odd:literal) => {
        use std::sync::atomic::{AtomicU32, Ordering};

        use futures::{FutureExt as _, StreamExt as _};
        use idem::claim::{ClaimVerdict, CompleteVerdict};
        use idem::{Error, Outcome, idempotent, sqlx};
        use sqlx::Connection as _;

        use super::$harness::{self, Connection, Rows};
        use crate::support::{AppError, BOUND, Gate};

        /// What a body does besides its effect.
        #[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
        enum Then {
            Return,
            Fail,
            Panic,
            Commit,
            RollBack,
            CallItself,
        }

        #[idempotent(name = $name, ttl = "1h", key(id), transaction = tx)]
        async fn transfer(tx: &mut Connection, id: u64, then: Then) -> Result<u64, AppError> {
            sqlx::query($harness::INSERT).bind(id as i64).execute(&mut *tx).await?;
            let current = idem::current();
            assert_eq!((current.attempt(), current.fence().is_some()), (1, true));
            current.ensure_owned().await?;
            match then {
                Then::Return => {}
                Then::Fail => return Err(AppError::Body("no money".into())),
                Then::Panic => panic!("the body panics"),
                Then::Commit => sqlx::raw_sql("COMMIT").execute(&mut *tx).await.map(|_| ())?,
                Then::RollBack => sqlx::raw_sql("ROLLBACK").execute(&mut *tx).await.map(|_| ())?,
                Then::CallItself => drop(Box::pin(transfer(tx, id, then)).await?),
            }
            Ok(id * 10)
        }

        #[idempotent(max_runtime = "50ms", transaction = tx)]
        async fn hangs(tx: &mut Connection, id: u64) -> Result<u64, AppError> {
            sqlx::query($harness::INSERT).bind(id as i64).execute(&mut *tx).await?;
            std::future::pending().await
        }

        #[idempotent(key(id), transaction = tx)]
        async fn waits(tx: &mut Connection, id: u64, gate: &Gate) -> Result<u32, AppError> {
            sqlx::query($harness::INSERT).bind(id as i64).execute(&mut *tx).await?;
            Ok(gate.pass().await)
        }

        #[idempotent(transaction = tx)]
        async fn stepwise(tx: &mut Connection, id: u64) -> Result<u64, AppError> {
            idem::step("insert", async || {
                sqlx::query($harness::INSERT).bind(id as i64).execute(&mut *tx).await?;
                Ok(id)
            })
            .await
        }

        /// Under the lints of whoever writes such names: the connection is the attribute's to use.
        #[deny(warnings, clippy::pedantic)]
        mod names_of_the_connection {
            use super::{AppError, Connection};

            #[idem::idempotent(transaction = _tx)]
            pub(super) async fn unused(_tx: &mut Connection, id: u64) -> Result<u64, AppError> {
                Ok(id)
            }

            #[idem::idempotent(transaction = tx)]
            pub(super) async fn rebound<'a>(
                mut tx: &'a mut Connection,
                id: u64,
                #[idem(skip)] other: &'a mut Connection,
            ) -> Result<u64, AppError> {
                if id == 2 {
                    tx = other;
                }
                super::sqlx::Connection::ping(tx).await?;
                Ok(id)
            }
        }

        #[tokio::test]
        async fn the_connection_goes_by_any_name() {
            let rows = Rows::new().await;
            let calls = async {
                let (mut tx, mut other) = (rows.begin().await, rows.connect().await);
                for fresh in [true, false] {
                    assert_eq!(names_of_the_connection::unused::call(&mut tx, 1).await.unwrap().is_fresh(), fresh);
                    let rebound = names_of_the_connection::rebound::call(&mut tx, 1, &mut other).await.unwrap();
                    assert_eq!(rebound.is_fresh(), fresh);
                }
                tx.commit().await.unwrap();
                drop(other.close().await);
            };
            rows.runtime.enter(calls).await;
            rows.done().await;
        }

        #[tokio::test]
        async fn a_step_is_a_part_of_the_transaction() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let mut tx = rows.begin().await;
                    assert_eq!(stepwise(&mut tx, 1).await.unwrap(), 1);
                    tx.rollback().await.unwrap();
                    let mut tx = rows.begin().await;
                    assert_eq!(stepwise(&mut tx, 1).await.unwrap(), 1);
                    tx.commit().await.unwrap();
                    assert_eq!(rows.visible().await, [1], "what was rolled back was done again, once");
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn a_body_that_hangs_is_stopped_and_undone() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let mut tx = rows.begin().await;
                    let stopped = hangs(&mut tx, 1).await;
                    assert!(matches!(stopped, Err(AppError::Idem(Error::MaxRuntime { .. }))), "{stopped:?}");
                    assert_eq!(transfer(&mut tx, 2, Then::Return).await.unwrap(), 20);
                    tx.commit().await.unwrap();
                    assert_eq!(rows.visible().await, [2]);
                    assert!(hangs::status(&1).await.unwrap().is_none());
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn claim_effect_and_result_are_committed_together() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let mut tx = rows.begin().await;
                    assert_eq!(transfer(&mut tx, 1, Then::Return).await.unwrap(), 10);
                    assert!(rows.visible().await.is_empty(), "not before the commit");
                    tx.commit().await.unwrap();
                    assert_eq!(rows.visible().await, [1]);
                    let status = transfer::status(&1).await.unwrap().unwrap();
                    assert!(status.completed_at.is_some());
                    let mut tx = rows.begin().await;
                    let outcome = transfer::call(&mut tx, 1, Then::Return).await.unwrap();
                    assert!(matches!(outcome, Outcome::Replayed { value: 10, .. }), "{outcome:?}");
                    tx.commit().await.unwrap();
                    assert_eq!(rows.visible().await, [1]);
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn a_rollback_leaves_nothing() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    for _ in 0..2 {
                        let mut tx = rows.begin().await;
                        let outcome = transfer::call(&mut tx, 1, Then::Return).await.unwrap();
                        assert!(outcome.is_fresh());
                        tx.rollback().await.unwrap();
                        assert!(rows.visible().await.is_empty());
                        assert!(transfer::status(&1).await.unwrap().is_none());
                    }
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn the_callers_transaction_stays_usable_after_every_outcome() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let mut tx = rows.begin().await;
                    sqlx::query($harness::INSERT).bind(100_i64).execute(&mut *tx).await.unwrap();
                    let failed = transfer(&mut tx, 1, Then::Fail).await;
                    assert!(matches!(failed, Err(AppError::Body(_))), "{failed:?}");
                    let panicked = std::panic::AssertUnwindSafe(transfer(&mut tx, 2, Then::Panic)).catch_unwind().await;
                    assert!(panicked.is_err());
                    let nested = transfer(&mut tx, 3, Then::CallItself).await;
                    assert!(matches!(nested, Err(AppError::Idem(Error::Reentrant { .. }))), "{nested:?}");
                    assert_eq!(transfer(&mut tx, 4, Then::Return).await.unwrap(), 40);
                    let again = transfer::call(&mut tx, 4, Then::Return).await.unwrap();
                    assert!(again.is_replayed(), "the transaction sees its own calls");
                    sqlx::query($harness::INSERT).bind(101_i64).execute(&mut *tx).await.unwrap();
                    tx.commit().await.unwrap();
                    assert_eq!(rows.visible().await, [4, 100, 101], "of a body that failed nothing stays");
                    for id in 1..=3 {
                        assert!(transfer::status(&id).await.unwrap().is_none());
                    }
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn a_duplicate_of_an_open_transaction_waits_and_replays_after_its_commit() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let mut first = rows.begin().await;
                    assert_eq!(transfer(&mut first, 1, Then::Return).await.unwrap(), 10);
                    let duplicate = async {
                        let mut second = rows.begin().await;
                        let outcome = transfer::call(&mut second, 1, Then::Return).await.unwrap();
                        second.commit().await.unwrap();
                        outcome
                    };
                    let commit = async {
                        rows.somebody_waits().await;
                        first.commit().await.unwrap();
                    };
                    let (outcome, ()) =
                        tokio::time::timeout(BOUND, async { tokio::join!(duplicate, commit) }).await.unwrap();
                    assert!(outcome.is_replayed(), "{outcome:?}");
                    assert_eq!(rows.visible().await, [1]);
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn r24_a_duplicate_of_a_transaction_that_rolls_back_gets_the_grant() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let mut first = rows.begin().await;
                    assert_eq!(transfer(&mut first, 1, Then::Return).await.unwrap(), 10);
                    let duplicate = async {
                        let mut second = rows.begin().await;
                        let outcome = transfer::call(&mut second, 1, Then::Return).await.unwrap();
                        second.commit().await.unwrap();
                        outcome
                    };
                    let rollback = async {
                        rows.somebody_waits().await;
                        first.rollback().await.unwrap();
                    };
                    let (outcome, ()) =
                        tokio::time::timeout(BOUND, async { tokio::join!(duplicate, rollback) }).await.unwrap();
                    assert!(outcome.is_fresh(), "{outcome:?}");
                    assert_eq!(rows.visible().await, [1]);
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn a_body_that_ends_the_transaction_is_told() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    for (id, then) in [(1, Then::Commit), (2, Then::RollBack)] {
                        // On a connection that is closed afterwards: the caller's transaction is over in any case.
                        let mut connection = rows.connect().await;
                        let mut tx = connection.begin_with($harness::BEGIN).await.unwrap();
                        let ended = transfer(&mut tx, id, then).await;
                        assert!(matches!(ended, Err(AppError::Idem(Error::TransactionEnded { .. }))), "{ended:?}");
                        drop(tx);
                    }
                    assert_eq!(rows.visible().await, [1], "what the body committed itself stays");
                    // And is recorded, so that it is not done again.
                    let mut tx = rows.begin().await;
                    let outcome = transfer::call(&mut tx, 1, Then::Return).await.unwrap();
                    assert!(outcome.is_replayed(), "{outcome:?}");
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn a_call_that_is_dropped_is_undone_with_its_transaction() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let entered = AtomicU32::new(0);
                    // Closed and not given back to a pool: over MySQL a connection whose statement was dropped may never
                    // answer again (TX-7).
                    let mut connection = rows.connect().await;
                    let mut tx = connection.begin().await.unwrap();
                    {
                        let mut call = std::pin::pin!(transfer(&mut tx, 1, Then::Return));
                        // Each poll is one more await of the call that it is dropped at, until it would have ended.
                        for _ in 0..3 {
                            if futures::poll!(call.as_mut()).is_ready() {
                                entered.fetch_add(1, Ordering::SeqCst);
                                break;
                            }
                        }
                    }
                    drop(tx);
                    drop(connection);
                    assert!(rows.visible().await.is_empty());
                    let mut tx = rows.begin().await;
                    assert!(transfer::call(&mut tx, 1, Then::Return).await.unwrap().is_fresh());
                    tx.commit().await.unwrap();
                })
                .await;
            rows.done().await;
        }

        /// A call that waits in the database is told when the database answers; what has ended is its caller's affair.
        #[tokio::test]
        async fn a_call_that_waits_for_another_transaction_begins_no_more_after_a_shutdown() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let mut first = rows.begin().await;
                    assert_eq!(transfer(&mut first, 1, Then::Return).await.unwrap(), 10);
                    let duplicate = async {
                        let mut second = rows.begin().await;
                        sqlx::query($harness::INSERT).bind(100_i64).execute(&mut *second).await.unwrap();
                        let refused = transfer(&mut second, 1, Then::Return).await;
                        let Err(AppError::Idem(Error::ShutDown { .. })) = refused else { panic!("{refused:?}") };
                        second.commit().await.unwrap();
                    };
                    let end = async {
                        rows.somebody_waits().await;
                        let end = rows.runtime.shutdown(BOUND);
                        first.rollback().await.unwrap();
                        end.await
                    };
                    let ((), told) = tokio::time::timeout(BOUND, async { tokio::join!(duplicate, end) }).await.unwrap();
                    assert!(told.is_complete(), "{told}");
                    assert_eq!(
                        rows.visible().await,
                        [100],
                        "the caller's transaction is usable, and nothing is claimed"
                    );
                    assert!(transfer::status(&1).await.unwrap().is_none());
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn a_shutdown_waits_for_bodies_in_transactions() {
            let rows = Rows::new().await;
            let gate = Gate::new(7);
            rows.runtime
                .enter(async {
                    let mut tx = rows.begin().await;
                    let run = waits(&mut tx, 1, &gate);
                    let end = async {
                        gate.entered().await;
                        let told = rows.runtime.shutdown(std::time::Duration::ZERO).await;
                        assert_eq!((told.calls, &told.running[..]), (1, &[waits::key(&1).unwrap()][..]), "{told}");
                        let mut end = std::pin::pin!(rows.runtime.shutdown(BOUND));
                        assert!(futures::poll!(&mut end).is_pending());
                        gate.open();
                        end.await
                    };
                    let (run, told) = tokio::join!(run, end);
                    assert_eq!(run.unwrap(), 7);
                    assert!(told.is_complete() && told.running.is_empty(), "{told}");
                    tx.commit().await.unwrap();
                    assert_eq!(rows.visible().await, [1]);
                })
                .await;
            rows.done().await;
        }

        /// What the transaction has locked could be what the other call needs to end.
        #[tokio::test]
        async fn a_leased_holder_is_not_waited_for_inside_a_transaction() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let claim = crate::support::claim(transfer::key(&1).unwrap());
                    let ClaimVerdict::Claimed(claimed) = rows.store.claim(&claim).await.unwrap() else { panic!() };
                    let mut tx = rows.begin().await;
                    let refused = tokio::time::timeout(BOUND, transfer(&mut tx, 1, Then::Return)).await.unwrap();
                    let Err(AppError::Idem(Error::InProgress { .. })) = refused else { panic!("{refused:?}") };
                    tx.rollback().await.unwrap();
                    let completion =
                        crate::support::completion(&claim, &claimed, &idem::codec::encode(&70_u64).unwrap());
                    let completed = rows.store.complete(&completion).await.unwrap();
                    assert!(matches!(completed, CompleteVerdict::Completed { .. }), "{completed:?}");
                    let mut tx = rows.begin().await;
                    let outcome = transfer::call(&mut tx, 1, Then::Return).await.unwrap();
                    assert!(matches!(outcome, Outcome::Replayed { value: 70, .. }), "{outcome:?}");
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn a_call_by_hand_is_refused() {
            let rows = Rows::new().await;
            let refused = rows.runtime.call($name).arg("id", &1_u64).run(async || Ok::<_, Error>(1_u64)).await;
            let Err(Error::Config(says)) = refused else { panic!("{refused:?}") };
            assert!(says.contains("is transactional") && says.contains("transaction/mod.rs"), "{says}");
            rows.done().await;
        }

        #[tokio::test]
        async fn many_transactions_on_keys_of_their_own_do_not_meet() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let all = (0..120_u64).map(|id| {
                        let rows = &rows;
                        async move {
                            let mut tx = rows.begin().await;
                            let outcome = transfer::call(&mut tx, id, Then::Return).await.unwrap();
                            assert!(outcome.is_fresh());
                            tx.commit().await.unwrap();
                        }
                    });
                    let all = futures::stream::iter(all).buffer_unordered(6).collect::<Vec<()>>();
                    tokio::time::timeout(BOUND, all).await.unwrap();
                    assert_eq!(rows.visible().await.len(), 120);
                })
                .await;
            rows.done().await;
        }

        /// Its own caller is told that the result cannot be kept, so nothing of the call stays.
        #[tokio::test]
        async fn what_is_told_as_an_error_is_not_committed() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let mut tx = rows.begin().await;
                    let odd = unencodable(&mut tx, 1).await;
                    assert!(matches!(odd, Err(AppError::Idem(Error::ResultType { .. }))), "{odd:?}");
                    tx.commit().await.unwrap();
                    assert!(rows.visible().await.is_empty());
                })
                .await;
            rows.done().await;
        }

        #[idempotent(name = $odd, ttl = "1h", transaction = tx)]
        async fn unencodable(tx: &mut Connection, id: u64) -> Result<crate::transaction::Odd, AppError> {
            sqlx::query($harness::INSERT).bind(id as i64).execute(tx).await?;
            Ok(crate::transaction::Odd)
        }

        #[tokio::test]
        async fn a_store_without_transactions_is_refused_before_the_body() {
            let rows = Rows::new().await;
            crate::support::runtime()
                .enter(async {
                    let mut tx = rows.begin().await;
                    let refused = transfer(&mut tx, 1, Then::Return).await;
                    let Err(AppError::Idem(Error::Config(says))) = refused else { panic!("{refused:?}") };
                    assert!(says.contains("is transactional") && says.contains("MemoryStore"), "{says}");
                    tx.commit().await.unwrap();
                    assert!(rows.visible().await.is_empty());
                })
                .await;
            rows.done().await;
        }

        #[tokio::test]
        async fn the_audit_says_transactional() {
            let rows = Rows::new().await;
            let report = rows.runtime.audit(idem::tasks![transfer]).await.unwrap();
            let row = report.tasks.iter().find(|row| row.task == $name).unwrap();
            assert_eq!(
                (row.guarantee.to_string().as_str(), &*row.failures, &*row.lease),
                ("transactional", "rolled back", "–"),
                "{report}"
            );
            let report = crate::support::runtime().audit(idem::tasks![transfer]).await.unwrap();
            assert!(report.findings.iter().any(|finding| finding.code == "IDEM011" && finding.about == $name));
            rows.done().await;
        }
    };
}

/// Two transactions that wait for each other. `books` and `Rows` are those of the module that it stands in.
#[cfg(any(feature = "mysql", feature = "postgres"))]
macro_rules! deadlock_test {
    ($database:ty) => {
        #[tokio::test]
        async fn the_victim_of_a_deadlock_is_told_to_run_again() {
            let rows = Rows::new().await;
            rows.runtime
                .enter(async {
                    let (mut one, mut two) = (rows.begin().await, rows.begin().await);
                    books(&mut one, 1).await.unwrap();
                    books(&mut two, 2).await.unwrap();
                    let crosses = async |mut tx: sqlx::Transaction<'static, $database>, id| {
                        let answer = books(&mut tx, id).await;
                        if answer.is_ok() {
                            tx.commit().await.unwrap();
                        } else {
                            tx.rollback().await.unwrap();
                        }
                        answer
                    };
                    let both = async { tokio::join!(crosses(one, 2), crosses(two, 1)) };
                    let (a, b) = tokio::time::timeout(crate::support::BOUND, both).await.unwrap();
                    let victim = if a.is_err() { a } else { b };
                    let Err(crate::support::AppError::Idem(error)) = victim else { panic!("{victim:?}") };
                    let says = error.to_string();
                    assert!(error.is_retryable() && says.to_lowercase().contains("deadlock"), "{says}");
                    assert_eq!(rows.visible().await, [1, 2]);
                })
                .await;
            rows.done().await;
        }
    };
}

#[cfg(feature = "sqlite")]
mod sqlite {
    transaction_tests!(on_sqlite, "it.tx.sqlite", "it.tx.sqlite.odd");

    /// A savepoint would begin a transaction that the driver knows nothing of, and nobody would end it.
    #[tokio::test]
    async fn a_connection_without_a_transaction_is_refused() {
        let rows = Rows::new().await;
        rows.runtime
            .enter(async {
                let mut bare = rows.connect().await;
                let refused = transfer(&mut bare, 1, Then::Return).await.unwrap_err();
                assert!(refused.to_string().contains("begin one with BEGIN IMMEDIATE"), "{refused}");
                let mut tx = rows.begin().await;
                assert_eq!(transfer(&mut tx, 1, Then::Return).await.unwrap(), 10);
            })
            .await;
        rows.done().await;
    }

    /// The records would be in another file than the effect.
    #[tokio::test]
    async fn a_connection_to_another_database_is_refused() {
        let rows = Rows::new().await;
        rows.runtime
            .enter(async {
                let mut other = Connection::connect("sqlite::memory:").await.unwrap();
                let mut tx = other.begin().await.unwrap();
                let refused = transfer(&mut tx, 1, Then::Return).await.unwrap_err();
                assert!(refused.to_string().contains("the connection is to another database"), "{refused}");
            })
            .await;
        rows.done().await;
    }
}

#[cfg(feature = "mysql")]
mod on_mysql;
#[cfg(feature = "postgres")]
mod on_postgres;
#[cfg(feature = "sqlite")]
mod on_sqlite;

#[cfg(feature = "postgres")]
mod of_postgres;

#[cfg(feature = "mysql")]
mod of_mysql;

#[cfg(feature = "mysql")]
mod mysql {
    transaction_tests!(on_mysql, "it.tx.mysql", "it.tx.mysql.odd");
}

#[cfg(feature = "postgres")]
mod postgres {
    transaction_tests!(on_postgres, "it.tx.postgres", "it.tx.postgres.odd");
}
