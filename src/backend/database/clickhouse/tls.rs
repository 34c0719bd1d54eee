//! The way to a server, encrypted where its URL says so and this build can (feature `tls`).

#[cfg(not(feature = "tls"))]
pub(super) use without::{Connector, over};

#[cfg(feature = "tls")]
pub(super) use with::{Connector, over};

#[cfg(not(feature = "tls"))]
mod without {
    use hyper_util::client::legacy::connect::HttpConnector;

    /// Opens the way.
    pub type Connector = HttpConnector;

    /// `http` alone: a URL that asks for more was refused.
    pub fn over(http: HttpConnector, _encrypted: bool) -> Connector {
        http
    }
}

#[cfg(feature = "tls")]
mod with {
    use std::sync::{Arc, LazyLock};

    use hyper_rustls::{ConfigBuilderExt, HttpsConnector};
    use hyper_util::client::legacy::connect::HttpConnector;
    use rustls::{ClientConfig, RootCertStore};

    /// Opens the way.
    pub type Connector = HttpsConnector<HttpConnector>;

    /// Trusts whom the system trusts, or `SSL_CERT_FILE`. To read that takes a while, so it is done once.
    static SYSTEM: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
        let trusting = ClientConfig::builder().with_native_roots();
        trusting.map_or_else(|_| nobody(), |trusting| Arc::new(trusting.with_no_client_auth()))
    });

    /// Trusts nobody.
    fn nobody() -> Arc<ClientConfig> {
        let trusting = ClientConfig::builder().with_root_certificates(RootCertStore::empty());
        Arc::new(trusting.with_no_client_auth())
    }

    /// `http`, and `https` over it where the way is to be `encrypted`.
    pub fn over(mut http: HttpConnector, encrypted: bool) -> Connector {
        http.enforce_http(false);
        let config = if encrypted { Arc::clone(&SYSTEM) } else { nobody() };
        (http, config).into()
    }
}
