//! What a `reconcile` function may be given, and where it may stand.
#![deny(warnings)]

use idem::{AbandonedClaim, Reconciled, idempotent};

struct Bank;

struct Order {
    id: u64,
}

mod bank {
    use idem::{AbandonedClaim, Reconciled};

    pub(crate) async fn happened(
        order: &super::Order,
        note: &str,
        x: &u8,
        y: &String,
        r#type: &u32,
        bank: &super::Bank,
        claim: &AbandonedClaim,
    ) -> Reconciled<String> {
        let _ = (order.id, note, x, y, r#type, bank, claim.derive_key("charge"));
        Reconciled::Unknown
    }
}

#[idempotent(key(order.id), reconcile = bank::happened)]
async fn charge(
    order: Order,
    note: &str,
    (x, mut y): (u8, String),
    r#type: u32,
    bank: &mut Bank,
    _: (),
) -> Result<String, idem::Error> {
    y.push('y');
    let _: &mut Bank = bank;
    Ok(format!("{} {note} {x} {y} {}", order.id, r#type))
}

async fn any<T>(_: &u64, _: &T, _: &AbandonedClaim) -> Reconciled<()> {
    Reconciled::DidNotHappen
}

#[idempotent(skip(value), reconcile = any)]
async fn generic<T: Send + Sync>(id: u64, value: T) -> Result<(), idem::Error> {
    drop(value);
    let _ = id;
    Ok(())
}

type Answer<T> = Result<T, idem::Error>;

struct Mailer;

impl Mailer {
    async fn sent(_: &u64, claim: &AbandonedClaim) -> Reconciled<u64> {
        Reconciled::Happened(claim.attempt().into())
    }

    #[idempotent(name = "mailer.send", reconcile = Self::sent)]
    async fn send(&self, id: u64) -> Answer<u64> {
        Ok(id)
    }
}

fn is_send<T: Send>(_: T) {}

mod forms {
    use std::pin::Pin;

    use idem::{AbandonedClaim, Reconciled, idempotent};

    async fn of_a_pair(_: &u8, _: &u8, _: &AbandonedClaim) -> Reconciled<()> {
        Reconciled::Unknown
    }

    #[idempotent(reconcile = of_a_pair)]
    pub(crate) async fn pair(#[idem(name = "pair")] (x, y): (u8, u8), #[cfg(any())] z: u8) -> Result<(), idem::Error> {
        let _ = (x, y);
        Ok(())
    }

    async fn of_one(_: &u64, _: &AbandonedClaim) -> Reconciled<()> {
        Reconciled::Unknown
    }

    #[idempotent(reconcile = of_one)]
    pub(crate) fn boxed(id: u64) -> Pin<Box<dyn Future<Output = Result<(), idem::Error>> + Send>> {
        Box::pin(async move { if id > 0 { Ok(()) } else { Err(idem::Error::AlreadyInstalled) } })
    }
}

#[test]
fn compiles() {
    let _ = (forms::pair, forms::boxed);
    let mut bank = Bank;
    is_send(charge(Order { id: 1 }, "note", (1, String::new()), 2, &mut bank, ()));
    is_send(generic(1, "text"));
    is_send(Mailer.send(1));
}
