//! Servers that refuse, and keys that hold something else.

use idem_runtime::claim::{ClearVerdict, Failure, RenewVerdict};
use idem_runtime::record::{RECORD_FORMAT, State};
use idem_runtime::store::ListQuery;
use idem_runtime::{Store, StoreError};

use crate::support::{Bench, claimed, completion, done, failure, hex, key, renewal, request};

/// R11
#[tokio::test]
async fn scripts_that_the_server_forgot_are_sent_again_in_the_same_call() {
    let server = idem_test_servers::Redis::start(&[]);
    let bench = Bench::at(server.url()).await;
    for n in 0..5 {
        let claim = request(key("t", n));
        let granted = bench.claim(&claim).await;
        let () = bench.ask(&["SCRIPT", "FLUSH"]);
        let answers = bench.store.renew(&[renewal(&claim), renewal(&claim)]).await.unwrap();
        assert_eq!(answers, [Ok(RenewVerdict::Renewed), Ok(RenewVerdict::Renewed)]);
        let () = bench.ask(&["SCRIPT", "FLUSH"]);
        match n {
            0 => drop(bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap()),
            1 => drop(bench.store.fail(&failure(&claim, Failure::Release)).await.unwrap()),
            _ => assert_eq!(bench.store.clear(&claim.key, true).await.unwrap(), ClearVerdict::Cleared),
        }
    }
}

#[tokio::test]
async fn a_key_of_another_type_is_corrupt_and_cleared_by_force_alone() {
    let bench = Bench::new().await;
    let claim = request(key("t", 1));
    let () = bench.ask(&["RPUSH", &bench.name(&claim.key), "secret"]);
    let granted = claimed(bench.store.claim(&request(key("t", 2))).await.unwrap());
    let errors = [
        bench.store.claim(&claim).await.err(),
        bench.store.get(&claim.key).await.err(),
        bench.store.complete(&completion(&claim, &granted, b"x")).await.err(),
        bench.store.fail(&failure(&claim, Failure::Release)).await.err(),
        bench.store.renew(&[renewal(&claim)]).await.unwrap().pop().unwrap().err(),
        bench.store.clear(&claim.key, false).await.err(),
        bench.store.list(&ListQuery::default()).await.err(),
    ];
    for error in errors {
        let Some(StoreError::Corrupt { key, reason }) = &error else { panic!("{error:?}") };
        assert_eq!(*key, hex(claim.key.digest()));
        assert!(reason.contains("another type") && !reason.contains("secret"), "{reason}");
    }
    assert_eq!(bench.store.clear(&claim.key, true).await.unwrap(), ClearVerdict::Cleared);
    let after = claimed(bench.store.claim(&claim).await.unwrap());
    assert_eq!(after.attempt, 1);
    assert!(after.fence > granted.fence);
}

#[tokio::test]
async fn a_record_of_a_newer_format_is_left_alone_whatever_is_asked() {
    let bench = Bench::new().await;
    let claim = request(key("t", 1));
    let granted = bench.claim(&claim).await;
    let newer = u8::try_from(RECORD_FORMAT + 1).unwrap();
    let name = bench.name(&claim.key);
    let () = redis::cmd("SETRANGE").arg(&name).arg(5).arg(&[newer][..]).query(&mut bench.raw()).unwrap();
    let before: Vec<u8> = bench.ask(&["GET", &name]);
    let errors = [
        bench.store.claim(&request(claim.key.clone())).await.err(),
        bench.store.get(&claim.key).await.err(),
        bench.store.complete(&completion(&claim, &granted, b"x")).await.err(),
        bench.store.fail(&failure(&claim, Failure::Release)).await.err(),
        bench.store.renew(&[renewal(&claim)]).await.unwrap().pop().unwrap().err(),
        bench.store.clear(&claim.key, true).await.err(),
    ];
    for error in errors {
        let known = matches!(&error, Some(StoreError::NewerFormat { found, .. }) if *found == RECORD_FORMAT + 1);
        assert!(known, "{error:?}");
    }
    assert_eq!(bench.ask::<Vec<u8>>(&["GET", &name]), before);
}

#[tokio::test]
async fn corrupt_bytes_are_never_absent_and_leave_a_tombstone_with_their_fence() {
    let bench = Bench::new().await;
    let claim = request(key("t", 1));
    let granted = bench.claim(&claim).await;
    let name = bench.name(&claim.key);
    for (damage, field) in [("APPEND", "length"), ("SETRANGE", "state")] {
        let () = match damage {
            "APPEND" => bench.ask(&["APPEND", &name, "x"]),
            _ => bench.ask(&["SETRANGE", &name, "6", "\x63"]),
        };
        let error = bench.store.complete(&completion(&claim, &granted, b"x")).await.unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt { reason, .. } if reason.contains(field)), "{error}");
        let error = bench.store.renew(&[renewal(&claim)]).await.unwrap().pop().unwrap().unwrap_err();
        assert!(matches!(&error, StoreError::Corrupt { .. }), "{error}");
    }
    assert_eq!(bench.store.clear(&claim.key, true).await.unwrap(), ClearVerdict::Cleared);
    let tombstone = bench.store.get(&claim.key).await.unwrap().unwrap();
    assert_eq!(tombstone.state, State::Cleared);
    assert!(tombstone.fence >= granted.fence);
}

#[tokio::test]
async fn a_user_without_rights_is_told_which() {
    let server = idem_test_servers::Redis::start(&[]);
    let bench = Bench::at(server.url()).await;
    let rules = format!("~{}:*", bench.prefix);
    let () = bench.ask(&["ACL", "SETUSER", "reader", "on", ">pass", &rules, "+@read", "+time", "+set"]);
    let url = server.url().replace("redis://", "redis://reader:pass@");
    let store = idem_runtime::RedisStore::builder(&url).prefix(&bench.prefix).connect().await.unwrap();
    let claim = request(key("t", 1));
    claimed(store.claim(&claim).await.unwrap());
    let error = store.fail(&failure(&claim, Failure::Release)).await.unwrap_err();
    assert!(matches!(&error, StoreError::ReadOnly { reason, .. } if reason.contains("NOPERM")), "{error}");
    assert!(!error.to_string().contains("pass@"), "{error}");
    let unknown = store.describe().await.unwrap();
    assert_eq!(crate::support::setting(&unknown, "maxmemory-policy"), ("unknown", true));
}

#[tokio::test]
async fn a_user_with_the_rights_that_are_written_down_can_do_everything() {
    let server = idem_test_servers::Redis::start(&[]);
    let bench = Bench::at(server.url()).await;
    let mut words = vec!["ACL".to_owned(), "SETUSER".into(), "idem".into(), "on".into(), ">pass".into()];
    let document = include_str!("../../../docs/spec/store/redis.md");
    let rights = document.lines().find_map(|line| line.trim().strip_prefix("ACL SETUSER idem on >PASSWORD ")).unwrap();
    words.extend(rights.split(' ').map(|word| word.replace("PREFIX", &bench.prefix)));
    let () = bench.ask(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let url = server.url().replace("redis://", "redis://idem:pass@");
    let store = idem_runtime::RedisStore::builder(&url).prefix(&bench.prefix).connect().await.unwrap();
    done(&store, key("t", 1), b"x").await;
    let claim = request(key("t", 2));
    claimed(store.claim(&claim).await.unwrap());
    store.renew(&[renewal(&claim)]).await.unwrap().pop().unwrap().unwrap();
    store.fail(&failure(&claim, Failure::Release)).await.unwrap();
    store.clear(&claim.key, true).await.unwrap();
    assert_eq!(store.list(&ListQuery::default()).await.unwrap().len(), 2);
    store.sweep(10).await.unwrap();
    assert_eq!(crate::support::setting(&store.describe().await.unwrap(), "maxmemory-policy"), ("noeviction", false));
}
