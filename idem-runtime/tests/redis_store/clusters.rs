//! A cluster, and a primary that sentinels watch.

#[cfg(feature = "redis-cluster")]
mod cluster {
    use std::net::TcpListener;

    use idem_runtime::claim::{ClaimVerdict, CompleteVerdict, RenewVerdict};
    use idem_runtime::store::ListQuery;
    use idem_runtime::{RedisStore, Store, StoreError};
    use idem_test_servers::Redis;
    use redis::Connection;

    use crate::support::{SHORT, brief, claimed, command, completion, key, renewal, request, setting};

    const SLOTS: u16 = 16_384;

    fn raw(server: &Redis) -> Connection {
        redis::Client::open(server.url()).unwrap().get_connection().unwrap()
    }

    /// Three primaries that know each other.
    fn cluster() -> Vec<Redis> {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let node = |bus: String| Redis::start(&["--cluster-enabled", "yes", "--cluster-port", &bus]);
        let buses: Vec<String> = (0..3).map(|_| free()).collect();
        let nodes: Vec<Redis> = buses.iter().cloned().map(node).collect();
        for (at, node) in (0_u16..).zip(&nodes) {
            let (first, last) = (SLOTS / 3 * at, if at == 2 { SLOTS - 1 } else { SLOTS / 3 * (at + 1) - 1 });
            let slots = [first.to_string(), last.to_string()];
            let () = command(&["CLUSTER", "ADDSLOTSRANGE", &slots[0], &slots[1]]).query(&mut raw(node)).unwrap();
            let port = node.port().to_string();
            let bus = &buses[usize::from(at)];
            let () = command(&["CLUSTER", "MEET", "127.0.0.1", &port, bus]).query(&mut raw(&nodes[0])).unwrap();
        }
        for _ in 0..600 {
            let whole = |node: &Redis| {
                let info: String = command(&["CLUSTER", "INFO"]).query(&mut raw(node)).unwrap();
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            };
            if nodes.iter().all(whole) {
                return nodes;
            }
            // tidy: allow sleep: between looks at the gossip of the servers
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("the servers do not find each other");
    }

    #[tokio::test]
    async fn records_lie_on_all_servers_of_a_cluster_and_everything_works() {
        let nodes = cluster();
        let url = format!("redis-cluster://127.0.0.1:{},127.0.0.1:{}", nodes[0].port(), nodes[1].port());
        let store = RedisStore::connect(&url).await.unwrap();
        let mut renewals = Vec::new();
        for n in 0..30 {
            let claim = if n < 3 { brief(key("t", n)) } else { request(key("t", n)) };
            let granted = claimed(store.claim(&claim).await.unwrap());
            let now = store.now(&claim.key).await.unwrap();
            assert!(
                now >= granted.at && now.since(granted.at) < std::time::Duration::from_secs(5),
                "the server of the key tells the time: {now}"
            );
            assert!(matches!(store.claim(&request(claim.key.clone())).await.unwrap(), ClaimVerdict::Running { .. }));
            match n % 3 {
                0 if n > 3 => {
                    let verdict = store.complete(&completion(&claim, &granted, b"x")).await.unwrap();
                    assert!(matches!(verdict, CompleteVerdict::Completed { restored: false, .. }));
                }
                _ if n > 3 => renewals.push(renewal(&claim)),
                _ => {}
            }
        }
        let answers = store.renew(&renewals).await.unwrap();
        assert_eq!(answers.len(), renewals.len());
        assert!(answers.iter().all(|answer| *answer == Ok(RenewVerdict::Renewed)), "{answers:?}");
        // tidy: allow sleep: the leases must run out
        tokio::time::sleep(SHORT * 2).await;
        assert_eq!(store.sweep(10).await.unwrap().stale.len(), 3);
        assert_eq!(claimed(store.claim(&request(key("t", 1))).await.unwrap()).attempt, 2);
        let listed = store.list(&ListQuery::default()).await.unwrap();
        assert!(listed.len() == 30 && listed.is_sorted_by_key(|record| *record.key.digest()), "{}", listed.len());
        for node in &nodes {
            let count: i64 = command(&["DBSIZE"]).query(&mut raw(node)).unwrap();
            assert!(count > 3, "{count} of 31 keys on one of three servers");
        }
        let description = store.describe().await.unwrap();
        assert_eq!(setting(&description, "cluster_enabled").0, "1");
        assert!(description.location.starts_with("cluster 127.0.0.1:"), "{description:?}");
        // Scripts that one server forgot.
        let () = command(&["SCRIPT", "FLUSH"]).query(&mut raw(&nodes[2])).unwrap();
        assert!(store.renew(&renewals).await.unwrap().iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn a_node_of_a_cluster_is_no_server_by_itself() {
        let nodes = cluster();
        let mut refused = 0;
        for node in &nodes {
            match RedisStore::connect(node.url()).await {
                Err(error @ StoreError::Schema { .. }) => {
                    assert!(error.to_string().contains("redis-cluster://"), "{error}");
                    refused += 1;
                }
                // It holds the slot of the incarnation; it will say so at the first record.
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(refused, 2);
    }
}

#[cfg(feature = "redis-sentinel")]
mod sentinel {
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    use idem_runtime::{RedisStore, Store, StoreError};
    use idem_test_servers::Redis;

    use crate::support::{claimed, command, key, request};

    /// A sentinel, gone with its handle.
    struct Sentinel {
        process: Child,
        port: u16,
        _folder: tempfile::TempDir,
    }

    impl Sentinel {
        fn of(primary: &Redis) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let file = folder.path().join("sentinel.conf");
            let monitored = primary.port();
            let words = format!(
                "port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {monitored} 1\n\
                 sentinel down-after-milliseconds main 300\nsentinel failover-timeout main 2000\n"
            );
            std::fs::write(&file, words).unwrap();
            let mut server = Command::new("redis-server");
            let process = server.arg(&file).arg("--sentinel").stdout(Stdio::null()).spawn().unwrap();
            let sentinel = Self { process, port, _folder: folder };
            sentinel.wait_for(|primary| primary == monitored);
            sentinel
        }

        fn wait_for(&self, expected: impl Fn(u16) -> bool) {
            for _ in 0..400 {
                let ask = || -> redis::RedisResult<(String, u16)> {
                    let mut raw = redis::Client::open(format!("redis://127.0.0.1:{}", self.port))?.get_connection()?;
                    command(&["SENTINEL", "get-master-addr-by-name", "main"]).query(&mut raw)
                };
                if ask().is_ok_and(|(_, port)| expected(port)) {
                    return;
                }
                // tidy: allow sleep: between looks at what the sentinel has found
                std::thread::sleep(Duration::from_millis(50));
            }
            panic!("the sentinel does not find what it should");
        }
    }

    impl Drop for Sentinel {
        fn drop(&mut self) {
            _ = self.process.kill();
            _ = self.process.wait();
        }
    }

    #[tokio::test]
    async fn after_a_failover_the_next_connection_goes_to_the_new_primary() {
        let primary = Redis::start(&["--repl-diskless-sync-delay", "0"]);
        let replica = Redis::start(&["--replicaof", &format!("127.0.0.1 {}", primary.port())]);
        let mut raw = redis::Client::open(primary.url()).unwrap().get_connection().unwrap();
        let () = command(&["SET", "probe", "1"]).query(&mut raw).unwrap();
        while command(&["WAIT", "1", "100"]).query::<i64>(&mut raw).unwrap() != 1 {}
        let sentinel = Sentinel::of(&primary);
        let url = format!("redis-sentinel://127.0.0.1:{}/main/0", sentinel.port);
        let store = RedisStore::builder(&url).wait_replicas(1, Duration::from_millis(500)).connect().await.unwrap();
        let claim = request(key("t", 1));
        claimed(store.claim(&claim).await.unwrap());
        // The sentinel must have heard of the replica, which it looks for every ten seconds, before it can promote it.
        let mut known = false;
        for _ in 0..400 {
            let mut raw =
                redis::Client::open(format!("redis://127.0.0.1:{}", sentinel.port)).unwrap().get_connection().unwrap();
            let replicas: Vec<redis::Value> = command(&["SENTINEL", "replicas", "main"]).query(&mut raw).unwrap();
            known = !replicas.is_empty();
            if known {
                break;
            }
            // tidy: allow sleep: between looks at what the sentinel has found
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(known);
        primary.kill();
        sentinel.wait_for(|port| port == replica.port());
        // Without a replica of its own, the new primary has nobody to wait for. While the failover is under way, the
        // sentinels still name the old one here and there.
        let store = loop {
            match RedisStore::connect(&url).await {
                Ok(store) => break store,
                Err(error) => assert!(matches!(error, StoreError::Unavailable { .. }), "{error}"),
            }
        };
        let again = claimed(store.claim(&claim).await.unwrap());
        assert_eq!(again.attempt, 1, "the replica knew of the claim, and of its owner");
        assert!(store.describe().await.unwrap().location.contains("by sentinels 127.0.0.1:"));
        let unknown = url.replace("/main/", "/nobody/");
        let error = RedisStore::connect(&unknown).await.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    }
}
