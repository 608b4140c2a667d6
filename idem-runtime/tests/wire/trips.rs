//! How often a store goes to its server.

use crate::bench::{Bench, answer};
use crate::op::Op;
use crate::scene::Scene;

/// At most so many, with connections and statements there.
const MOST: [(Op, u64); 4] = [(Op::Claim, 1), (Op::Complete, 1), (Op::Duplicate, 1), (Op::Takeover, 2)];

pub async fn one_for_each_answer(bench: &Bench) {
    // Without a binary log it commits once before it tells what was just done (STORE-164).
    let commits = bench.store.describe().await.unwrap().kind == "mysql";
    for (op, most) in MOST {
        let most = most + u64::from(commits && op == Op::Duplicate);
        for warm in [false, true] {
            let scene = Scene::new(bench, op).await;
            let before = bench.proxy.exchanges();
            let said = answer(scene.ask(&*bench.store, op)).await.unwrap();
            assert_eq!(said.words, op.expected().says);
            let trips = bench.proxy.exchanges() - before;
            assert!(!warm || trips <= most, "{op:?} took {trips} round trips, at most {most} are allowed");
        }
    }
}
