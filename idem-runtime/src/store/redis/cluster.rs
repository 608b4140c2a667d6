//! What a cluster needs beyond one server: its primaries one by one.

use std::future::poll_fn;
use std::task::Poll;

use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::{ConnectionInfo, Pipeline, RedisResult, Value};

use super::fault;
use super::link::{Link, Reply, Talk, pipeline};
use super::script::Call;
use super::shared::Shared;
use super::wire::Node;
use crate::store::StoreError;

/// A client that asks again once where the cluster has moved a key; all else is the store's own business.
pub(super) fn client(nodes: &[ConnectionInfo], shared: &Shared) -> RedisResult<ClusterClient> {
    let builder = ClusterClient::builder(nodes.iter().cloned())
        .retries(1)
        .connection_timeout(shared.limits.connect)
        .response_timeout(shared.limits.response);
    #[cfg(feature = "tls-rustls")]
    if let Some(roots) = super::wire::certificates(shared) {
        return builder.certs(roots).build();
    }
    builder.build()
}

/// Sends commands to one server of the cluster.
pub(super) async fn send(
    cluster: &ClusterConnection,
    host: &str,
    port: u16,
    commands: &Pipeline,
) -> RedisResult<Vec<Reply>> {
    let route = SingleNodeRoutingInfo::ByAddress { host: host.to_owned(), port };
    let replies = cluster.clone().route_pipeline(commands.clone(), 0, commands.len(), route).await?;
    Ok(replies.into_iter().map(Value::extract_error).collect())
}

/// Runs scripts whose keys are on different servers: each by itself, all at the same time.
pub(super) async fn run_each(talk: &Talk<'_>, calls: &[Call<'_>]) -> Result<Vec<Reply>, StoreError> {
    let mut running: Vec<_> = calls.iter().map(|call| Some(Box::pin(talk.run(std::slice::from_ref(call))))).collect();
    let mut answers: Vec<Option<Result<Vec<Reply>, StoreError>>> = calls.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (run, answer) in running.iter_mut().zip(&mut answers) {
            if let Some(future) = run
                && let Poll::Ready(answered) = future.as_mut().poll(context)
            {
                (*run, *answer) = (None, Some(answered));
            }
        }
        if running.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let mut replies = Vec::with_capacity(calls.len());
    for answer in answers.into_iter().flatten() {
        replies.extend(answer?);
    }
    Ok(replies)
}

impl Link {
    pub(super) async fn primaries(&self) -> Result<Vec<Node>, StoreError> {
        let shared = &self.shared;
        let mut commands = pipeline();
        commands.cmd("GET").arg(shared.names.incarnation());
        commands.cmd("CLUSTER").arg("SLOTS");
        let said = self.talk()?.ask(&commands).await?.pop().ok_or_else(|| fault::odd(&shared.name))?;
        let said = said.map_err(|error| fault::of(&shared.name, &error))?;
        let mut nodes: Vec<(String, u16)> = Vec::new();
        for slots in said.into_sequence().map_err(|_| fault::odd(&shared.name))? {
            let primary = slots.into_sequence().ok().and_then(|slots| slots.into_iter().nth(2));
            let parts = primary.and_then(|primary| primary.into_sequence().ok()).unwrap_or_default();
            let (Some(host), Some(Value::Int(port))) = (parts.first(), parts.get(1)) else {
                return Err(fault::odd(&shared.name));
            };
            let host = redis::from_redis_value_ref(host).map_err(|_| fault::odd(&shared.name))?;
            nodes.push((host, u16::try_from(*port).map_err(|_| fault::odd(&shared.name))?));
        }
        nodes.sort_unstable();
        nodes.dedup();
        Ok(nodes.into_iter().map(|(host, port)| Node::At { host, port }).collect())
    }
}
