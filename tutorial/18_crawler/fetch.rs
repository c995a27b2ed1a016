//! One request, and what its answer means to a crawler.

use asyncio::http::{ClientError, ClientSession, Response, Stage, header};
use url::Url;

use crate::crawl::AGENT;
use crate::links;
use crate::robots::Robots;

/// A page with more than this is not read.
pub(crate) const MOST_BYTES: usize = 4 << 20;

/// What the server said.
pub(crate) struct Fetched {
    pub(crate) status: u16,
    pub(crate) title: String,
    /// Where a redirect leads to, or what an error's number means.
    pub(crate) note: String,
    /// Where the page leads; a redirect leads to one page.
    pub(crate) links: Vec<Url>,
    pub(crate) bytes: Option<u64>,
}

/// Asks for a page, once.
pub(crate) async fn fetch(session: &ClientSession, url: &Url) -> Result<Fetched, ClientError> {
    // A redirect is followed as a link is: in its turn, if robots.txt allows it, and not twice.
    let request = session.get(url).header("User-Agent", AGENT).allow_redirects(false);
    let mut response = request.await?;
    let mut fetched = Fetched {
        status: response.status().as_u16(),
        title: String::new(),
        note: String::new(),
        links: location(&response, url).into_iter().collect(),
        bytes: length(&response),
    };
    if let Some(target) = fetched.links.first() {
        fetched.note = target.to_string();
    } else if !response.is_ok() {
        response.status().canonical_reason().unwrap_or_default().clone_into(&mut fetched.note);
    }
    if response.status() == 200
        && is_html(&response)
        && fetched.bytes.is_none_or(|it| it <= MOST_BYTES as u64)
    {
        let text = response.text().await?;
        let found = links::read(&text, url);
        fetched.bytes = Some(text.len() as u64);
        (fetched.title, fetched.links) = (found.title, found.links);
    }
    Ok(fetched)
}

/// What may pass: no connection, no answer in time, half an answer, a server that is overworked.
pub(crate) fn is_worth_another_try(fetched: &Result<Fetched, ClientError>) -> bool {
    match fetched {
        Ok(fetched) => matches!(fetched.status, 429 | 500 | 502 | 503 | 504),
        Err(error) => matches!(
            error.stage(),
            Stage::Resolve
                | Stage::Connect
                | Stage::Tls
                | Stage::Send
                | Stage::Read
                | Stage::Timeout
        ),
    }
}

/// The error without the address, which stands beside it.
pub(crate) fn in_short(error: &ClientError) -> String {
    let text = error.to_string();
    let address = error.url().map(|url| format!("{url}: ")).unwrap_or_default();
    text.strip_prefix(&address).unwrap_or(&text).to_owned()
}

/// What the host of `url` allows: everything, if it says nothing of it. An error if it can't be asked; then
/// nothing is known, and nothing allowed.
pub(crate) async fn robots(session: &ClientSession, url: &Url) -> Result<Robots, String> {
    let address = url.join("/robots.txt").map_err(|error| error.to_string())?;
    let request = session.get(address).header("User-Agent", AGENT);
    let mut response = request.await.map_err(|error| in_short(&error))?;
    match response.status().as_u16() {
        200..=299 => {
            let text = response.text().await.map_err(|error| in_short(&error))?;
            Ok(Robots::parse(&text, AGENT))
        }
        400..=499 => Ok(Robots::default()),
        status => Err(format!("the server answered {status}")),
    }
}

fn location(response: &Response, url: &Url) -> Option<Url> {
    if !response.status().is_redirection() {
        return None;
    }
    let location = response.headers().get(header::LOCATION)?;
    links::resolve(&String::from_utf8_lossy(location.as_bytes()), url)
}

fn length(response: &Response) -> Option<u64> {
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_html(response: &Response) -> bool {
    let value = response.headers().get(header::CONTENT_TYPE);
    let value = value.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim();
    ["text/html", "application/xhtml+xml"].iter().any(|it| it.eq_ignore_ascii_case(kind))
}
