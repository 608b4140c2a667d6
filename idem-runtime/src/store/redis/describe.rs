//! What the server is, as it says itself.

use redis::Value;

use super::fault;
use super::link::{Link, pipeline};
use crate::store::{Description, Durability, Setting, StoreError};

/// The settings that bear on the promise, in the order in which they are shown.
const ASKED: [&str; 6] =
    ["maxmemory", "maxmemory-policy", "appendonly", "appendfsync", "save", "min-replicas-to-write"];

/// A server that lets nobody see its settings.
const UNKNOWN: &str = "unknown";

impl Link {
    pub(super) async fn describe(&self) -> Result<Description, StoreError> {
        let shared = &self.shared;
        self.meet_again().await?;
        let node = self.nodes().await?.into_iter().next().ok_or_else(|| fault::odd(&shared.name))?;
        let mut commands = pipeline();
        commands.cmd("INFO");
        for name in ASKED {
            commands.cmd("CONFIG").arg("GET").arg(name);
        }
        let mut replies = self.talk()?.ask_at(&node, &commands).await?.into_iter();
        // A server may forbid either: then its settings are unknown, not harmless.
        let info = replies.next().and_then(Result::ok).and_then(|said| redis::from_redis_value::<String>(said).ok());
        let info = info.unwrap_or_default();
        let config: Vec<String> = ASKED.iter().zip(replies).map(|(name, said)| value_of(name, said.ok())).collect();
        let mut settings: Vec<Setting> =
            ASKED.iter().zip(&config).map(|(name, value)| setting(name, value, harm(name, value, &config))).collect();
        settings.extend(self.own_settings(&info));
        let version = field(&info, "valkey_version").map(|version| format!("Valkey {version}"));
        Ok(Description {
            kind: "redis".into(),
            version: version.or_else(|| field(&info, "redis_version").map(str::to_owned)),
            location: shared.address.shown(),
            durability: if on_disk(&config) { Durability::Disk } else { Durability::Server },
            settings,
        })
    }

    fn own_settings(&self, info: &str) -> Vec<Setting> {
        let shared = &self.shared;
        let replicas = field(info, "connected_slaves").unwrap_or(UNKNOWN);
        let waits = shared.replicas.map_or(0, |replicas| replicas.count);
        let failover = waits == 0 && !matches!(replicas, "0" | UNKNOWN);
        let lost = shared.lives.lost();
        let forgot =
            "the server forgot everything while this process ran: what was claimed or completed before ran again";
        let ifeq = shared.ifeq.load(std::sync::atomic::Ordering::Relaxed);
        let limits = shared.limits;
        vec![
            setting("prefix", shared.names.prefix(), None),
            setting("role", field(info, "role").unwrap_or(UNKNOWN), None),
            setting("connected_slaves", replicas, None),
            setting("wait_replicas", &waits.to_string(), failover.then_some(FAILOVER)),
            setting("cluster_enabled", field(info, "cluster_enabled").unwrap_or(UNKNOWN), None),
            setting("SET IFEQ", if ifeq { "yes" } else { "no" }, None),
            setting("response_timeout", &humantime::format_duration(limits.response).to_string(), None),
            setting("forgotten", &lost.to_string(), (lost > 0).then_some(forgot)),
        ]
    }
}

const FAILOVER: &str = "a failover takes back claims and completions that the replica had not heard of: their bodies run again; \
                        `wait_replicas` waits for replicas";

const CRASH: &str = "a crash of the server takes back its last claims and completions: their bodies run again";

const EVICTS: &str = "a full server evicts records: completed work runs again; set `noeviction`";

const NOT_ON_DISK: &str = "a restart of the server forgets everything: completed work runs again; set `appendonly yes` and `appendfsync always`";

fn harm(name: &str, value: &str, config: &[String]) -> Option<&'static str> {
    match (name, value) {
        (_, UNKNOWN) => (name == "maxmemory-policy" || name == "appendonly")
            .then_some("the server does not say (CONFIG is forbidden): look there that records are kept"),
        ("maxmemory-policy", policy) => (policy != "noeviction").then_some(EVICTS),
        ("appendonly", "no") if !on_disk(config) => Some(NOT_ON_DISK),
        ("appendonly", "no") => Some(CRASH),
        ("appendfsync", how) => (config_of(config, "appendonly") == "yes" && how != "always").then_some(CRASH),
        _ => None,
    }
}

fn on_disk(config: &[String]) -> bool {
    config_of(config, "appendonly") == "yes" || !matches!(config_of(config, "save"), "" | UNKNOWN)
}

fn config_of<'c>(config: &'c [String], name: &str) -> &'c str {
    let value = ASKED.iter().zip(config).find(|(asked, _)| **asked == name);
    value.map_or(UNKNOWN, |(_, value)| value)
}

fn value_of(name: &str, said: Option<Value>) -> String {
    let pairs = said.and_then(|said| redis::from_redis_value::<Vec<(String, String)>>(said).ok());
    let value = pairs.into_iter().flatten().find(|(said, _)| said == name).map(|(_, value)| value);
    value.unwrap_or_else(|| UNKNOWN.into())
}

fn field<'i>(info: &'i str, name: &str) -> Option<&'i str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim_end)
}

fn setting(name: &str, value: &str, harm: Option<&str>) -> Setting {
    Setting { name: name.into(), value: value.into(), harm: harm.map(str::to_owned) }
}
