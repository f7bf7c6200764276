//! The program as a process of its own, and what it logs.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::command::command;
use crate::wait::{PATIENCE, until};
use crate::world::ADMIN;

/// A process. It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Program {
    pub(crate) fn start(environment: &BTreeMap<String, String>, arguments: &[&str]) -> Self {
        let mut child = command(environment, arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let kept = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                kept.lock().unwrap().push(line);
            }
        });
        Self { child, log }
    }

    /// What it has logged so far, line by line.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// How many lines hold `text`.
    pub(crate) fn logged(&self, text: &str) -> usize {
        self.log().iter().filter(|line| line.contains(text)).count()
    }

    /// Waits until a line holds `text`.
    pub(crate) async fn logs(&self, text: &str) {
        self.logs_times(1, text).await;
    }

    /// Waits until so many lines hold `text`.
    pub(crate) async fn logs_times(&self, times: usize, text: &str) {
        until(&format!("{times} lines with {text:?}"), async || self.logged(text) >= times).await;
    }

    /// Where `serve` listens.
    pub(crate) async fn url(&self) -> String {
        self.logs("address=").await;
        let log = self.log();
        let (_, rest) = log.iter().find_map(|line| line.split_once("address=")).unwrap();
        format!("http://{}", rest.split_whitespace().next().unwrap())
    }

    /// Ends it without a word: SIGKILL.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end: SIGTERM.
    pub(crate) async fn terminate(&self) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap()
    }

    /// It never stopped, ends in good order when asked, and has told nobody's address.
    pub(crate) async fn ends_in_good_order(mut self) {
        assert_eq!(self.child.try_wait().unwrap(), None, "it stopped by itself: {:#?}", self.log());
        self.terminate().await;
        assert_eq!(self.ended().await.code(), Some(0), "{:#?}", self.log());
        assert_eq!(self.logged(ADMIN), 0, "{:#?}", self.log());
    }
}
