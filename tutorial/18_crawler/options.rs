//! What the command line asks for.

use std::path::PathBuf;

use url::Url;

pub(crate) const USAGE: &str = "usage: 18_crawler [--into FOLDER] [--serve]
       18_crawler [--into FOLDER] [--pages N] URL

Crawls a practice site that it serves itself, or the site at URL: the pages of that host.
Ctrl-C stops it. With --serve or a URL, the same command goes on where it was stopped.

  --serve         go slowly, and go on serving the practice site until Ctrl-C
  --into FOLDER   where the database and the report are; otherwise a folder in target/18_crawler
  --pages N       fetch at most N pages this time, 500 if it isn't given";

#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) site: Site,
    pub(crate) into: PathBuf,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Site {
    Practice { serve_on: bool },
    Other { url: Url, most_pages: usize },
}

impl Options {
    /// What to do, `None` to show the usage, or the message to end with.
    pub(crate) fn from_arguments(
        mut arguments: impl Iterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let (mut url, mut into, mut pages, mut serve_on) = (None, None, None, false);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--serve" => serve_on = true,
                "--help" | "-h" => return Ok(None),
                "--into" => into = Some(arguments.next().ok_or("--into needs a folder")?.into()),
                "--pages" => pages = Some(number(arguments.next())?),
                option if option.starts_with('-') => {
                    return Err(format!("there is no option {option}\n{USAGE}"));
                }
                _ if url.is_some() => return Err(format!("one URL at a time\n{USAGE}")),
                _ => url = Some(start(&argument)?),
            }
        }
        let site = match url {
            Some(_) if serve_on => return Err(format!("--serve goes without a URL\n{USAGE}")),
            Some(url) => Site::Other { url, most_pages: pages.unwrap_or(500) },
            None if pages.is_some() => return Err(format!("--pages goes with a URL\n{USAGE}")),
            None => Site::Practice { serve_on },
        };
        let into = into.unwrap_or_else(|| folder(&site));
        Ok(Some(Self { site, into }))
    }
}

fn number(argument: Option<String>) -> Result<usize, String> {
    let argument = argument.unwrap_or_default();
    match argument.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("--pages {argument}: give a number from 1 on")),
    }
}

fn start(argument: &str) -> Result<Url, String> {
    let url = Url::parse(argument).ok().and_then(|url| crate::links::resolve("", &url));
    url.ok_or_else(|| {
        format!("{argument} is no address of a site: write it in full, such as http://example.org/")
    })
}

/// A folder for each site.
fn folder(site: &Site) -> PathBuf {
    let name = match site {
        Site::Practice { serve_on: false } => "demonstration".into(),
        Site::Practice { serve_on: true } => "practice".into(),
        Site::Other { url, .. } => crate::crawl::host_of(url).replace([':', '[', ']'], "_"),
    };
    PathBuf::from("target/18_crawler").join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Result<Option<Options>, String> {
        Options::from_arguments(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn each_site_has_a_folder() {
        let into = |line| options(line).unwrap().unwrap().into;
        assert_eq!(into(""), PathBuf::from("target/18_crawler/demonstration"));
        assert_eq!(into("http://a.test:81/b#c"), PathBuf::from("target/18_crawler/a.test_81"));
        assert_eq!(into("--into x http://a.test"), PathBuf::from("x"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["--serve http://a.test", "--pages 3", "http://a.test http://b.test", "--x"] {
            assert!(options(line).unwrap_err().contains("usage: "), "{line}");
        }
        assert!(options("--pages no http://a.test").unwrap_err().starts_with("--pages no: "));
        assert!(options("a.test").unwrap_err().starts_with("a.test is no address"));
        assert!(options("mailto:a@b.test").unwrap_err().contains("is no address"));
    }
}
