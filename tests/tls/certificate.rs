//! A certificate of its own issuer.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// For `127.0.0.1`, and for no name.
const CONFIG: &str = "[req]\ndistinguished_name=name\nx509_extensions=extensions\nprompt=no\n\
                      [name]\nCN=backend-bench test\n\
                      [extensions]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=IP:127.0.0.1\n";

/// A certificate and its key, in a folder that goes with this.
pub struct Certificate(TempDir);

impl Certificate {
    pub fn make() -> Self {
        let made = Self(tempfile::tempdir().unwrap());
        std::fs::write(made.file("config"), CONFIG).unwrap();
        let mut openssl = Command::new("openssl");
        openssl
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-config"])
            .arg(made.file("config"));
        openssl.arg("-keyout").arg(made.key()).arg("-out").arg(made.path());
        let done =
            openssl.output().unwrap_or_else(|error| panic!("openssl: {error}: apt-get install openssl"));
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        made
    }

    pub fn path(&self) -> PathBuf {
        self.file("certificate.pem")
    }

    pub fn key(&self) -> PathBuf {
        self.file("key.pem")
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new(self.0.path()).join(name)
    }
}
