//! Connections that a handler can cut, which an ordinary server never does.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Cut {
    /// With a FIN.
    Close = 1,
    /// With a RST, which throws away what is still on its way.
    Reset = 2,
}

/// A handler's hold on the connection that its request came over.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    cut: Arc<AtomicU8>,
    stop: CancellationToken,
}

impl Connection {
    /// Nothing more is written; the server drops the connection at its next attempt to.
    pub(super) fn cut(&self, how: Cut) {
        self.cut.store(how as u8, Ordering::Relaxed);
    }

    /// Completes when the server shuts down.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().connection().clone()
    }
}

#[derive(Debug)]
pub(super) struct CuttableListener {
    listener: TcpListener,
    stop: CancellationToken,
}

impl CuttableListener {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener, stop: CancellationToken::new() }
    }

    /// To be cancelled at shutdown, so that hanging requests end.
    pub(super) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }
}

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (CuttableStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let connection = Connection { cut: Arc::default(), stop: self.stop.clone() };
        (CuttableStream { stream, connection }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

#[derive(Debug)]
pub(super) struct CuttableStream {
    stream: TcpStream,
    connection: Connection,
}

impl CuttableStream {
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn is_cut(&self) -> bool {
        self.connection.cut.load(Ordering::Relaxed) != 0
    }
}

impl Drop for CuttableStream {
    fn drop(&mut self) {
        if self.connection.cut.load(Ordering::Relaxed) == Cut::Reset as u8
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "the connection could not be reset and is closed instead");
        }
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.cut.load(Ordering::Relaxed) == Cut::Reset as u8 {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
