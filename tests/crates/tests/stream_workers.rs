//! Workers that share a Redis stream: nothing is lost, and nothing is done twice.

#![cfg(unix)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use asyncio_crates_tests::server;
use redis::aio::MultiplexedConnection;
use redis::streams::StreamPendingReply;
use redis::{AsyncCommands, Client};

/// A stream of a test's own.
struct Jobs {
    url: String,
    key: String,
}

/// A worker and what it says. Dropped: killed.
struct Worker {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Jobs {
    /// `None`: there is no server.
    fn new(test: &str, jobs: &[String]) -> Option<Self> {
        let url = server("REDIS_URL")?;
        let jobs_of_test = Self { url, key: format!("test:workers:{test}:{}", std::process::id()) };
        let mut add = jobs_of_test.command(&["add"]);
        assert!(add.args(jobs).status().unwrap().success());
        Some(jobs_of_test)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stream_workers"));
        command.args([&self.url, &self.key]).args(arguments);
        command
    }

    fn start(&self, name: &str, milliseconds: &str) -> Worker {
        let mut command = self.command(&["work", name, milliseconds]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Worker { process, lines }
    }

    /// What is in the stream's results, and how many jobs were done. Nothing is left lying.
    async fn outcome(&self) -> (HashMap<String, String>, usize) {
        let mut redis = self.connection().await;
        let pending: StreamPendingReply = redis.xpending(&self.key, "workers").await.unwrap();
        assert_eq!(pending.count(), 0);
        let results = redis.hgetall(format!("{}:results", self.key)).await.unwrap();
        (results, redis.get(format!("{}:done", self.key)).await.unwrap())
    }

    async fn remove(&self) {
        let keys = ["", ":results", ":done"].map(|end| format!("{}{end}", self.key));
        let _: usize = self.connection().await.del(&keys).await.unwrap();
    }

    async fn connection(&self) -> MultiplexedConnection {
        let client = Client::open(self.url.as_str()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }
}

impl Worker {
    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// To its end.
    fn rest(mut self) -> Vec<String> {
        let rest = self.lines.by_ref().map(Result::unwrap).collect();
        assert!(self.process.wait().unwrap().success());
        rest
    }

    /// As `kill -9`.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[asyncio::test]
async fn a_worker_is_killed_in_the_middle_and_nothing_is_lost_or_done_twice() {
    let names: Vec<String> = (0..40).map(|number| format!("job-{number}")).collect();
    let Some(jobs) = Jobs::new("killed", &names) else { return };
    // It is at its first job for an hour.
    let mut doomed = jobs.start("doomed", "3600000");
    assert_eq!(doomed.line(), "took job-0");
    let others = ["one", "two"].map(|name| jobs.start(name, "2"));
    doomed.kill();

    let said: Vec<String> = others.into_iter().flat_map(Worker::rest).collect();

    let did = said.iter().filter(|line| line.starts_with("did ")).count();
    assert_eq!(did, names.len(), "{said:?}");
    assert!(said.iter().any(|line| line == "did job-0"), "{said:?}");
    let (results, done) = jobs.outcome().await;
    assert_eq!(done, names.len());
    let mut results: Vec<String> = results.into_values().collect();
    let mut expected: Vec<String> = names.iter().map(|name| name.to_uppercase()).collect();
    results.sort_unstable();
    expected.sort_unstable();
    assert_eq!(results, expected);
    jobs.remove().await;
}

#[asyncio::test]
async fn who_is_too_slow_finds_its_job_done_and_does_not_count_it_again() {
    let Some(jobs) = Jobs::new("slow", &["job".into()]) else { return };
    let mut slow = jobs.start("slow", "2000");
    assert_eq!(slow.line(), "took job");
    let quick = jobs.start("quick", "0");

    assert_eq!(quick.rest(), ["took job", "did job"]);
    assert_eq!(slow.rest(), ["too late for job"]);
    assert_eq!(jobs.outcome().await.1, 1);
    jobs.remove().await;
}
