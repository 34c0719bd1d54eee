//! The address of a server, and the user and password for it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::backend::database::Error;

/// The form of a URL. An example of a wrong one could hold a password.
const FORM: &str = "write it as `http://user:password@host:8123`, special characters of user and password \
                    percent-encoded";

/// The scheme that asks for TLS.
const HTTPS: &str = "https";

/// What a URL says, its user and password apart from the rest.
pub(super) struct Endpoint {
    /// Scheme, host and port: all that is ever shown.
    pub origin: String,
    pub user: Option<String>,
    pub password: Option<String>,
    /// Whether it is reached through TLS.
    pub encrypted: bool,
    /// Whether it is on this machine.
    pub local: bool,
}

impl Endpoint {
    /// Takes a URL apart.
    ///
    /// No error repeats any of it: what stands in the wrong place may be a part of the password.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let parsed = Url::parse(url).map_err(|error| unusable(&error.to_string()))?;
        check(&parsed).map_err(unusable)?;
        Ok(Self {
            origin: parsed.origin().ascii_serialization(),
            user: decoded(Some(parsed.username()).filter(|user| !user.is_empty()))?,
            password: decoded(parsed.password())?,
            encrypted: parsed.scheme() == HTTPS,
            local: is_local(&parsed),
        })
    }
}

fn check(url: &Url) -> Result<(), &'static str> {
    match url {
        _ if url.scheme() == HTTPS && !cfg!(feature = "tls") => {
            Err("its scheme is https, and this build has no TLS: build with `--features tls`")
        }
        _ if !["http", HTTPS].contains(&url.scheme()) => Err("its scheme is neither `http` nor `https`"),
        _ if url.host_str().is_none_or(str::is_empty) => Err("it names no host"),
        _ if url.path() != "/" => Err("something follows the host and port"),
        _ if url.query().is_some() => Err("it has a query: the database and the settings are given apart"),
        _ if url.fragment().is_some() => Err("it has a fragment"),
        _ => Ok(()),
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn decoded(part: Option<&str>) -> Result<Option<String>, Error> {
    let decode = |part| percent_decode_str(part).decode_utf8().map(Cow::into_owned);
    part.map(decode).transpose().map_err(|_| unusable("its user or password is no UTF-8"))
}

fn unusable(reason: &str) -> Error {
    Error::Open {
        place: "the ClickHouse server by its URL".to_owned(),
        reason: reason.to_owned(),
        remedy: FORM,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_and_decoded() {
        let endpoint = Endpoint::parse("http://bench:se%3Acret%2F1@db.example:8124").unwrap();
        assert_eq!(endpoint.origin, "http://db.example:8124");
        assert_eq!(
            (endpoint.user.as_deref(), endpoint.password.as_deref()),
            (Some("bench"), Some("se:cret/1"))
        );
    }

    #[test]
    fn https_needs_the_feature_tls() {
        match Endpoint::parse("https://u:secret@db.example:8443") {
            Ok(endpoint) => assert!(cfg!(feature = "tls") && endpoint.encrypted),
            Err(error) => {
                let error = error.to_string();
                assert!(!cfg!(feature = "tls") && error.contains("--features tls"), "{error}");
                assert!(!error.contains("secret"), "{error}");
            }
        }
    }

    #[test]
    fn addresses_of_this_machine_are_local() {
        let local = |host: &str| Endpoint::parse(&format!("http://{host}:8123")).unwrap().local;
        assert!(["localhost", "127.1.2.3", "[::1]"].into_iter().all(local));
        assert!(!["db.example", "localhost.example", "10.0.0.1"].into_iter().any(local));
    }

    #[test]
    fn what_is_no_such_url_is_refused_without_repeating_any_of_it() {
        let wrong = [
            ("", "relative URL"),
            ("localhost:8123", "scheme"),
            ("http://u:secret@:8123", "empty host"),
            ("http://u:secret@host:81x3", "invalid port"),
            ("http://u:12/secret@host:8123", "follows the host"),
            ("http://u:12#secret@host:8123", "fragment"),
            ("http://u:12?secret@host:8123", "query"),
            ("http://u:%FFsecret@host:8123", "UTF-8"),
            ("http://host:8123/?password=secret", "query"),
        ];
        for (url, reason) in wrong {
            let error = Endpoint::parse(url).err().unwrap_or_else(|| panic!("{url} was taken"));
            let text = format!("{error} {error:?}");
            assert!(
                text.contains(reason) && text.contains("http://user:password@host:8123"),
                "{url}: {text}"
            );
            assert!(!text.contains("secret") && !text.contains("ret@"), "{url}: {text}");
        }
    }
}
