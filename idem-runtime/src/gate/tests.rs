//! A gate that is closed while passes go in and out.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use shuttle::future::{spawn, yield_now};

use super::Gate;
use crate::tests::{all_schedules, key, some_schedules};

#[test]
fn in_every_schedule_a_closed_gate_is_emptied_when_its_last_pass_is_back() {
    all_schedules(300_000, || async {
        let gate = Arc::new(Gate::default());
        let calls = Arc::clone(&gate);
        let call = spawn(async move {
            let pass = calls.pass();
            let was_given = pass.is_some();
            drop(pass);
            was_given
        });
        gate.close();
        gate.emptied().await;
        assert_eq!(gate.count(), 0);
        assert!(gate.pass().is_none());
        _ = call.await;
        assert_eq!(gate.count(), 0);
    });
}

#[test]
fn nobody_is_inside_a_closed_gate_that_is_emptied() {
    some_schedules(|| async {
        let gate = Arc::new(Gate::default());
        let inside = Arc::new(AtomicUsize::new(0));
        let calls: Vec<_> = (0..3)
            .map(|number| {
                let (gate, inside) = (Arc::clone(&gate), Arc::clone(&inside));
                spawn(async move {
                    while let Some(pass) = gate.pass() {
                        inside.fetch_add(1, SeqCst);
                        let listed = pass.list(&key(number));
                        assert!(gate.unleased().contains(&key(number)));
                        yield_now().await;
                        drop(listed);
                        inside.fetch_sub(1, SeqCst);
                    }
                })
            })
            .collect();
        yield_now().await;
        gate.close();
        gate.emptied().await;
        assert_eq!(inside.load(SeqCst), 0);
        assert!(gate.unleased().is_empty());
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(gate.count(), 0);
    });
}

#[test]
fn a_gate_is_not_emptied_while_a_call_that_a_body_made_is_inside() {
    some_schedules(|| async {
        let gate = Arc::new(Gate::default());
        let within = Arc::new(AtomicUsize::new(0));
        let pass = gate.pass().unwrap();
        let inside = Arc::new(pass.inside());
        let calls: Vec<_> = (0..2)
            .map(|_| {
                let (gate, inside, within) = (Arc::clone(&gate), Arc::clone(&inside), Arc::clone(&within));
                spawn(async move {
                    // While the body is under way, closed or not; after it, not.
                    let Some(nested) = inside.pass(&gate) else { return };
                    within.fetch_add(1, SeqCst);
                    assert!(nested.admits());
                    yield_now().await;
                    within.fetch_sub(1, SeqCst);
                })
            })
            .collect();
        let closes = Arc::clone(&gate);
        let close = spawn(async move { closes.close() });
        yield_now().await;
        drop(pass);
        close.await.unwrap();
        gate.emptied().await;
        assert_eq!(within.load(SeqCst), 0);
        assert!(inside.pass(&gate).is_none());
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(gate.count(), 0);
    });
}

#[test]
fn in_every_schedule_what_waits_with_a_pass_is_told_that_the_gate_is_closed() {
    all_schedules(300_000, || async {
        let gate = Arc::new(Gate::default());
        let pass = gate.pass().unwrap();
        let waiter = spawn(async move {
            pass.revoked().await;
            pass.admits()
        });
        gate.close();
        assert!(!waiter.await.unwrap());
        assert_eq!(gate.count(), 0);
    });
}
