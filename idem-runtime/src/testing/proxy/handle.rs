//! The proxy as a test sees it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::control::{Control, WireFault};
use super::thread::{self, Order, Target};
use super::url;

/// Stands between a store and its server, and lets exchanges fail as the test says: by number, next, by what they hold,
/// always, held back. It has a thread of its own, so that a test may block its runtime or stop its clock. Clones are the
/// same proxy; it ends with the last of them, and cuts its connections.
///
/// Connections that a store opens make exchanges too: let the store connect before a fault is armed, or say what the
/// request [holds](Self::next_holding).
///
/// ```
/// use idem_runtime::testing::proxy::{Proxy, WireFault};
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = TcpListener::bind("127.0.0.1:0")?;
/// let proxy = Proxy::start(server.local_addr()?)?;
/// assert_eq!(proxy.url("redis://user:secret@10.0.0.1/2").as_deref(), Some(&*format!("redis://user:secret@{}/2", proxy.address())));
///
/// proxy.next_holding("two", WireFault::LoseReply);
/// let mut client = TcpStream::connect(proxy.address())?;
/// let (mut connection, _) = server.accept()?;
/// let mut text = [0; 3];
/// for word in ["one", "two"] {
///     client.write_all(word.as_bytes())?;
///     connection.read_exact(&mut text)?;
///     connection.write_all(b"yes")?;
///     println!("{word}: {}", client.read(&mut text)?); // one: 3, two: 0
/// }
/// assert_eq!((proxy.exchanges(), proxy.faults()), (2, 1));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Proxy {
    address: SocketAddr,
    target: Target,
    control: Arc<Control>,
    orders: mpsc::UnboundedSender<(Order, oneshot::Sender<()>)>,
}

impl Proxy {
    /// Listens on a free port of 127.0.0.1 and forwards to `target`. Nothing fails yet.
    ///
    /// # Errors
    /// No port or no thread can be had.
    pub fn start(target: SocketAddr) -> io::Result<Self> {
        let control = Arc::new(Control::default());
        let (orders, received) = mpsc::unbounded_channel();
        let target = Arc::new(Mutex::new(target));
        let address = thread::start(Arc::clone(&target), Arc::clone(&control), received)?;
        Ok(Self { address, target, control, orders })
    }

    /// The same in front of the server that a URL names.
    ///
    /// # Errors
    /// As [`start`](Self::start); the URL has no host, or neither a port nor a scheme whose port is known.
    pub fn before(url: &str) -> io::Result<Self> {
        Self::start(url::target(url)?)
    }

    /// New connections lead to the server that this URL names, as a name does after a failover. Those that are open go on:
    /// [`cut_all`](Self::cut_all) ends them.
    ///
    /// # Errors
    /// The URL is none that [`before`](Self::before) takes; everything stays as it was.
    pub fn lead_to(&self, url: &str) -> io::Result<()> {
        let target = url::target(url)?;
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
        Ok(())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A server's URL with the proxy's host and port; user, password, path and options stay. `None` if it has no host.
    pub fn url(&self, server: &str) -> Option<String> {
        url::with_host(server, &self.address.to_string())
    }

    /// The `number`-th exchange, from 1 and over the life of the proxy, fails so.
    pub fn at(&self, number: u64, fault: WireFault) {
        self.control.at(number, fault);
    }

    /// The next exchange fails so; said again, the one after it.
    pub fn next(&self, fault: WireFault) {
        self.control.next(fault);
    }

    /// The next exchange whose request holds these bytes fails so. Only what arrives of it at first is looked at, which for
    /// requests of up to 64 KiB is commonly the whole.
    pub fn next_holding(&self, bytes: impl AsRef<[u8]>, fault: WireFault) {
        self.control.next_holding(bytes.as_ref(), fault);
    }

    /// Every exchange fails so, until [`heal`](Self::heal).
    pub fn always(&self, fault: WireFault) {
        self.control.always(fault);
    }

    /// From now on nothing fails. What is held back stays so until [`release`](Self::release).
    pub fn heal(&self) {
        self.control.heal();
    }

    /// Lets everything go on that is held back now.
    pub fn release(&self) {
        self.control.release();
    }

    /// Refuses new connections, as a port on which nobody listens, until [`accept`](Self::accept). Those that are open go on.
    ///
    /// # Cancel safety
    /// Dropped, it is done all the same, a moment later.
    pub async fn refuse(&self) {
        self.order(Order::Refuse).await;
    }

    /// Takes connections again.
    ///
    /// # Cancel safety
    /// Dropped, it is done all the same, a moment later.
    pub async fn accept(&self) {
        self.order(Order::Accept).await;
    }

    /// Cuts every connection that is open, also where something is held back on it.
    ///
    /// # Cancel safety
    /// Dropped, it is done all the same, a moment later.
    pub async fn cut_all(&self) {
        self.order(Order::CutAll).await;
    }

    /// How many connections were taken so far.
    pub fn connections(&self) -> u64 {
        self.control.counts().connections
    }

    /// How many exchanges have begun so far, failed ones included.
    pub fn exchanges(&self) -> u64 {
        self.control.counts().exchanges
    }

    /// How many of them the server has answered, also where its reply was lost.
    pub fn answers(&self) -> u64 {
        self.control.counts().answers
    }

    /// How many of them were made to fail.
    pub fn faults(&self) -> u64 {
        self.control.counts().faults
    }

    /// Until the `number`-th exchange has begun; at once where it has.
    ///
    /// # Cancel safety
    /// It only looks.
    pub async fn reached(&self, number: u64) {
        self.control.until(|counts| counts.exchanges >= number).await;
    }

    /// Until the server has answered so many; at once where it has. So a test knows that a request has arrived.
    ///
    /// # Cancel safety
    /// It only looks.
    pub async fn answered(&self, number: u64) {
        self.control.until(|counts| counts.answers >= number).await;
    }

    /// Until something is held back: of [`WireFault::HoldReply`], until the server has answered.
    ///
    /// # Cancel safety
    /// It only looks.
    pub async fn held(&self) {
        self.control.until(|counts| counts.held > 0).await;
    }

    async fn order(&self, order: Order) {
        let (done, is_done) = oneshot::channel();
        // The thread lives as long as a handle.
        if self.orders.send((order, done)).is_ok() {
            let _ = is_done.await;
        }
    }
}
