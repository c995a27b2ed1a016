//! What the command line asks for.

/// Where `--serve` listens unless told otherwise.
const PORT: u16 = 8004;

pub(crate) const USAGE: &str = "usage: 04_http [--root FILE.pem] [URL]...
       04_http --serve [PORT]

Prints the first 100 characters of each page; without a URL, of http://python.org.

  --root FILE.pem   also trust the certificates in this file
  --serve [PORT]    serve pages to practise on, at port 8004 or PORT (0: a free one)";

pub(crate) enum Options {
    Fetch { urls: Vec<String>, root: Option<Vec<u8>> },
    Serve { port: u16 },
    Help,
}

impl Options {
    /// What to do, or the message to end with.
    pub(crate) fn from_arguments(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Self, String> {
        let mut urls = Vec::new();
        let mut root = None;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--serve" if urls.is_empty() && root.is_none() => return serve(arguments),
                "--serve" => return Err(serve_stands_alone()),
                "--help" | "-h" => return Ok(Self::Help),
                "--root" => root = Some(read_root(arguments.next())?),
                option if option.starts_with('-') => {
                    return Err(format!("there is no option {option}\n{USAGE}"));
                }
                _ => urls.push(argument),
            }
        }
        if urls.is_empty() {
            urls.push("http://python.org".into());
        }
        Ok(Self::Fetch { urls, root })
    }
}

/// `arguments` are those after `--serve`.
fn serve(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let port = match arguments.next() {
        None => PORT,
        Some(text) => text
            .parse()
            .map_err(|_| format!("--serve {text}: a port is a number from 0 to 65535"))?,
    };
    match arguments.next() {
        None => Ok(Options::Serve { port }),
        Some(_) => Err(serve_stands_alone()),
    }
}

fn serve_stands_alone() -> String {
    format!("--serve goes with a port or nothing\n{USAGE}")
}

fn read_root(argument: Option<String>) -> Result<Vec<u8>, String> {
    let path = argument.ok_or("--root needs a file with PEM certificates")?;
    std::fs::read(&path).map_err(|error| format!("--root {path}: {error}"))
}
