//! Which requests go through a proxy, and through which: what a session was told, or the environment says.
//!
//! For `builder` and `exchange`; `connect` goes there. Mirrors aiohttp's arguments `proxy` and `trust_env`,
//! and `getproxies_environment` and `proxy_bypass_environment` of `urllib.request`.

use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;

use hyper::header::HeaderValue;
use url::{Host, Url};

use super::error::{Failure, Stage, shorten};
use super::target::take_credentials;

/// One that requests go through.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Proxy {
    pub(super) is_secure: bool,
    pub(super) host: Host<String>,
    pub(super) port: u16,
    /// What it wants to know of who asks.
    pub(super) credentials: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy that `text` names; `said_by` is for the error's text.
    fn parse(text: &str, said_by: &str) -> Result<Self, Failure> {
        let unusable = |why: &str| {
            // Without what may be a password.
            let shown = shorten(text.rsplit('@').next().unwrap_or_default());
            let message = format!(
                "{said_by} names no proxy that can be used (\"{shown}\"): {why}. Write it as \
                 http://proxy.example:3128"
            );
            Failure::new(Stage::Request, message)
        };
        // As curl: what has no scheme is http.
        let with_scheme =
            if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let mut url = Url::parse(&with_scheme).map_err(|error| unusable(&error.to_string()))?;
        let is_secure = match url.scheme() {
            "http" => false,
            "https" => true,
            scheme => return Err(unusable(&format!("the scheme \"{scheme}\" is not spoken here"))),
        };
        let credentials = take_credentials(&mut url);
        let host = url.host().ok_or_else(|| unusable("it has no host"))?.to_owned();
        let port = url.port_or_known_default().ok_or_else(|| unusable("it has no port"))?;
        Ok(Self { is_secure, host, port, credentials })
    }
}

/// `http://proxy.example:3128`, without credentials.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// What a session knows of proxies.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    http: Option<Rc<Proxy>>,
    https: Option<Rc<Proxy>>,
    exceptions: Rc<Exceptions>,
}

impl Proxies {
    /// One proxy for all requests.
    pub(super) fn all(url: &str) -> Result<Self, Failure> {
        let proxy = Some(Rc::new(Proxy::parse(url, "the argument of proxy()")?));
        Ok(Self { http: proxy.clone(), https: proxy, exceptions: Rc::default() })
    }

    /// What the environment says, of which `get` gives the variables.
    pub(super) fn of_environment(get: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        // In a program that a web server calls by CGI, `HTTP_PROXY` is the request's header `Proxy`.
        let is_cgi = get("REQUEST_METHOD").is_some();
        let value = |name: &str| {
            let lower = get(name).map(|value| (name.to_owned(), value));
            let upper = || {
                let name = name.to_ascii_uppercase();
                let trusted = !(is_cgi && name == "HTTP_PROXY");
                trusted.then(|| get(&name)).flatten().map(|value| (name, value))
            };
            // One that is set to nothing in lower case turns off the other.
            lower.or_else(upper).filter(|(_, value)| !value.trim().is_empty())
        };
        let proxy = |name: &str| {
            let found = value(name).or_else(|| value("all_proxy"));
            found.map(|(name, value)| Proxy::parse(value.trim(), &name).map(Rc::new)).transpose()
        };
        let exceptions = value("no_proxy")
            .map_or_else(Exceptions::default, |(_, value)| Exceptions::parse(&value));
        Ok(Self {
            http: proxy("http_proxy")?,
            https: proxy("https_proxy")?,
            exceptions: Rc::new(exceptions),
        })
    }

    /// The proxy that a request to `url` goes through, if it does.
    pub(super) fn of(&self, url: &Url) -> Option<Rc<Proxy>> {
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http };
        let proxy = proxy.as_ref()?;
        (!self.exceptions.include(url)).then(|| proxy.clone())
    }
}

/// The hosts that are asked directly: what `no_proxy` says.
#[derive(Debug, Default)]
struct Exceptions(Vec<Exception>);

#[derive(Debug, PartialEq, Eq)]
enum Exception {
    Everything,
    /// This host and those whose names end in a dot and this one; on this port alone, if there is one.
    Host {
        name: String,
        port: Option<u16>,
    },
    /// The addresses that have so many first bits in common.
    Network {
        address: IpAddr,
        bits: u32,
    },
}

impl Exceptions {
    fn parse(text: &str) -> Self {
        let entries = text.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty());
        Self(entries.map(Exception::parse).collect())
    }

    fn include(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return false;
        };
        self.0.iter().any(|exception| exception.includes(&host, port))
    }
}

impl Exception {
    fn parse(entry: &str) -> Self {
        if entry == "*" {
            return Self::Everything;
        }
        let network = entry.split_once('/').and_then(|(address, bits)| {
            let address: IpAddr = unbracketed(address).parse().ok()?;
            let bits = bits.parse().ok().filter(|bits| *bits <= length(address))?;
            Some(Self::Network { address, bits })
        });
        if let Some(network) = network {
            return network;
        }
        if let Ok(address) = unbracketed(entry).parse::<IpAddr>() {
            return Self::Network { address, bits: length(address) };
        }
        let (name, port) = match entry.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => (name, port.parse().ok()),
            _ => (entry, None),
        };
        let name = unbracketed(name).trim_start_matches('.').trim_end_matches('.');
        Self::Host { name: name.to_ascii_lowercase(), port }
    }

    fn includes(&self, host: &Host<&str>, port: u16) -> bool {
        match self {
            Self::Everything => true,
            Self::Host { name, port: of_entry } => {
                of_entry.is_none_or(|of_entry| of_entry == port) && is_of(host, name)
            }
            Self::Network { address, bits } => {
                let asked = match *host {
                    Host::Domain(_) => return false,
                    Host::Ipv4(asked) => IpAddr::V4(asked),
                    Host::Ipv6(asked) => IpAddr::V6(asked),
                };
                length(asked) == length(*address) && prefix(asked, *bits) == prefix(*address, *bits)
            }
        }
    }
}

/// Whether `host` is `name` or belongs to it.
fn is_of(host: &Host<&str>, name: &str) -> bool {
    let Host::Domain(host) = host else {
        return unbracketed(&host.to_string()) == name;
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    match host.strip_suffix(name) {
        Some("") => !name.is_empty(),
        Some(before) => !name.is_empty() && before.ends_with('.'),
        None => false,
    }
}

fn unbracketed(address: &str) -> &str {
    address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address)
}

/// How many bits an address has.
fn length(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn prefix(address: IpAddr, bits: u32) -> u128 {
    let value = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    value.checked_shr(length(address) - bits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Result<Proxies, Failure> {
        Proxies::of_environment(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    /// The proxy for `url`, or `-`.
    fn of(variables: &[(&str, &str)], url: &str) -> String {
        let proxies = environment(variables).unwrap();
        let proxy = proxies.of(&Url::parse(url).unwrap());
        proxy.map_or_else(|| "-".to_owned(), |proxy| proxy.to_string())
    }

    const HTTP: &str = "http://example.org/";
    const HTTPS: &str = "https://example.org/";

    #[test]
    fn each_scheme_has_its_variable() {
        let both = [("http_proxy", "http://one:1"), ("https_proxy", "https://two")];
        assert_eq!(of(&both, HTTP), "http://one:1");
        assert_eq!(of(&both, HTTPS), "https://two:443");
        assert_eq!(of(&both[..1], HTTPS), "-");
        assert_eq!(of(&[], HTTP), "-");
    }

    #[test]
    fn all_proxy_is_for_what_no_other_variable_is_for() {
        let variables = [("all_proxy", "http://all:1"), ("https_proxy", "http://two:2")];
        assert_eq!(of(&variables, HTTP), "http://all:1");
        assert_eq!(of(&variables, HTTPS), "http://two:2");
    }

    #[test]
    fn lower_case_stands_above_upper_case() {
        assert_eq!(of(&[("HTTPS_PROXY", "http://upper:1")], HTTPS), "http://upper:1");
        assert_eq!(of(&[("ALL_PROXY", "http://upper:1")], HTTPS), "http://upper:1");
        let both = [("HTTP_PROXY", "http://upper:1"), ("http_proxy", "http://lower:2")];
        assert_eq!(of(&both, HTTP), "http://lower:2");
        assert_eq!(of(&[("HTTP_PROXY", "http://upper:1"), ("http_proxy", "")], HTTP), "-");
    }

    #[test]
    fn a_header_of_a_cgi_request_is_no_variable() {
        let variables = [("HTTP_PROXY", "http://evil:1"), ("REQUEST_METHOD", "GET")];
        assert_eq!(of(&variables, HTTP), "-");
        let variables = [("http_proxy", "http://mine:1"), ("REQUEST_METHOD", "GET")];
        assert_eq!(of(&variables, HTTP), "http://mine:1");
    }

    #[test]
    fn a_proxy_without_a_scheme_speaks_http() {
        assert_eq!(of(&[("http_proxy", "localhost:3128")], HTTP), "http://localhost:3128");
        assert_eq!(of(&[("http_proxy", "10.0.0.1:3128")], HTTP), "http://10.0.0.1:3128");
        assert_eq!(of(&[("http_proxy", "[::1]:3128")], HTTP), "http://[::1]:3128");
    }

    #[test]
    fn what_is_no_proxy_is_said_to_be_none_without_its_password() {
        let message = |value: &str| {
            environment(&[("https_proxy", value)]).unwrap_err().of_session().to_string()
        };
        assert_eq!(
            message("socks5://user:secret@localhost:1080"),
            "https_proxy names no proxy that can be used (\"localhost:1080\"): the scheme \
             \"socks5\" is not spoken here. Write it as http://proxy.example:3128"
        );
        assert!(message("http://").contains("empty host"), "{}", message("http://"));
        assert!(message("http://user:secret@host:port").contains("(\"host:port\")"));
    }

    #[test]
    fn credentials_are_taken_out_of_the_url() {
        let proxies = Proxies::all("http://ada:se%40cret@localhost:3128").unwrap();
        let proxy = proxies.of(&Url::parse(HTTP).unwrap()).unwrap();
        assert_eq!(proxy.to_string(), "http://localhost:3128");
        // ada:se@cret
        assert_eq!(proxy.credentials.as_ref().unwrap(), "Basic YWRhOnNlQGNyZXQ=");
        assert!(!format!("{proxy:?}").contains("YWRh"));
    }

    #[track_caller]
    fn is_excepted(no_proxy: &str, url: &str) -> bool {
        let variables = [("all_proxy", "http://proxy:1"), ("no_proxy", no_proxy)];
        of(&variables, url) == "-"
    }

    #[test]
    fn a_name_excepts_itself_and_what_belongs_to_it() {
        for entry in
            ["example.org", ".example.org", "EXAMPLE.org", "a, example.org", "a example.org"]
        {
            assert!(is_excepted(entry, "http://example.org/"), "{entry}");
            assert!(is_excepted(entry, "https://www.example.org:8443/"), "{entry}");
            assert!(!is_excepted(entry, "http://badexample.org/"), "{entry}");
            assert!(!is_excepted(entry, "http://example.org.evil/"), "{entry}");
        }
        assert!(is_excepted("example.org", "http://example.org./"));
        assert!(!is_excepted("", "http://example.org/"));
        assert!(!is_excepted(".", "http://example.org/"));
    }

    #[test]
    fn a_star_excepts_everything() {
        assert!(is_excepted("*", "http://example.org/"));
        assert!(is_excepted("a, *", "http://127.0.0.1/"));
        assert!(!is_excepted("*.example.com", "http://example.org/"));
    }

    #[test]
    fn an_entry_may_name_the_port() {
        assert!(is_excepted("localhost:8080", "http://localhost:8080/"));
        assert!(!is_excepted("localhost:8080", "http://localhost:8081/"));
        assert!(is_excepted("example.org:80", "http://example.org/"));
        assert!(!is_excepted("example.org:80", "https://example.org/"));
    }

    #[test]
    fn addresses_and_networks_are_excepted_by_number() {
        assert!(is_excepted("127.0.0.1", "http://127.0.0.1:8080/"));
        assert!(!is_excepted("127.0.0.1", "http://127.0.0.2/"));
        assert!(is_excepted("10.0.0.0/8", "http://10.1.2.3/"));
        assert!(!is_excepted("10.0.0.0/8", "http://11.1.2.3/"));
        assert!(is_excepted("0.0.0.0/0", "http://11.1.2.3/"));
        assert!(!is_excepted("0.0.0.0/0", "http://[::1]/"));
        assert!(is_excepted("::1", "http://[::1]/"));
        assert!(is_excepted("[::1]", "http://[::1]/"));
        assert!(is_excepted("fe80::/10", "http://[fe80::7]/"));
        assert!(!is_excepted("fe80::/10", "http://[fd00::7]/"));
        assert!(!is_excepted("10.0.0.0/99", "http://10.1.2.3/"));
        // A name isn't looked up for this.
        assert!(!is_excepted("127.0.0.0/8", "http://localhost/"));
    }
}
