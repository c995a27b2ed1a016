//! Lesson 06: read and write files.
//!
//! You will see a list written and read, a file of 32 MiB copied while a heart beats every millisecond, and the
//! heart stand still when a file is read on the loop: debug mode says who did it.
//!
//! ```text
//! cargo run --bin 06_files
//! ```
//!
//! It works in a temporary folder and removes it. Given two names, it copies a file of yours, and says how late
//! the heart was at the most:
//!
//! ```text
//! cargo run --release --bin 06_files -- FROM TO
//! ```
//!
//! `twin.py` is this program in Python, without the names. Python's asyncio knows no files, so it gives each
//! call to a thread; `asyncio::fs` does so for you.

mod heart;

use std::env;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{self, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use asyncio::fs::{self, File};
use asyncio::{create_task, get_running_loop, to_thread, with_cleanup};

use heart::Heart;

const MIB: usize = 1 << 20;

// With `ctrl_c`, the folder is removed after Ctrl-C, too.
#[asyncio::main(ctrl_c = true)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let ended = match &arguments[..] {
        [] => in_a_folder().await,
        [from, to] => copy_and_tell(Path::new(from), Path::new(to)).await,
        _ => Err("give it two names, FROM and TO, or none".into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("06_files: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn in_a_folder() -> Result<(), Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("06_files-{}", process::id()));
    fs::create_dir(&folder).await?;
    let lesson = async {
        a_list(&folder).await?;
        a_large_file(&folder).await?;
        what_blocks(&folder).await
    };
    let cleanup = async {
        if let Err(error) = fs::remove_dir_all(&folder).await {
            eprintln!("06_files: {error}");
        }
    };
    with_cleanup(lesson, cleanup).await
}

async fn a_list(folder: &Path) -> Result<(), Box<dyn Error>> {
    let path = folder.join("list");
    fs::write(&path, "apples\npears\n").await?;

    let mut file = File::options().append(true).open(&path).await?;
    file.write_all("bread\n").await?;

    let mut lines = File::open(&path).await?.lines();
    while let Some(line) = lines.next().await {
        println!("buy {}", line?);
    }

    match fs::read_to_string(folder.join("recipe")).await {
        Ok(recipe) => println!("{recipe}"),
        Err(error) if error.kind() == ErrorKind::NotFound => println!("there is no recipe"),
        // Its message names the path.
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Copies a file piece by piece. At each `.await` a thread reads or writes, and the loop goes on.
///
/// `fs::copy` does it in one call. This way you can tell how far it is, and it can be cancelled between pieces.
async fn copy(from: &Path, to: &Path) -> io::Result<usize> {
    let mut from = File::open(from).await?;
    // A file that is there is not overwritten, not even by itself.
    let mut to = File::options().write(true).create_new(true).open(to).await?;
    let mut piece = vec![0; MIB];
    let mut copied = 0;
    loop {
        let length = from.read(&mut piece).await?;
        if length == 0 {
            return Ok(copied);
        }
        to.write_all(&piece[..length]).await?;
        copied += length;
    }
}

async fn a_large_file(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (from, to) = (folder.join("large"), folder.join("copy"));
    fs::write(&from, vec![b'x'; 32 * MIB]).await?;

    let heart = Heart::start();
    let copied = copy(&from, &to).await?;
    println!("copied {} MiB: the heart {}", copied / MIB, heart.stop());
    Ok(())
}

/// A function that isn't async, and takes its time: it stands for a slow disk, or for one on the network.
fn read_slowly(path: &Path) -> io::Result<String> {
    thread::sleep(Duration::from_millis(1020));
    std::fs::read_to_string(path)
}

async fn what_blocks(folder: &Path) -> Result<(), Box<dyn Error>> {
    // `ASYNCIO_DEBUG=1` does so for a whole program.
    get_running_loop()?.set_debug(true);
    let path = folder.join("list");

    let heart = Heart::start();
    let list = path.clone();
    // `async` around it changes nothing: no `.await` is in there.
    create_task(async move { read_slowly(&list) }).with_name("on the loop").await??;
    println!("read on the loop: the heart {}", heart.stop());

    let heart = Heart::start();
    create_task(to_thread(move || read_slowly(&path))).with_name("on a thread").await??;
    println!("read on a thread: the heart {}", heart.stop());
    Ok(())
}

async fn copy_and_tell(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let heart = Heart::start();
    let copied = copy(from, to).await?;
    println!(
        "copied {copied} bytes in {:.2?}: the heart was {:.2?} late at the most",
        began.elapsed(),
        heart.latest()
    );
    Ok(())
}
