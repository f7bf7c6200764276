//! The little HTTP that a measurement needs: is the server ready yet?

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How often a server that is starting is asked: often enough to tell its milliseconds.
const EVERY: Duration = Duration::from_millis(2);

/// An address of this machine with a port that is free, and the next one too, where the demo's vendor listens.
pub(super) fn free_address() -> Result<SocketAddr> {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, address.port().wrapping_add(1))).is_ok() {
            return Ok(address);
        }
    }
}

/// Waits until `server` says at `address` that it is ready.
///
/// # Errors
///
/// Where the program ends before, or `limit` has passed.
pub(super) fn wait_until_ready(server: &mut Child, address: SocketAddr, limit: Duration) -> Result<()> {
    let started = Instant::now();
    while !is_ready(address) {
        if let Some(status) = server.try_wait()? {
            bail!("the server ended before it was ready ({status})");
        }
        if started.elapsed() > limit {
            bail!("the server was not ready within {} s", limit.as_secs());
        }
        thread::sleep(EVERY);
    }
    Ok(())
}

fn is_ready(address: SocketAddr) -> bool {
    let answer = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        std::io::Result::Ok(status)
    };
    answer().is_ok_and(|status| status == *b"HTTP/1.1 200")
}
