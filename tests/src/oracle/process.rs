//! Runs a program to its end, or for a limited time.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Far more than any program here needs: a program that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A running program. Dropped: ended.
pub struct Process {
    name: String,
    child: Child,
}

/// What a process left behind.
#[derive(Debug)]
pub struct Printed {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Process {
    /// Starts `command`; `name` stands for it in messages.
    ///
    /// # Errors
    ///
    /// A message when the program can't be started.
    pub fn start(name: &str, command: &mut Command) -> Result<Self, String> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name} can't be started: {error}"))?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// The first line it prints.
    ///
    /// # Errors
    ///
    /// A message when it ends, or a minute goes by, without one.
    pub fn first_line(&mut self) -> Result<String, String> {
        let stdout = self.child.stdout.take().ok_or("the output was read before")?;
        let (sender, receiver) = mpsc::channel();
        // Goes on reading after the first line: a program whose output is closed may fail.
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        receiver.recv_timeout(LIMIT).map_err(|_| format!("{} printed nothing", self.name))
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    ///
    /// A message when it takes more than a minute; it is ended then.
    pub fn wait(mut self) -> Result<Printed, String> {
        let stdout = read_all(self.child.stdout.take());
        let stderr = read_all(self.child.stderr.take());
        let status = self.wait_for_end()?;
        Ok(Printed {
            status,
            stdout: stdout.join().unwrap_or_default(),
            stderr: stderr.join().unwrap_or_default(),
        })
    }

    fn wait_for_end(&mut self) -> Result<ExitStatus, String> {
        let start = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if start.elapsed() < LIMIT => thread::sleep(Duration::from_millis(10)),
                Ok(None) => return Err(format!("{} was still running after {LIMIT:?}", self.name)),
                Err(error) => return Err(format!("{} can't be waited for: {error}", self.name)),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what they are for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads on a thread of its own, so that a full pipe can't hold the program up.
fn read_all(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
    })
}
