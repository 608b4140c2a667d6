//! The proxy in front of a server that answers `[text]` to `text`, a line for a line.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use idem_runtime::testing::proxy::{Proxy, WireFault};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(10);

/// What the server got.
type Heard = Arc<Mutex<Vec<String>>>;

/// Greets like MySQL does, unasked.
async fn server() -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, heard) = (listener.local_addr().unwrap(), Heard::default());
    let hears = Arc::clone(&heard);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let heard = Arc::clone(&hears);
            tokio::spawn(async move {
                let (read, mut write) = stream.split();
                write.write_all(b"hello\n").await.unwrap();
                let mut lines = BufReader::new(read).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    heard.lock().unwrap().push(line.clone());
                    let _ = write.write_all(format!("[{line}]\n").as_bytes()).await;
                }
            });
        }
    });
    (address, heard)
}

struct Client(BufReader<TcpStream>);

impl Client {
    /// Connected and greeted.
    async fn new(proxy: &Proxy) -> Self {
        let mut client = Self(BufReader::new(TcpStream::connect(proxy.address()).await.unwrap()));
        assert_eq!(client.hear().await, "hello\n");
        client
    }

    async fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(format!("{text}\n").as_bytes()).await.unwrap();
    }

    /// A line, or as much of it as came before the end.
    async fn hear(&mut self) -> String {
        let mut line = String::new();
        match timeout(SOON, self.0.read_line(&mut line)).await.expect("nothing was heard") {
            Ok(_) => line,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                line
            }
        }
    }

    async fn ask(&mut self, text: &str) -> String {
        self.say(text).await;
        self.hear().await
    }
}

#[tokio::test]
async fn each_fault_takes_what_it_names_and_no_more() {
    for (fault, arrives, reply) in
        [(WireFault::LoseRequest, false, ""), (WireFault::LoseReply, true, ""), (WireFault::HalfReply, true, "[aa")]
    {
        let (target, heard) = server().await;
        let proxy = Proxy::start(target).unwrap();
        let (mut client, mut other) = (Client::new(&proxy).await, Client::new(&proxy).await);
        proxy.next(fault);
        assert_eq!(client.ask("aaaa").await, reply, "{fault:?}");
        assert_eq!(client.0.read(&mut [0; 1]).await.unwrap_or(0), 0, "{fault:?}: the connection has ended");
        assert_eq!(heard.lock().unwrap().len(), usize::from(arrives), "{fault:?}");
        assert_eq!(other.ask("b").await, "[b]\n", "another connection goes on");
        assert_eq!(Client::new(&proxy).await.ask("c").await, "[c]\n");
        assert_eq!((proxy.exchanges(), proxy.faults(), proxy.connections()), (3, 1, 3));
        assert_eq!(proxy.answers(), if arrives { 3 } else { 2 });
    }
}

#[tokio::test]
async fn a_late_reply_comes_later() {
    let proxy = Proxy::start(server().await.0).unwrap();
    let mut client = Client::new(&proxy).await;
    let delay = Duration::from_millis(60);
    proxy.next(WireFault::LateReply(delay));
    let began = Instant::now();
    assert_eq!(client.ask("a").await, "[a]\n");
    assert!(began.elapsed() >= delay);
    assert_eq!(client.ask("b").await, "[b]\n");
}

#[tokio::test]
async fn what_is_held_goes_on_when_it_is_released() {
    for (fault, arrives) in [(WireFault::HoldRequest, false), (WireFault::HoldReply, true)] {
        let (target, heard) = server().await;
        let proxy = Proxy::start(target).unwrap();
        let mut client = Client::new(&proxy).await;
        proxy.next(fault);
        client.say("a").await;
        timeout(SOON, proxy.held()).await.unwrap();
        assert_eq!(heard.lock().unwrap().len(), usize::from(arrives), "{fault:?}");
        proxy.release();
        assert_eq!(client.hear().await, "[a]\n", "{fault:?}");
    }
}

#[tokio::test]
async fn a_held_request_arrives_when_its_client_is_gone() {
    let (target, heard) = server().await;
    let proxy = Proxy::start(target).unwrap();
    let mut client = Client::new(&proxy).await;
    proxy.next(WireFault::HoldRequest);
    client.say("late").await;
    timeout(SOON, proxy.held()).await.unwrap();
    drop(client);
    assert_eq!(Client::new(&proxy).await.ask("a").await, "[a]\n");
    proxy.release();
    timeout(SOON, proxy.answered(2)).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), ["a", "late"]);
}

#[tokio::test]
async fn a_fault_is_chosen_by_number_by_content_or_for_all() {
    let proxy = Proxy::start(server().await.0).unwrap();
    proxy.at(3, WireFault::LoseReply);
    proxy.next_holding("needle", WireFault::LoseReply);
    let mut client = Client::new(&proxy).await;
    assert_eq!(client.ask("one").await, "[one]\n");
    assert_eq!(client.ask("two").await, "[two]\n");
    assert_eq!(client.ask("three").await, "");
    client = Client::new(&proxy).await;
    assert_eq!(client.ask("four").await, "[four]\n");
    assert_eq!(client.ask("a needle in it").await, "");
    assert_eq!(Client::new(&proxy).await.ask("a needle").await, "[a needle]\n", "once");
    proxy.always(WireFault::LoseRequest);
    for _ in 0..3 {
        assert_eq!(Client::new(&proxy).await.ask("a").await, "");
    }
    proxy.heal();
    assert_eq!(Client::new(&proxy).await.ask("a").await, "[a]\n");
    assert_eq!(proxy.faults(), 5);
}

#[tokio::test]
async fn a_burst_is_one_exchange_however_many_requests_it_holds() {
    let proxy = Proxy::start(server().await.0).unwrap();
    let mut client = Client::new(&proxy).await;
    assert_eq!(proxy.exchanges(), 0, "a greeting is none");
    assert_eq!(client.ask("a\nb\nc").await, "[a]\n");
    assert_eq!((client.hear().await, client.hear().await), ("[b]\n".into(), "[c]\n".into()));
    assert_eq!(proxy.exchanges(), 1);
    client.ask("d").await;
    timeout(SOON, proxy.reached(2)).await.unwrap();
    assert_eq!(proxy.exchanges(), 2);
}

#[tokio::test]
async fn refused_connections_are_refused_and_open_ones_go_on() {
    let proxy = Proxy::start(server().await.0).unwrap();
    let mut client = Client::new(&proxy).await;
    for _ in 0..2 {
        proxy.refuse().await;
        proxy.refuse().await;
        let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(client.ask("a").await, "[a]\n");
        proxy.accept().await;
        proxy.accept().await;
        assert_eq!(Client::new(&proxy).await.ask("b").await, "[b]\n");
    }
}

#[tokio::test]
async fn new_connections_lead_to_another_server_and_open_ones_go_on() {
    let ((first, first_heard), (second, second_heard)) = (server().await, server().await);
    let proxy = Proxy::start(first).unwrap();
    let mut open = Client::new(&proxy).await;
    assert_eq!(open.ask("a").await, "[a]\n");
    proxy.lead_to(&format!("redis://{second}")).unwrap();
    let mut new = Client::new(&proxy).await;
    assert_eq!((open.ask("b").await, new.ask("c").await), ("[b]\n".into(), "[c]\n".into()));
    assert!(proxy.lead_to("redis://").is_err());
    assert_eq!(Client::new(&proxy).await.ask("d").await, "[d]\n");
    assert_eq!(*first_heard.lock().unwrap(), ["a", "b"]);
    assert_eq!(*second_heard.lock().unwrap(), ["c", "d"]);
}

#[tokio::test]
async fn all_connections_are_cut_held_ones_too() {
    let (target, heard) = server().await;
    let proxy = Proxy::start(target).unwrap();
    let (mut idle, mut held) = (Client::new(&proxy).await, Client::new(&proxy).await);
    proxy.next(WireFault::HoldRequest);
    held.say("a").await;
    timeout(SOON, proxy.held()).await.unwrap();
    proxy.cut_all().await;
    assert_eq!((idle.hear().await, held.hear().await), (String::new(), String::new()));
    proxy.release();
    assert_eq!(Client::new(&proxy).await.ask("b").await, "[b]\n");
    assert_eq!(*heard.lock().unwrap(), ["b"]);
    assert!(timeout(Duration::from_millis(20), proxy.held()).await.is_err(), "nothing is held any more");
}

#[tokio::test]
async fn large_requests_and_replies_pass_whole() {
    let proxy = Proxy::start(server().await.0).unwrap();
    let mut client = Client::new(&proxy).await;
    let large = "x".repeat(5 << 20);
    assert_eq!(client.ask(&large).await, format!("[{large}]\n"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_connection_that_ends() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let proxy = Proxy::start(gone).unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_dropped_proxy_cuts_and_frees_its_port() {
    let proxy = Proxy::start(server().await.0).unwrap();
    let (address, mut client, clone) = (proxy.address(), Client::new(&proxy).await, proxy.clone());
    drop(proxy);
    assert_eq!(client.ask("a").await, "[a]\n", "a clone is the same proxy");
    drop(clone);
    assert_eq!(client.hear().await, "");
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    timeout(SOON, refused).await.unwrap();
}
