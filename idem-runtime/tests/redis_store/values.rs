//! Values of every released format read as they were written.

use idem_runtime::Store;
use idem_runtime::claim::{ClaimVerdict, CompleteVerdict};
use idem_runtime::record::State;

use crate::support::{Bench, completion, failure, key, request};

const GOLDEN: [&str; 2] =
    [include_str!("../golden/redis_records_v1.txt"), include_str!("../golden/redis_records_v2.txt")];

#[tokio::test]
async fn records_of_every_format_read_back_and_go_on() {
    let bench = Bench::new().await;
    let mut read = 0;
    for line in GOLDEN.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with('#')) {
        let [state, digest, value] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let name = format!("{}:record:{{{digest}}}", bench.prefix);
        let bytes: Vec<u8> =
            (0..value.len()).step_by(2).map(|at| u8::from_str_radix(&value[at..at + 2], 16).unwrap()).collect();
        let () = redis::cmd("SET").arg(&name).arg(bytes).arg("PX").arg(90_000_000).query(&mut bench.raw()).unwrap();
        let listed = bench.store.list(&Default::default()).await.unwrap();
        let record = listed.iter().find(|record| crate::support::hex(record.key.digest()) == digest).unwrap();
        assert_eq!(record.state.as_str(), state);
        let answer = bench.store.claim(&request(record.key.clone())).await.unwrap();
        match record.state {
            State::Completed => assert!(matches!(answer, ClaimVerdict::Completed(_)), "{answer:?}"),
            State::Parked => assert!(matches!(answer, ClaimVerdict::Parked(_)), "{answer:?}"),
            State::Cancelled => assert!(matches!(answer, ClaimVerdict::Cancelled(_)), "{answer:?}"),
            _ => assert!(!matches!(answer, ClaimVerdict::Mismatch { .. }), "{answer:?}"),
        }
        read += 1;
    }
    assert_eq!(read, 8);
}

#[tokio::test]
async fn results_of_a_mebibyte_and_of_nothing_read_back() {
    let bench = Bench::new().await;
    for (n, result) in [vec![], vec![0xff; 1 << 20]].into_iter().enumerate() {
        let claim = request(key("t", u64::try_from(n).unwrap()));
        let granted = bench.claim(&claim).await;
        let verdict = bench.store.complete(&completion(&claim, &granted, &result)).await.unwrap();
        assert!(matches!(verdict, CompleteVerdict::Completed { .. }));
        let record = bench.store.get(&claim.key).await.unwrap().unwrap();
        assert_eq!(record.result, Some(idem_runtime::record::StoredResult::Envelope(result.into())));
        let late = failure(&claim, idem_runtime::claim::Failure::Release);
        let verdict = bench.store.fail(&late).await.unwrap();
        assert_eq!(verdict, idem_runtime::claim::FailVerdict::LeaseLost(State::Completed));
    }
}
