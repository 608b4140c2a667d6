//! The keeper's handle.

use std::sync::Arc;

use idem_runtime::testing::proxy::WireFault;
use tokio::runtime::Builder;

use crate::bench::{Bench, answer};
use crate::op::Op;
use crate::scene::Scene;

/// STORE-15: it shares no connection and no runtime with the store.
pub async fn a_keeper_renews_while_the_callers_connections_hang(bench: &Bench) {
    let held = Scene::new(bench, Op::Renew).await;
    let hanging = Scene::new(bench, Op::Claim).await;
    let (store, connections) = (Arc::clone(&bench.store), bench.proxy.connections());
    bench.proxy.next(WireFault::HoldRequest);
    let mut claiming = Box::pin(hanging.ask(&*bench.store, Op::Claim));
    tokio::select! {
        answer = &mut claiming => panic!("the claim is held back, and was answered {answer:?}"),
        () = bench.proxy.held() => {}
    }
    let renew = move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let keeper = answer(store.keeper()).await.unwrap();
            answer(held.ask(&*keeper, Op::Renew)).await.unwrap().words
        })
    };
    // This runtime is blocked meanwhile.
    let renewed = std::thread::spawn(renew).join().unwrap();
    assert_eq!(renewed, "renewed");
    assert!(bench.proxy.connections() > connections, "the keeper has a connection of its own");
    bench.proxy.release();
    assert_eq!(answer(claiming).await.unwrap().words, "claimed, attempt 1");
}
