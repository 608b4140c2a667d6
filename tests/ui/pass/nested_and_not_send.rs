#![deny(warnings)]

use std::rc::Rc;

use idem::idempotent;

async fn nothing() {}

#[idempotent(skip(shared))]
async fn not_send(user: u64, shared: Rc<u64>) -> Result<u64, idem::Error> {
    let held = Rc::clone(&shared);
    nothing().await;
    Ok(user + *held)
}

#[test]
fn compiles() {
    #[idempotent]
    async fn inner(user: u64) -> Result<u64, idem::Error> {
        #[idempotent]
        async fn innermost(user: u64) -> Result<u64, idem::Error> {
            Ok(user)
        }
        innermost(user).await
    }
    let _ = inner(1);
    let _ = inner::call(1);
    let _ = not_send(1, Rc::new(1));
    let _ = not_send::call(1, Rc::new(1));
    let _ = idem::tasks![inner];
}
