//! URLs that load may be sent to: resolved, and allowed by the addresses they lead to.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::error::DeploymentError;
use super::error::IS_MINE;

/// How long a name may take to resolve.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);

/// A URL with the addresses of its host.
#[derive(Debug, Clone)]
pub(super) struct ResolvedUrl {
    pub url: Url,
    pub addresses: Vec<SocketAddr>,
}

/// What a variable's URL has to look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct UrlForm {
    pub variable: &'static str,
    /// Plain and encrypted.
    pub schemes: [&'static str; 2],
    pub example: &'static str,
}

impl ResolvedUrl {
    /// Where `text` leads.
    ///
    /// # Errors
    /// It is no such URL, its host does not resolve, or it is of another machine and not `is_mine`.
    pub(crate) fn find(form: UrlForm, text: &str, is_mine: bool) -> Result<Self, DeploymentError> {
        let url = parse(form, text)?;
        let (host, port) =
            (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let addresses = addresses(form.variable, host, port)?;
        allow(form.variable, host, &addresses, is_mine)?;
        Ok(Self { url, addresses })
    }

    /// `path` behind this URL, with the scheme's first of `schemes` replaced by the second: the same addresses.
    pub fn join(&self, path: &str, [from, to]: [&str; 2]) -> Self {
        let url = format!("{}{path}", self.base().replacen(from, to, 1)).parse();
        Self { url: url.unwrap_or_else(|_| self.url.clone()), addresses: self.addresses.clone() }
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }

    /// The URL without a slash at its end.
    pub fn base(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }
}

fn parse(form: UrlForm, text: &str) -> Result<Url, DeploymentError> {
    let UrlForm { variable, schemes: [plain, encrypted], example } = form;
    let refused = |problem: String| DeploymentError::Url {
        variable,
        shown: without_credentials(text),
        problem,
        form: example,
    };
    let url = text.parse::<Url>().map_err(|error| refused(error.to_string()))?;
    match url.scheme() {
        scheme if scheme != plain && scheme != encrypted => {
            Err(refused(format!("its scheme is {scheme}, and not {plain} or {encrypted}")))
        }
        _ if url.password().is_some() || !url.username().is_empty() => {
            Err(refused("it has credentials, which belong in API_TOKEN or BENCH_HEADERS".to_owned()))
        }
        _ if url.query().is_some() || url.fragment().is_some() => {
            Err(refused("it has a query or a fragment".to_owned()))
        }
        scheme if scheme == encrypted && !cfg!(feature = "tls") => {
            Err(DeploymentError::NoTls { variable, scheme: scheme.to_owned() })
        }
        _ => Ok(url),
    }
}

/// A URL without what stands before an `@` or follows a `?`.
pub(crate) fn without_credentials(text: &str) -> String {
    let (before, query) = text.split_once('?').map_or((text, ""), |(before, _)| (before, "?[redacted]"));
    let host =
        before.rsplit_once('@').map_or_else(|| before.to_owned(), |(_, host)| format!("[redacted]@{host}"));
    host + query
}

/// Whether the user declares the target their own: `1` or `true`; unset, `0` or `false` is no.
pub(super) fn is_mine(said: Option<&str>) -> Result<bool, DeploymentError> {
    match said.unwrap_or("0") {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        other => Err(DeploymentError::Variable {
            variable: IS_MINE,
            problem: format!(
                "{other:?} is neither 0 nor 1: set it to 1 if the target is yours, else unset it"
            ),
        }),
    }
}

/// Refuses a server on another machine, by a URL of whatever scheme. One that does not parse, or is a socket of this
/// machine, is left for its reader.
pub(super) fn refuse_stranger(
    variable: &'static str,
    text: &str,
    is_mine: bool,
) -> Result<(), DeploymentError> {
    let Some((host, port)) = text.parse::<Url>().ok().and_then(|url| host_and_port(&url)) else {
        return Ok(());
    };
    allow(variable, &host, &addresses(variable, &host, port)?, is_mine)
}

/// Where the server of a URL is reached, as libpq defines it: also by its query or by `PGHOST`. `None` for a socket of
/// this machine.
fn host_and_port(url: &Url) -> Option<(String, u16)> {
    let of_query = |name| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let of_url = || url.host_str().filter(|host| !host.is_empty()).map(str::to_owned);
    let host = of_query("hostaddr").or_else(|| of_query("host")).or_else(of_url);
    let host =
        host.or_else(|| std::env::var("PGHOST").ok().filter(|_| url.scheme().starts_with("postgres")))?;
    let host = percent_decode_str(&host).decode_utf8_lossy().into_owned();
    let port = url.port_or_known_default().unwrap_or(5_432);
    (!host.is_empty() && !host.starts_with('/')).then_some((host, port))
}

/// The addresses of a host, each with the port. Resolving blocks and has no deadline of its own, so a thread does it.
fn addresses(variable: &'static str, host: &str, port: u16) -> Result<Vec<SocketAddr>, DeploymentError> {
    let unresolved = |reason: String| DeploymentError::Unresolved { variable, host: host.to_owned(), reason };
    let asked = (host.trim_matches(['[', ']']).to_owned(), port);
    let (sender, answer) = mpsc::channel();
    thread::spawn(move || sender.send(asked.to_socket_addrs().map(Iterator::collect::<Vec<_>>)));
    let answered = answer
        .recv_timeout(RESOLVE_TIMEOUT)
        .map_err(|_| unresolved(format!("no answer in {RESOLVE_TIMEOUT:?}")))?;
    let addresses = answered.map_err(|error| unresolved(error.to_string()))?;
    if addresses.is_empty() { Err(unresolved("it has no address".to_owned())) } else { Ok(addresses) }
}

/// Fails where one of the addresses is another machine's.
fn allow(
    variable: &'static str,
    host: &str,
    addresses: &[SocketAddr],
    is_mine: bool,
) -> Result<(), DeploymentError> {
    let stranger = |address: &IpAddr| !address.to_canonical().is_loopback();
    match addresses.iter().map(SocketAddr::ip).find(stranger).filter(|_| !is_mine) {
        None => Ok(()),
        Some(address) => Err(DeploymentError::Stranger { variable, host: host.to_owned(), address }),
    }
}

/// The name to resolve, where the URL has one and not an address.
pub(super) fn name(url: &Url) -> Option<&str> {
    match url.host() {
        Some(Host::Domain(name)) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: UrlForm =
        UrlForm { variable: "API_URL", schemes: ["http", "https"], example: "http://127.0.0.1:8080" };

    fn refused(text: &str) -> String {
        ResolvedUrl::find(FORM, text, false).expect_err(text).to_string()
    }

    #[test]
    fn a_url_that_is_no_target_is_refused_without_its_secrets() {
        let cases = [
            ("not a url", "relative URL"),
            ("localhost:8080", "its scheme is localhost"),
            ("ftp://127.0.0.1", "its scheme is ftp"),
            ("http://", "empty host"),
            ("http://me:hunter2@127.0.0.1", "API_TOKEN or BENCH_HEADERS"),
            ("http://127.0.0.1/?token=hunter2", "query"),
            ("http://no-such-host.invalid:1", "does not resolve"),
        ];
        for (text, problem) in cases {
            let error = refused(text);
            assert!(error.contains("API_URL") && error.contains(problem), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(!refused("http://me:hunter2@host:99999/").contains("hunter2"));
    }

    #[test]
    fn loopback_is_judged_by_address_and_others_have_to_be_declared() {
        for local in [
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:1",
            "http://[::ffff:127.0.0.1]",
            "http://localhost",
        ] {
            assert!(ResolvedUrl::find(FORM, local, false).is_ok(), "{local}");
        }
        for stranger in
            ["http://192.0.2.1", "http://[2001:db8::1]", "http://0.0.0.0:80", "http://[::ffff:192.0.2.1]"]
        {
            assert!(refused(stranger).contains("--target-is-mine"), "{stranger}");
            assert!(ResolvedUrl::find(FORM, stranger, true).is_ok(), "{stranger}");
        }
    }

    #[test]
    fn database_urls_are_judged_by_where_libpq_would_connect() {
        let judged = |url: &str| refuse_stranger("DATABASE_URL", url, false);
        for local in [
            "postgres://a:b@127.0.0.1/x",
            "postgres://a:b@%2Frun%2Fpg/x",
            "postgres:///x?host=/run",
            "nonsense",
        ] {
            assert!(judged(local).is_ok(), "{local}: {:?}", judged(local));
        }
        for stranger in [
            "postgres://a:b@192.0.2.1/x",
            "postgres://a:b@127.0.0.1/x?host=192.0.2.1",
            "http://u:p@192.0.2.1:8123",
        ] {
            let error = judged(stranger).unwrap_err().to_string();
            assert!(error.contains("192.0.2.1") && !error.contains("a:b"), "{error}");
        }
    }

    #[test]
    fn https_needs_the_feature_tls() {
        let found = ResolvedUrl::find(FORM, "https://127.0.0.1", false);
        if cfg!(feature = "tls") {
            assert_eq!(found.unwrap().authority(), "127.0.0.1:443");
        } else {
            assert!(found.unwrap_err().to_string().contains("--features tls"));
        }
    }

    #[test]
    fn a_wrong_declaration_is_refused() {
        assert_eq!(
            (is_mine(None).unwrap(), is_mine(Some("1")).unwrap(), is_mine(Some("0")).unwrap()),
            (false, true, false)
        );
        assert!(is_mine(Some("perhaps")).unwrap_err().to_string().contains("BENCH_TARGET_IS_MINE"));
    }
}
