//! One key, brought to where an operation begins, and the operation on it.

use std::time::Duration;

use idem_runtime::claim::{
    CancelRequest, CancelVerdict, ClaimRequest, ClaimVerdict, Claimed, ClearVerdict, CompleteRequest, CompleteVerdict,
    FailVerdict, Failure, RenewRequest, RenewVerdict, ResolveRequest, ResolveVerdict,
};
use idem_runtime::policy::Retention;
use idem_runtime::record::{Owner, Record, StoredResult};
use idem_runtime::store::ListQuery;
use idem_runtime::{Key, Store, StoreError};

use crate::bench::{Bench, new_key};
use crate::op::Op;
use crate::store_support::{DAY, claimed, completion, done, failure, renewal, request};

const SHORT: Duration = Duration::from_millis(1);

pub struct Scene {
    pub key: Key,
    /// The claim that the operation makes, or ends, or finds.
    pub claim: ClaimRequest,
    /// What it was answered, once it is granted.
    pub claimed: Option<Claimed>,
}

/// An answer in a few words, and what it granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub words: String,
    pub claimed: Option<Claimed>,
}

impl Scene {
    pub async fn new(bench: &Bench, op: Op) -> Self {
        let key = new_key();
        let mut scene = Self { claim: request(key.clone()), key, claimed: None };
        let store = bench.other.as_ref();
        match op {
            Op::Claim => {}
            Op::Takeover => {
                let abandoned = ClaimRequest { lease: SHORT, ..request(scene.key.clone()) };
                claimed(store.claim(&abandoned).await.unwrap());
                tokio::time::sleep(SHORT * 20).await; // tidy: allow sleep: the lease must run out, on the server's clock
            }
            Op::Renew | Op::Complete | Op::Fail | Op::Cancel => scene.grant(store).await,
            Op::Resolve => {
                scene.grant(store).await;
                store.fail(&failure(&scene.claim, Failure::Park)).await.unwrap();
            }
            Op::Duplicate | Op::Clear | Op::Get | Op::List => done(store, scene.key.clone(), b"done").await,
            Op::Sweep => {
                done(store, scene.key.clone(), b"done").await;
                for _ in 0..3 {
                    let over = request(new_key());
                    let claimed = claimed(store.claim(&over).await.unwrap());
                    let retention = Retention::For(SHORT);
                    let completion = CompleteRequest { retention, ..completion(&over, &claimed, b"over") };
                    store.complete(&completion).await.unwrap();
                }
                tokio::time::sleep(SHORT * 20).await; // tidy: allow sleep: their time must be over, on the server's clock
            }
        }
        scene
    }

    async fn grant(&mut self, store: &dyn Store) {
        self.claimed = Some(claimed(store.claim(&self.claim).await.unwrap()));
    }

    /// The same request each time.
    pub async fn ask(&self, store: &dyn Store, op: Op) -> Result<Said, StoreError> {
        let words = match op {
            Op::Claim | Op::Duplicate | Op::Takeover => return store.claim(&self.claim).await.map(say_claim),
            Op::Renew => {
                let unknown = RenewRequest { owner: Owner::random(), ..renewal(&self.claim) };
                let answers = store.renew(&[renewal(&self.claim), unknown]).await?;
                let answers: Vec<RenewVerdict> = answers.into_iter().collect::<Result<_, _>>()?;
                match answers[..] {
                    [RenewVerdict::Renewed, RenewVerdict::LeaseLost(Some(_))] => "renewed".into(),
                    _ => format!("{answers:?}"),
                }
            }
            Op::Complete => {
                let claimed = self.claimed.expect("a granted claim");
                match store.complete(&completion(&self.claim, &claimed, b"done")).await? {
                    CompleteVerdict::Completed { record, restored: false } => say(&record),
                    other => format!("{other:?}"),
                }
            }
            Op::Fail => match store.fail(&failure(&self.claim, Failure::Release)).await? {
                FailVerdict::Settled(state) => format!("settled: {state}"),
                other => format!("{other:?}"),
            },
            Op::Cancel => {
                let request = CancelRequest { key: self.key.clone(), grace: Retention::For(DAY) };
                match store.cancel(&request).await? {
                    CancelVerdict::Cancelled => "cancelled".into(),
                    other => format!("{other:?}"),
                }
            }
            Op::Clear => match store.clear(&self.key, false).await? {
                ClearVerdict::Cleared => "cleared".into(),
                other => format!("{other:?}"),
            },
            Op::Resolve => match store.resolve(&self.key, &ResolveRequest::Retry).await? {
                ResolveVerdict::Resolved(state) => format!("resolved: {state}"),
                ResolveVerdict::NotParked(Some(state)) => format!("not parked: {state}"),
                other => format!("{other:?}"),
            },
            Op::Get => store.get(&self.key).await?.map_or("absent".into(), |record| say(&record)),
            Op::List => {
                let listed = store.list(&ListQuery { task: Some("wire".into()), ..ListQuery::default() }).await?;
                let found = listed.iter().filter(|record| record.key == self.key).count();
                format!("{found} completed")
            }
            // What a lost answer has removed is not counted again, and Redis removes by itself.
            Op::Sweep => store.sweep(1_000).await.map(|report| match report.bad.as_slice() {
                [] if report.removed <= 3 => "swept".to_owned(),
                _ => format!("{report:?}"),
            })?,
        };
        Ok(Said { words, claimed: None })
    }

    /// Somebody else claims the key.
    pub async fn next_claim(&self, store: &dyn Store) -> Result<Said, StoreError> {
        store.claim(&request(self.key.clone())).await.map(say_claim)
    }
}

fn say_claim(verdict: ClaimVerdict) -> Said {
    let words = match &verdict {
        ClaimVerdict::Claimed(claimed) => {
            return Said { words: format!("claimed, attempt {}", claimed.attempt), claimed: Some(*claimed) };
        }
        ClaimVerdict::Completed(record) | ClaimVerdict::Cancelled(record) => say(record),
        ClaimVerdict::Running { .. } => "running".into(),
        other => format!("{other:?}"),
    };
    Said { words, claimed: None }
}

fn say(record: &Record) -> String {
    match &record.result {
        Some(StoredResult::Envelope(bytes)) => format!("{} {}", record.state, String::from_utf8_lossy(bytes)),
        _ => record.state.to_string(),
    }
}
