//! Lesson 16: see what a program does.
//!
//! You will see debug mode name a task that holds the loop up and one that its loop's end cuts off; a handler
//! that hears what nobody else hears; a trace, written and read back; and who awaits whom in a program that hangs.
//!
//! ```text
//! cargo run --bin 16_debugging
//! ```
//!
//! Debug mode speaks on standard error: `errors.txt`. `twin.py` is this program in Python. Both print
//! `output.txt`, but for the call graph of `tests/oracle/differs.toml`: Python 3.11 has none.

use std::rc::Rc;
use std::time::Duration;
use std::{env, fs, io, process, thread};

use asyncio::{
    Event, Runner, Task, create_task, current_task, gather, new_event_loop, print_call_graph, sleep,
};

fn main() -> io::Result<()> {
    debug_mode();
    nobody_looked();
    traced()?;
    asyncio::run(hanging());
    Ok(())
}

fn debug_mode() {
    let event_loop = new_event_loop();
    // Or `#[asyncio::main(debug = true)]`, or `ASYNCIO_DEBUG=1` without a change of code.
    event_loop.set_debug(true);
    event_loop.run_until_complete(async {
        create_task(farewell()).with_name("farewell").detach();
        create_task(report()).with_name("report").await.expect("it doesn't panic");
    });
    // The farewell is still waiting.
    event_loop.close();
}

/// Async by name. It never gives way.
#[expect(clippy::unused_async, reason = "that is the mistake")]
async fn report() {
    thread::sleep(Duration::from_millis(320));
    println!("the report is there");
}

async fn farewell() {
    sleep(Duration::from_secs(3600)).await;
    println!("goodbye");
}

fn nobody_looked() {
    let mut runner = Runner::new();
    // Without a handler, a line on standard error says it.
    runner.event_loop().set_exception_handler(|context| {
        let panicked = context.panicked().expect("nothing else goes wrong here");
        println!("the handler heard: {}", panicked.message());
    });
    runner.run(async {
        create_task(bake(0)).detach();
        sleep(Duration::from_millis(10)).await;
    });
    runner.close();
}

async fn bake(flour: u32) {
    sleep(Duration::ZERO).await;
    assert!(flour > 0, "no flour left");
}

async fn fetch(pages: u32) {
    for _ in 0..pages {
        sleep(Duration::from_millis(10)).await;
    }
}

fn traced() -> io::Result<()> {
    let path = env::temp_dir().join(format!("16_debugging-{}.json", process::id()));
    // Or `ASYNCIO_TRACE=file.json`, without a change of code.
    let mut runner = Runner::builder().trace(&path).build();
    runner.run(async {
        let short = create_task(fetch(1)).with_name("short");
        let long = create_task(fetch(3)).with_name("long");
        let _ = gather!(short, long).await;
    });
    // The file is whole when the loop is closed.
    runner.close();

    let trace = fs::read_to_string(&path)?;
    fs::remove_file(&path)?;
    for name in ["short", "long"] {
        println!("{name}: {} slices", slices(&trace, name));
    }
    Ok(())
}

/// How often a task was polled. In the file an event has a line, and a slice begins with one of phase `B`.
fn slices(trace: &str, name: &str) -> usize {
    let begin = format!(r#"{{"ph":"B","cat":"task","name":"{name}","#);
    trace.lines().filter(|line| line.contains(&begin)).count()
}

async fn hanging() {
    if let Some(main) = current_task() {
        main.set_name("main");
    }
    let answer = Rc::new(Event::new());
    let asking = create_task(ask(answer.clone())).with_name("asking");
    let showing = create_task(show(asking)).with_name("showing");
    create_task(watch(answer)).with_name("watchdog").detach();
    showing.await.expect("nothing cancels it");
}

async fn ask(answer: Rc<Event>) -> u32 {
    answer.wait().await;
    42
}

async fn show(asking: Task<u32>) {
    println!("the answer: {}", asking.await.expect("nothing cancels it"));
}

/// The program stands still. Who waits, and for whom?
async fn watch(answer: Rc<Event>) {
    sleep(Duration::from_millis(100)).await;
    print_call_graph();
    answer.set();
}
