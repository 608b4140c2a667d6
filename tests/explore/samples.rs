//! Three mistakes that are planted in handlers, and the same handlers mended.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use idem::idempotent;
use idem::testing::{Database, Exploration, Explorer, Promise, Transaction};

use crate::world::{AppError, Payments, charge_safely, lock};

/// The promise that was broken, and the seed of the smallest schedule.
fn broken(found: &Exploration) -> (Promise, &str) {
    let violation = found.violation().unwrap_or_else(|| panic!("nothing was found\n{found}"));
    (violation.promise(), violation.seed())
}

mod a_charge_before_the_claim {
    use super::*;

    fn explorer<'a>(deliver: impl AsyncFn(&Payments) -> Result<u32, AppError> + Send + 'a) -> Exploration {
        let at_most_once = |payments: &Payments| payments.charges() <= 1;
        let once = |payments: &Payments| payments.charges() == 1;
        Explorer::new(Payments::default, deliver).always(at_most_once).at_the_end(once).run()
    }

    #[idempotent(name = "explore.notes")]
    async fn notes(order: u32) -> Result<u32, AppError> {
        tokio::task::yield_now().await;
        Ok(order)
    }

    /// The claim that was to keep the charge from being made twice is asked for after it.
    #[test]
    fn is_found() {
        let found = explorer(async |payments| {
            payments.charge().await;
            notes(4711).await
        });
        assert_eq!(broken(&found), (Promise::Invariant, "none"));
    }

    #[test]
    fn mended_is_in_the_body() {
        explorer(async |payments| charge_safely(payments, 4711).await).assert_holds();
    }
}

mod an_effect_outside_the_transaction {
    use super::*;

    type Bookings = Vec<u32>;

    /// Books on a connection of its own, which commits at once.
    #[idempotent(name = "explore.books_beside", transaction = _tx)]
    async fn books_beside(
        _tx: &mut Transaction<Bookings>,
        #[idem(skip)] bookings: &Database<Bookings>,
        order: u32,
    ) -> Result<u32, AppError> {
        let mut beside = bookings.begin().await;
        beside.execute(|rows| rows.push(order)).await;
        beside.commit().await?;
        Ok(order)
    }

    #[idempotent(name = "explore.books", transaction = tx)]
    async fn books(tx: &mut Transaction<Bookings>, order: u32) -> Result<u32, AppError> {
        tx.execute(|rows| rows.push(order)).await;
        Ok(order)
    }

    fn explore(deliver: impl AsyncFn(&Database<Bookings>) -> Result<u32, AppError> + Send) -> Exploration {
        let at_most_once = |bookings: &Database<Bookings>| bookings.committed().len() <= 1;
        let once = |bookings: &Database<Bookings>| bookings.committed() == [4711];
        Explorer::new(Database::default, deliver).always(at_most_once).at_the_end(once).run()
    }

    async fn deliver(bookings: &Database<Bookings>, beside: bool) -> Result<u32, AppError> {
        let mut tx = bookings.begin().await;
        let booked = match beside {
            true => books_beside(&mut tx, bookings, 4711).await?,
            false => books(&mut tx, 4711).await?,
        };
        tx.commit().await?;
        Ok(booked)
    }

    /// The transaction is rolled back with its claim; the booking is not.
    #[test]
    fn is_found() {
        let found = explore(async |bookings| deliver(bookings, true).await);
        // It waits for its transaction, its claim, and three times for the booking, which is committed by then.
        assert_eq!(broken(&found), (Promise::Invariant, "1@await7=kill"), "{found}");
    }

    #[test]
    fn mended_is_committed_with_the_claim() {
        let found = explore(async |bookings| deliver(bookings, false).await);
        found.assert_holds();
        // Killed before its commit it is undone, and runs again; after it, it is a duplicate.
        assert!(found.entries().1 > 1, "{found}");
    }

    /// A key that was claimed in a transaction is free once that was given up, and known once it was committed.
    #[test]
    fn what_is_not_committed_was_never_there() {
        #[idempotent(name = "explore.fails_first", transaction = tx)]
        async fn fails_first(
            tx: &mut Transaction<Bookings>,
            order: u32,
            #[idem(skip)] fails: bool,
        ) -> Result<u32, AppError> {
            tx.execute(|rows| rows.push(order)).await;
            if fails { Err(AppError::Refused("first")) } else { Ok(order) }
        }
        type World = (Database<Bookings>, AtomicU32);
        let deliver = async |(bookings, deliveries): &World| {
            let order = deliveries.fetch_add(1, Ordering::SeqCst);
            let mut tx = bookings.begin().await;
            let before = tx.execute(|rows| rows.clone()).await;
            let refused = fails_first(&mut tx, order, true).await;
            assert!(matches!(refused, Err(AppError::Refused("first"))), "{refused:?}");
            assert_eq!(tx.execute(|rows| rows.clone()).await, before, "it is undone, and the transaction goes on");
            drop(tx);
            for fresh in [true, false] {
                let mut tx = bookings.begin().await;
                let outcome = fails_first::call(&mut tx, order, false).await?;
                assert_eq!(outcome.is_fresh(), fresh);
                tx.commit().await?;
            }
            Ok::<_, AppError>(())
        };
        let all = |(bookings, _): &World| bookings.committed() == [0, 1];
        Explorer::new(World::default, deliver).at_the_end(all).replay("none").run().assert_holds();
    }

    /// The owner that was stopped before its commit claimed a key that another has completed meanwhile.
    #[test]
    fn a_claim_that_was_overtaken_is_not_committed() {
        #[idempotent(name = "explore.only_claims", transaction = _tx)]
        async fn only_claims(_tx: &mut Transaction<Bookings>, order: u32) -> Result<u32, AppError> {
            Ok(order)
        }
        type World = (Database<Bookings>, Mutex<Vec<bool>>);
        let deliver = async |(bookings, committed): &World| {
            let mut tx = bookings.begin().await;
            let outcome = only_claims::call(&mut tx, 1).await?;
            tx.commit().await?;
            lock(committed).push(outcome.is_fresh());
            Ok::<_, AppError>(())
        };
        let one_is_fresh = |(_, committed): &World| *lock(committed) == [true, false];
        let explorer = |seed: &str| Explorer::new(World::default, deliver).at_the_end(one_is_fresh).replay(seed).run();
        explorer("none").assert_holds();
        explorer("1@await4=pause").assert_holds();
    }

    /// Of two that were begun at the same time the second is refused, with its rows and with its claim.
    #[tokio::test]
    async fn the_second_of_two_is_not_committed() {
        let bookings = Database::new(Bookings::new());
        let (mut first, mut second) = (bookings.begin().await, bookings.begin().await);
        first.execute(|rows| rows.push(1)).await;
        second.execute(|rows| rows.push(2)).await;
        let reader = bookings.begin().await;
        second.commit().await.unwrap();
        let refused = first.commit().await.unwrap_err().to_string();
        assert!(refused.contains("another transaction committed first"), "{refused}");
        reader.commit().await.unwrap();
        assert_eq!(bookings.committed(), [2]);
    }
}

mod a_step_that_is_not_idempotent {
    use super::*;

    #[idempotent(name = "explore.steps_carelessly")]
    async fn carelessly(#[idem(skip)] payments: &Payments, order: u32) -> Result<u32, AppError> {
        idem::step("charge", async || {
            payments.charge().await;
            Ok::<_, AppError>(())
        })
        .await?;
        Ok(order)
    }

    #[idempotent(name = "explore.steps_carefully")]
    async fn carefully(#[idem(skip)] payments: &Payments, order: u32) -> Result<u32, AppError> {
        idem::step("charge", async || {
            payments.charge_under(&idem::current().derive_key("charge")?).await;
            Ok::<_, AppError>(())
        })
        .await?;
        Ok(order)
    }

    fn explore(deliver: impl AsyncFn(&Payments) -> Result<u32, AppError> + Send) -> Exploration {
        idem::testing::explore(Payments::default, deliver, |payments| payments.charges() <= 1)
    }

    /// Its effect took place, and the process was killed before that was remembered.
    #[test]
    fn is_found() {
        let found = explore(async |payments| carelessly(payments, 4711).await);
        assert_eq!(broken(&found), (Promise::Invariant, "1@await2=kill"));
    }

    #[test]
    fn mended_has_a_key_of_its_own() {
        explore(async |payments| carefully(payments, 4711).await).assert_holds();
    }
}
