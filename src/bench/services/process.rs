//! Which process it is, told so that a later one on the same machine can tell whether it is gone.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;
use std::{fmt, fs};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// A process of this machine. Its number alone would be given to another one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Which start of which machine.
    boot: String,
    /// The namespace that its number is of: containers of one machine count their own.
    space: String,
    number: i32,
    /// When it began, in ticks since the machine's start.
    began: u64,
}

impl Process {
    /// This one; none, where the system does not tell (`/proc` is Linux's).
    #[must_use]
    pub fn this() -> Option<Self> {
        Self::numbered(i32::try_from(std::process::id()).ok()?)
    }

    /// The one that has this number now.
    #[must_use]
    pub fn numbered(number: i32) -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
        let space = fs::read_link("/proc/self/ns/pid").ok()?.to_str()?.to_owned();
        let space = space.chars().filter(char::is_ascii_digit).collect();
        // The name, in parentheses, may hold anything. What follows begins with the third field; the 22nd is wanted.
        let fields = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        let began = fields.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
        Some(Self { boot, space, number, began })
    }

    /// Whether it has ended for certain. Of another machine's processes, or another container's, nothing is certain.
    pub(crate) fn is_gone(&self) -> bool {
        let Some(here) = Self::this() else { return false };
        if (&here.boot, &here.space) != (&self.boot, &self.space) {
            return false;
        }
        let Some(pid) = Pid::from_raw(self.number) else { return false };
        // `/proc` may hide the processes of other users, so that alone says nothing.
        let there = test_kill_process(pid) != Err(Errno::SRCH);
        !there || Self::numbered(self.number).is_some_and(|now| now.began != self.began)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {} {}", self.boot, self.space, self.number, self.began)
    }
}

impl FromStr for Process {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or(());
        let (boot, space) = (word()?.to_owned(), word()?.to_owned());
        let (number, began) = (word()?.parse().map_err(drop)?, word()?.parse().map_err(drop)?);
        if words.next().is_some() { Err(()) } else { Ok(Self { boot, space, number, began }) }
    }
}

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
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_known_again_by_its_text() {
        let this = Process::this().unwrap();
        assert_eq!(this.to_string().parse(), Ok(this.clone()));
        assert_ne!(this.began, 0);
        for broken in ["", "a b c d", "a b 1 2 3", "a b 1"] {
            assert!(broken.parse::<Process>().is_err(), "{broken:?}");
        }
    }

    #[test]
    fn only_what_has_ended_here_is_gone() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let process = Process::numbered(i32::try_from(child.id()).unwrap()).unwrap();
        assert!(!process.is_gone() && !Process::this().unwrap().is_gone());
        child.kill().and_then(|()| child.wait()).unwrap();
        assert!(process.is_gone());
        let elsewhere = [
            Process { boot: "another".to_owned(), ..process.clone() },
            Process { space: "1".to_owned(), ..process },
        ];
        assert!(elsewhere.iter().all(|process| !process.is_gone()));
    }

    #[test]
    fn a_number_that_was_given_again_is_not_the_same_process() {
        let this = Process::this().unwrap();
        assert!(Process { began: this.began + 1, ..this }.is_gone());
    }

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
