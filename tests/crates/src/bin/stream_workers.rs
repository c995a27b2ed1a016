//! Work in a Redis stream, shared by as many processes as you like, on as many machines. Each job is done once, even
//! when a worker is killed in the middle of it. The book's page "Scaling out" explains it.
//!
//! ```text
//! stream_workers URL KEY add JOB...               puts jobs into the stream
//! stream_workers URL KEY work NAME MILLISECONDS   does jobs, so long each, until none is left
//! ```
//!
//! KEY is the stream, `KEY:results` a hash of what came out, `KEY:done` counts the jobs that were done.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use asyncio::sleep;
use redis::aio::MultiplexedConnection;
use redis::streams::{
    StreamAutoClaimOptions, StreamAutoClaimReply, StreamId, StreamPendingReply, StreamReadOptions,
    StreamReadReply,
};
use redis::{AsyncCommands, Client, RedisResult, Script};

const GROUP: &str = "workers";

/// A job that was taken so long ago, and not done, is taken again. Longer than a job takes: else two work on it,
/// and one of them in vain.
const GIVEN_UP: Duration = Duration::from_millis(300);

const USAGE: &str = "usage: stream_workers URL KEY (add JOB... | work NAME MILLISECONDS)";

/// What belongs together happens together, or not at all. Who acknowledges a job first, writes its result.
const COMMIT: &str = "
    if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
    redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
    redis.call('INCR', KEYS[3])
    return 1";

#[asyncio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match arguments[..] {
        [url, key, "add", ref jobs @ ..] => add(url, key, jobs).await,
        [url, key, "work", name, milliseconds] => match milliseconds.parse() {
            Ok(milliseconds) => work(url, key, name, Duration::from_millis(milliseconds)).await,
            Err(_) => Err(format!("{milliseconds} is no number of milliseconds").into()),
        },
        _ => Err(USAGE.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stream_workers: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn add(url: &str, key: &str, jobs: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut redis = Client::open(url)?.get_multiplexed_async_connection().await?;
    // From the beginning, and only the first time: else there is a group already.
    let made: RedisResult<()> = redis.xgroup_create_mkstream(key, GROUP, "0").await;
    made.or_else(|error| if error.code() == Some("BUSYGROUP") { Ok(()) } else { Err(error) })?;
    for job in jobs {
        let _: Option<String> = redis.xadd(key, "*", &[("job", job)]).await?;
    }
    Ok(())
}

async fn work(url: &str, key: &str, name: &str, takes: Duration) -> Result<(), Box<dyn Error>> {
    let mut redis = Client::open(url)?.get_multiplexed_async_connection().await?;
    loop {
        let Some(entry) = next(&mut redis, key, name).await? else {
            let pending: StreamPendingReply = redis.xpending(key, GROUP).await?;
            if pending.count() == 0 {
                return Ok(());
            }
            // Others are at their jobs, and may not end them.
            continue;
        };
        let job: String = entry.get("job").ok_or("an entry of the stream has no field `job`")?;
        println!("took {job}");
        // The work. It may be begun twice, so it must not harm when it is.
        sleep(takes).await;
        let result = job.to_uppercase();
        let is_first = commit(&mut redis, key, &entry.id, &result).await?;
        println!("{} {job}", if is_first { "did" } else { "too late for" });
    }
}

/// A job that somebody left lying, or else a new one. `None`: there is none for now.
async fn next(
    redis: &mut MultiplexedConnection,
    key: &str,
    name: &str,
) -> RedisResult<Option<StreamId>> {
    let one = StreamAutoClaimOptions::default().count(1);
    let idle = GIVEN_UP.as_millis().to_string();
    let left: StreamAutoClaimReply =
        redis.xautoclaim_options(key, GROUP, name, idle, "0-0", one).await?;
    if let Some(entry) = left.claimed.into_iter().next() {
        return Ok(Some(entry));
    }
    // It waits in Redis for a tenth of a second, and the loop goes on meanwhile.
    let options = StreamReadOptions::default().group(GROUP, name).count(1).block(100);
    let new: Option<StreamReadReply> = redis.xread_options(&[key], &[">"], &options).await?;
    let mut entries = new.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
    Ok(entries.next())
}

/// Whether this worker was the first to end the job.
async fn commit(
    redis: &mut MultiplexedConnection,
    key: &str,
    id: &str,
    result: &str,
) -> RedisResult<bool> {
    let script = Script::new(COMMIT);
    let mut commit = script.key(key);
    commit.key(format!("{key}:results")).key(format!("{key}:done"));
    commit.arg(GROUP).arg(id).arg(result).invoke_async(redis).await
}
