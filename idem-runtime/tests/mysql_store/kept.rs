//! InnoDB shows a commit before it keeps it: what is told of one is kept first.

use std::time::Duration;

use idem_runtime::claim::{ClaimRequest, ClaimVerdict, Failure};
use idem_runtime::store::Mark;
use idem_runtime::{Key, MySqlStore, Store, Transactional};
use idem_test_servers::MySql;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection};

use crate::support::{claimed, completion, connect, done, failure, key, request};

/// A server whose log is written when somebody waits for it, and never by the way: its statistics are transactions of their own.
const PATIENT: &[&str] = &[
    "--innodb-flush-log-at-timeout=2700",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-stats-auto-recalc=OFF",
];

/// Two processes on a server, and a hand on its settings.
struct Scene {
    server: MySql,
    owner: MySqlStore,
    other: MySqlStore,
    raw: MySqlConnection,
}

impl Scene {
    async fn new(arguments: &[&str]) -> Self {
        let server = MySql::start(&[PATIENT, arguments].concat());
        let (owner, other) = (Self::open(&server).await, Self::open(&server).await);
        let raw = connect(server.url()).await;
        // Its connections are open before anything hangs in the log.
        other.get(&key("warm", 1)).await.unwrap();
        Self { server, owner, other, raw }
    }

    async fn open(server: &MySql) -> MySqlStore {
        MySqlStore::connect(server.url()).await.unwrap()
    }

    /// Commits, and is killed by the test before it would have kept that.
    async fn unkept<T>(&mut self, commits: impl AsyncFnOnce(&MySqlStore) -> T) -> T {
        self.set("innodb_flush_log_at_trx_commit = 0").await;
        let done = commits(&self.owner).await;
        self.set("innodb_flush_log_at_trx_commit = 1").await;
        done
    }

    async fn set(&mut self, variable: &str) {
        sqlx::raw_sql(AssertSqlSafe(format!("SET GLOBAL {variable}"))).execute(&mut self.raw).await.unwrap();
    }

    /// What a delivery is told after the server was killed and came back.
    async fn after_a_crash(self, key: &Key) -> ClaimVerdict {
        self.server.kill();
        self.server.start_again();
        Self::open(&self.server).await.claim(&request(key.clone())).await.unwrap()
    }
}

async fn told(store: &MySqlStore, key: &Key) -> ClaimVerdict {
    store.claim(&request(key.clone())).await.unwrap()
}

#[tokio::test]
async fn a_commit_that_nobody_was_told_of_may_be_lost_or_these_tests_show_nothing() {
    let mut scene = Scene::new(&[]).await;
    let key = key("t", 1);
    scene.unkept(async |owner| done(owner, key.clone(), b"x").await).await;
    claimed(scene.after_a_crash(&key).await);
}

#[tokio::test]
async fn a_result_that_a_duplicate_was_told_is_there_after_a_crash() {
    let mut scene = Scene::new(&[]).await;
    let key = key("t", 1);
    scene.unkept(async |owner| done(owner, key.clone(), b"x").await).await;
    assert!(matches!(told(&scene.other, &key).await, ClaimVerdict::Completed(_)));
    let after = scene.after_a_crash(&key).await;
    assert!(matches!(after, ClaimVerdict::Completed(_)), "{after:?}");
}

#[tokio::test]
async fn what_a_duplicate_was_told_in_its_own_transaction_is_there_after_a_crash_though_that_is_rolled_back() {
    let mut scene = Scene::new(&[]).await;
    let key = key("t", 1);
    scene.unkept(async |owner| done(owner, key.clone(), b"x").await).await;
    let mut raw = connect(scene.server.url()).await;
    let mut transaction = raw.begin().await.unwrap();
    {
        let mut within = scene.other.within(transaction.connection()).unwrap();
        within.enter(&Mark::new(), None).await.unwrap();
        let told = within.claim(&request(key.clone())).await.unwrap();
        assert!(matches!(told, Some(ClaimVerdict::Completed(_))), "{told:?}");
    }
    transaction.rollback().await.unwrap();
    let after = scene.after_a_crash(&key).await;
    assert!(matches!(after, ClaimVerdict::Completed(_)), "{after:?}");
}

#[tokio::test]
async fn what_is_known_of_a_key_without_a_claim_is_there_after_a_crash() {
    let mut scene = Scene::new(&[]).await;
    let key = key("t", 1);
    scene.unkept(async |owner| done(owner, key.clone(), b"x").await).await;
    scene.other.get(&key).await.unwrap().unwrap();
    assert!(matches!(scene.after_a_crash(&key).await, ClaimVerdict::Completed(_)));
}

#[tokio::test]
async fn a_failure_that_is_remembered_is_remembered_after_a_crash() {
    let mut scene = Scene::new(&[]).await;
    let claim = request(key("t", 1));
    let day = Failure::Store(Duration::from_secs(86_400));
    let fail = async |owner: &MySqlStore| {
        claimed(owner.claim(&claim).await.unwrap());
        owner.fail(&failure(&claim, day)).await.unwrap();
    };
    scene.unkept(fail).await;
    assert!(matches!(told(&scene.other, &claim.key).await, ClaimVerdict::Failed(_)));
    assert!(matches!(scene.after_a_crash(&claim.key).await, ClaimVerdict::Failed(_)));
}

/// Its first answer was lost.
#[tokio::test]
async fn a_claim_that_is_granted_again_is_held_after_a_crash() {
    let mut scene = Scene::new(&[]).await;
    let claim: ClaimRequest = request(key("t", 1));
    scene.unkept(async |owner| claimed(owner.claim(&claim).await.unwrap())).await;
    claimed(scene.other.claim(&claim).await.unwrap());
    let after = scene.after_a_crash(&claim.key).await;
    assert!(matches!(after, ClaimVerdict::Running { .. }), "{after:?}");
}

#[tokio::test]
async fn a_completion_that_is_sent_again_is_there_after_a_crash() {
    let mut scene = Scene::new(&[]).await;
    let claim = request(key("t", 1));
    let done = scene
        .unkept(async |owner| {
            let done = completion(&claim, &claimed(owner.claim(&claim).await.unwrap()), b"x");
            owner.complete(&done).await.unwrap();
            done
        })
        .await;
    scene.other.complete(&done).await.unwrap();
    assert!(matches!(scene.after_a_crash(&claim.key).await, ClaimVerdict::Completed(_)));
}
