//! The user that a ephemeral server runs as.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// An entry of `/etc/passwd` that is not root's, for servers that refuse to run as root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None` if this process is not root's, so that a server can run as the same user; else the first of `names`, or
    /// `nobody`, that the machine has.
    ///
    /// # Errors
    /// This process is root's, and the machine has none of them.
    pub fn for_server(names: &[&str]) -> Result<Option<Self>, String> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let found = names.iter().chain(&["nobody"]).find_map(|name| Self::in_passwd(&passwd, name));
        found.map(Some).ok_or_else(|| {
            format!("it refuses to run as root, and /etc/passwd has no {} or nobody", names.join(", "))
        })
    }

    fn in_passwd(passwd: &str, wanted: &str) -> Option<Self> {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| *name == wanted)?;
            let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
            (uid != 0).then(|| Self { name: name.to_owned(), uid, gid })
        })
    }

    /// The user's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    /// Gives `path` to the user.
    ///
    /// # Errors
    /// The file system refuses.
    pub(super) fn own(&self, path: &Path) -> std::io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// Makes `command` run as the user, without the groups of root.
    pub(super) fn run(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_from_passwd_and_root_is_none() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nbroken\ntoor:x:0:0::/:/bin/sh\n\
                      postgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash\n";
        let found = Account::in_passwd(passwd, "postgres");
        assert_eq!(found, Some(Account { name: "postgres".to_owned(), uid: 101, gid: 104 }));
        for missing in ["root", "toor", "broken", "nobody", "post"] {
            assert_eq!(Account::in_passwd(passwd, missing), None);
        }
    }
}
