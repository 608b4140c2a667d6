//! The proxy's thread: who listens, and which connections there are.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::control::Control;
use super::relay::relay;

/// What a handle tells the thread.
#[derive(Debug)]
pub(super) enum Order {
    Refuse,
    Accept,
    CutAll,
}

/// The server that connections are forwarded to.
pub(super) type Target = Arc<Mutex<SocketAddr>>;

type Orders = mpsc::UnboundedReceiver<(Order, oneshot::Sender<()>)>;
type Connections = Arc<Mutex<Vec<JoinHandle<()>>>>;

/// Starts it; where it listens.
pub(super) fn start(target: Target, control: Arc<Control>, orders: Orders) -> io::Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let within = runtime.enter();
    // Keeps the port for the proxy while nobody listens on it.
    let place = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = place.local_addr()?;
    let listener = listen(address)?;
    drop(within);
    std::thread::Builder::new().name("idem-test-proxy".into()).spawn(move || {
        runtime.block_on(serve(target, address, listener, control, orders));
        drop(place);
    })?;
    Ok(address)
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Two sockets have the port, one of which listens.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    bind(address)?.listen(128)
}

/// Until the last handle is gone.
async fn serve(target: Target, address: SocketAddr, listener: TcpListener, control: Arc<Control>, mut orders: Orders) {
    let connections = Connections::default();
    let take =
        |listener| tokio::spawn(take(listener, Arc::clone(&target), Arc::clone(&control), Arc::clone(&connections)));
    let mut taking = Some(take(listener));
    while let Some((order, done)) = orders.recv().await {
        match order {
            Order::Refuse => {
                if let Some(taking) = taking.take() {
                    end(taking).await;
                }
            }
            Order::Accept if taking.is_none() => taking = listen(address).ok().map(take),
            Order::Accept => {}
            Order::CutAll => {
                let open = std::mem::take(&mut *connections.lock().unwrap_or_else(PoisonError::into_inner));
                for connection in open {
                    end(connection).await;
                }
            }
        }
        // A test that has stopped waiting is no failure.
        let _ = done.send(());
    }
}

async fn end(task: JoinHandle<()>) {
    task.abort();
    let _ = task.await;
}

/// Takes connections, and forwards each to one of its own to the server.
async fn take(listener: TcpListener, target: Target, control: Arc<Control>, connections: Connections) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        control.connected();
        let target = *target.lock().unwrap_or_else(PoisonError::into_inner);
        let control = Arc::clone(&control);
        let connection = tokio::spawn(async move {
            // Where the server refuses, the client sees its connection end.
            if let Ok(server) = TcpStream::connect(target).await {
                relay(client, server, &control).await;
            }
        });
        let mut connections = connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|connection| !connection.is_finished());
        connections.push(connection);
    }
}
