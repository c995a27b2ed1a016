//! Lesson 14: other programs.
//!
//! You will see a program that sorts for us, one that fails, a conversation line by line, three programs at
//! once, one that is killed when its time is up, one that is asked to end first, and one that is let go. The
//! programs are those that every Unix has.
//!
//! ```text
//! cargo run --bin 14_subprocess
//! ```
//!
//! `twin.py` is this program in Python. Both print `output.txt`, but for the line of
//! `tests/oracle/differs.toml`: a process that Python lets go of runs on.

use std::io;
use std::time::{Duration, Instant};

use asyncio::subprocess::Stdio;
use asyncio::{create_subprocess_exec, create_subprocess_shell, try_gather, wait_for};

#[asyncio::main]
async fn main() -> io::Result<()> {
    sorted().await?;
    what_it_said_and_how_it_ended().await?;
    line_by_line().await?;
    three_at_once().await?;
    killed_when_its_time_is_up().await?;
    asked_to_end().await?;
    let_go().await?;
    not_there().await;
    Ok(())
}

async fn sorted() -> io::Result<()> {
    // What is not piped is shared with this program: it would read from your terminal.
    let mut sort = create_subprocess_exec("sort", &["-r"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .await?;
    // Writes, closes the input, reads to the end and waits: all at once, so neither side blocks the other.
    let (output, _) = sort.communicate("apples\nkiwis\npears\n").await?;
    println!("sorted: {:?}", String::from_utf8_lossy(&output));
    Ok(())
}

async fn what_it_said_and_how_it_ended() -> io::Result<()> {
    let mut shell = create_subprocess_shell("echo half of it; echo no flour left >&2; exit 3")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .await?;
    let (output, errors) = shell.communicate("").await?;
    println!("output: {:?}", String::from_utf8_lossy(&output));
    println!("errors: {:?}", String::from_utf8_lossy(&errors));
    // A program that fails is no error here: what its code means, its manual says.
    println!("code: {:?}", shell.return_code());
    Ok(())
}

async fn line_by_line() -> io::Result<()> {
    // `cat` answers each line with the same line.
    let mut cat =
        create_subprocess_exec("cat", &[]).stdin(Stdio::piped()).stdout(Stdio::piped()).await?;
    let (input, mut output) =
        (cat.stdin.take().expect("it is piped"), cat.stdout.take().expect("it is piped"));
    for line in ["How are you?\n", "And your mother?\n"] {
        input.write(line);
        input.drain().await?;
        let answer = output.read_line().await?;
        println!("cat says: {}", String::from_utf8_lossy(&answer).trim_end());
    }
    // The end of its input: `cat` has nothing left to do.
    input.close();
    println!("cat ended with {}", cat.wait().await);
    Ok(())
}

async fn three_at_once() -> io::Result<()> {
    let start = Instant::now();
    let nap = async |answer: u8| {
        let shell = create_subprocess_shell(format!("sleep 1; exit {answer}")).await?;
        io::Result::Ok(shell.wait().await)
    };
    let codes = try_gather([5, 6, 7].map(nap)).await?;
    println!("codes {codes:?} after {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

async fn killed_when_its_time_is_up() -> io::Result<()> {
    let sleep = create_subprocess_exec("sleep", &["3600"]).await?;
    if wait_for(sleep.wait(), Duration::from_millis(500)).await.is_err() {
        println!("its time is up");
        sleep.kill()?;
    }
    // Below 0: the signal that ended it. 9 is SIGKILL.
    println!("sleep ended with {}", sleep.wait().await);
    Ok(())
}

/// A program that tidies up when it is asked to end. It says when it is ready to be asked.
const TIDY: &str = "trap 'echo tidied up; exit 0' TERM; echo ready; while true; do sleep 0.1; done";

async fn asked_to_end() -> io::Result<()> {
    let mut shell = create_subprocess_shell(TIDY).stdout(Stdio::piped()).await?;
    let mut output = shell.stdout.take().expect("it is piped");
    let mut line = async || {
        let line = output.read_line().await?;
        println!("the shell says: {}", String::from_utf8_lossy(&line).trim_end());
        io::Result::Ok(())
    };
    line().await?;
    // Sends SIGTERM, which a program may catch. `kill` sends SIGKILL, which none can.
    shell.terminate()?;
    line().await?;
    // For one that doesn't listen.
    if wait_for(shell.wait(), Duration::from_secs(10)).await.is_err() {
        shell.kill()?;
    }
    println!("the shell ended with {}", shell.wait().await);
    Ok(())
}

async fn let_go() -> io::Result<()> {
    let mut sleep = create_subprocess_exec("sleep", &["60"]).stdout(Stdio::piped()).await?;
    let mut output = sleep.stdout.take().expect("it is piped");
    drop(sleep);
    // Its output ends when it does.
    match wait_for(output.read_to_end(), Duration::from_secs(10)).await {
        Ok(_) => println!("let go: it was killed"),
        Err(_) => println!("let go: it runs on"),
    }
    Ok(())
}

async fn not_there() {
    match create_subprocess_exec("/no/such/program", &[]).await {
        Ok(program) => println!("it runs: {program:?}"),
        Err(error) => println!("not started: {:?}", error.kind()),
    }
}
