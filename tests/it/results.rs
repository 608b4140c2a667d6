//! Results: a fresh value and its replay are the same value, or the difference is told.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

use idem::Error;
use idem::testing::Op;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::support::{AppError, Bench, away, on_each_store};

/// Runs a body that answers `value`, twice; both answers.
async fn twice<T: Serialize + DeserializeOwned + Clone>(bench: &Bench, name: &str, value: T) -> (T, T) {
    let run = async || {
        let call = bench.runtime.call("it.results").arg("case", name);
        call.run(async || Ok::<_, AppError>(value.clone())).await.unwrap()
    };
    let (first, second) = (run().await, run().await);
    assert!(first.is_fresh() && second.is_replayed(), "{name}");
    (first.into_value(), second.into_value())
}

async fn same<T: Serialize + DeserializeOwned + Clone + PartialEq + Debug>(bench: &Bench, name: &str, value: T) {
    let (first, second) = twice(bench, name, value.clone()).await;
    assert_eq!(first, value, "{name}");
    assert_eq!(second, value, "{name}");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum External {
    Unit,
    New(u64),
    Tuple(i8, String),
    Struct { a: Option<Option<u8>>, b: () },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Internal {
    Unit,
    Struct { id: uuid::Uuid, at: IpAddr, n: HashMap<u64, bool> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    One(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
}

/// Comes back without its mark: what a debug build must find at the first run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Forgetful {
    #[serde(skip_deserializing)]
    mark: u32,
}

/// Cannot be encoded at all.
#[derive(Debug, Clone, Deserialize)]
struct Unencodable;

impl Serialize for Unencodable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it has no form"))
    }
}

on_each_store! {
    /// R31
    async fn r31_empty_results_are_results(bench: Bench) {
        same(&bench, "unit", ()).await;
        same(&bench, "none", None::<u32>).await;
        same(&bench, "false", false).await;
        same(&bench, "zero", 0).await;
        same(&bench, "empty text", String::new()).await;
        same(&bench, "empty list", Vec::<u8>::new()).await;
        same(&bench, "empty map", BTreeMap::<String, u8>::new()).await;
    }

    async fn results_replay_as_they_were(bench: Bench) {
        same(&bench, "some none", Some(None::<u32>)).await;
        same(&bench, "some some none", Some(Some(None::<u32>))).await;
        same(&bench, "some unit", Some(())).await;
        same(&bench, "u64", u64::MAX).await;
        same(&bench, "i128", i128::MIN).await;
        same(&bench, "u128", u128::MAX).await;
        same(&bench, "infinities", [f64::INFINITY, f64::NEG_INFINITY]).await;
        same(&bench, "f32", 0.1_f32).await;
        same(&bench, "char", '\u{1F600}').await;
        same(&bench, "bytes", vec![0_u8, 255]).await;
        same(&bench, "map of integers", HashMap::from([(u64::MAX, "a".to_owned()), (0, "b".to_owned())])).await;
        same(&bench, "duration", Duration::new(1, 5)).await;
        same(&bench, "uuid", uuid::Uuid::from_u128(7)).await;
        same(&bench, "tuple", (1_u8, "x".to_owned(), None::<bool>)).await;
        let json = serde_json::json!({"a": [1, -1, 1.5, null, "x"], "big": u64::MAX, "o": {}});
        same(&bench, "json", json).await;
        let (first, second) = twice(&bench, "nan", f64::NAN).await;
        assert!(first.is_nan() && second.is_nan());
        let (_, second) = twice(&bench, "minus zero", -0.0_f64).await;
        assert!(second == 0.0 && second.is_sign_negative());
    }

    async fn enums_replay_as_they_were(bench: Bench) {
        same(&bench, "external", vec![
            External::Unit, External::New(u64::MAX), External::Tuple(-1, "x".into()), External::Struct { a: Some(None), b: () },
        ]).await;
        let at = "127.0.0.1".parse().unwrap();
        let id = uuid::Uuid::from_u128(7);
        same(&bench, "internal", vec![Internal::Unit, Internal::Struct { id, at, n: HashMap::from([(1, true)]) }]).await;
        same(&bench, "adjacent", Adjacent::One(vec![1, 2])).await;
        same(&bench, "untagged", vec![Untagged::Number(-1), Untagged::Text("-1".into())]).await;
    }

    /// R32: the effect took place; the record is terminal
    async fn r32_an_unencodable_result_completes_and_is_never_run_again(bench: Bench) {
        let run = || bench.runtime.call("it.r32").arg("id", &1).run(async || Ok::<_, AppError>(Unencodable));
        let first = run().await;
        if cfg!(debug_assertions) {
            let AppError::Idem(error) = first.unwrap_err() else { panic!("the body did not fail") };
            assert!(matches!(error, Error::ResultType { .. }) && error.to_string().contains("cannot be encoded"), "{error}");
        } else {
            assert!(first.unwrap().is_fresh());
        }
        let AppError::Idem(error) = run().await.unwrap_err() else { panic!("the body ran again") };
        assert!(matches!(error, Error::ResultUnavailable { .. }) && error.is_duplicate(), "{error}");
    }

    /// That nothing is recorded comes first: it may run again.
    async fn an_unencodable_result_that_is_not_recorded_is_told_as_not_recorded(bench: Bench) {
        let real = bench.in_real_time().await;
        real.store.faults().always(Op::Complete, away());
        let run = real.runtime.call("it.r32.away").lease("400ms").strict(true).arg("id", &1);
        let error = run.run(async || Ok::<_, AppError>(Unencodable)).await.unwrap_err();
        assert!(matches!(error, AppError::Idem(Error::StoreUnavailable { effect: true, .. })), "{error}");
    }

    /// R32
    async fn r32_a_result_too_large_completes_without_it_and_the_first_caller_has_it(bench: Bench) {
        let run = || bench.runtime.call("it.r32.large").max_result(100).arg("id", &1);
        let first = run().run(async || Ok::<_, AppError>("x".repeat(200))).await.unwrap();
        assert!(first.is_fresh() && first.value().len() == 200 && first.call().recorded);
        let again = run().run(async || Ok::<_, AppError>(String::new())).await.unwrap_err();
        assert!(matches!(&again, AppError::Idem(Error::ResultUnavailable { .. })), "{again}");
        assert!(again.to_string().contains("`max_result` is 100"), "{again}");
    }

    async fn a_result_that_does_not_come_back_is_found_at_the_first_run_in_debug_builds(bench: Bench) {
        let run = || bench.runtime.call("it.forgetful").arg("id", &1).run(async || Ok::<_, AppError>(Forgetful { mark: 1 }));
        let first = run().await;
        if cfg!(debug_assertions) {
            let error = first.unwrap_err();
            assert!(matches!(&error, AppError::Idem(Error::ResultType { .. })), "{error}");
            assert!(error.to_string().contains("does not come back"), "{error}");
        }
    }

    async fn a_kept_result_of_another_type_is_an_error_and_no_second_run(bench: Bench) {
        let call = || bench.runtime.call("it.retyped").arg("id", &1);
        call().run(async || Ok::<_, AppError>("text".to_owned())).await.unwrap();
        let error = call().run(async || Ok::<_, AppError>(1_u32)).await.unwrap_err();
        assert!(matches!(&error, AppError::Idem(Error::ResultType { .. })), "{error}");
        assert!(!error.to_string().contains("text\""), "the message shows the value: {error}");
    }
}
