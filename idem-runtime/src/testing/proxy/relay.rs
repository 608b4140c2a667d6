//! One connection: bytes in both directions, and what goes wrong with them.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::control::{Begun, Control, WireFault};

/// What is read at once: larger than the requests and replies of tests, so that each comes in one piece.
const PIECE: usize = 64 * 1024;

/// How a direction ends.
enum End {
    /// Its sender has closed; the other direction goes on.
    Closed,
    /// The connection is to be cut.
    Cut,
}

/// The exchange that the server has not answered yet.
#[derive(Default)]
struct Open(Mutex<Option<Begun>>);

impl Open {
    /// What the client sends begins an exchange, unless one is open: then it is a part of that.
    fn begin(&self, begin: impl FnOnce() -> Begun) -> Option<Begun> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.is_some() {
            return None;
        }
        *open = Some(begin());
        *open
    }

    fn answer(&self) -> Option<Begun> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Until both sides have closed, or the connection is cut. One future for both directions: dropped, it cuts both.
pub(super) async fn relay(mut client: TcpStream, mut server: TcpStream, control: &Control) {
    // Small packets must not wait for each other: that would be a delay of ours.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let open = Open::default();
    let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
    let mut up = pin!(requests(from_client, to_server, &open, control));
    let mut down = pin!(replies(from_server, to_client, &open, control));
    let (mut up_ended, mut down_ended) = (false, false);
    poll_fn(|context| {
        if !up_ended && let Poll::Ready(end) = up.as_mut().poll(context) {
            match end {
                End::Closed => up_ended = true,
                End::Cut => return Poll::Ready(()),
            }
        }
        if !down_ended && let Poll::Ready(end) = down.as_mut().poll(context) {
            match end {
                End::Closed => down_ended = true,
                End::Cut => return Poll::Ready(()),
            }
        }
        if up_ended && down_ended { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

async fn requests(mut client: ReadHalf<'_>, mut server: WriteHalf<'_>, open: &Open, control: &Control) -> End {
    let mut buffer = vec![0; PIECE];
    loop {
        let piece = match client.read(&mut buffer).await {
            Ok(0) => return close(server).await,
            Ok(read) => &buffer[..read],
            Err(_) => return End::Cut,
        };
        if let Some(begun) = open.begin(|| control.begin(piece)) {
            match begun.fault {
                Some(WireFault::LoseRequest) => return End::Cut,
                Some(WireFault::HoldRequest) => control.held(begun).await,
                _ => {}
            }
        }
        if server.write_all(piece).await.is_err() {
            return End::Cut;
        }
    }
}

async fn replies(mut server: ReadHalf<'_>, mut client: WriteHalf<'_>, open: &Open, control: &Control) -> End {
    let mut buffer = vec![0; PIECE];
    loop {
        let piece = match server.read(&mut buffer).await {
            Ok(0) => return close(client).await,
            Ok(read) => &buffer[..read],
            Err(_) => return End::Cut,
        };
        if let Some(begun) = open.answer() {
            control.answered();
            match begun.fault {
                Some(WireFault::LoseReply) => return End::Cut,
                Some(WireFault::HalfReply) => {
                    let _ = client.write_all(&piece[..piece.len() / 2]).await;
                    return End::Cut;
                }
                Some(WireFault::LateReply(delay)) => tokio::time::sleep(delay).await,
                Some(WireFault::HoldReply) => control.held(begun).await,
                Some(WireFault::LoseRequest | WireFault::HoldRequest) | None => {}
            }
        }
        if client.write_all(piece).await.is_err() {
            return End::Cut;
        }
    }
}

async fn close(mut receiver: WriteHalf<'_>) -> End {
    match receiver.shutdown().await {
        Ok(()) => End::Closed,
        Err(_) => End::Cut,
    }
}
