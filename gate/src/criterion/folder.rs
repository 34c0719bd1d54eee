//! A folder that is open: what it holds is listed and read relative to it.
//!
//! A tree of 10,000 results is 20,000 folders and 30,000 files of a page each, so the time to read it is the time of
//! its system calls. Relative to an open folder each is a look-up of one name, and a file that fits the buffer is
//! read in one call.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::buffer::spare_capacity;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, statat};

use crate::model::error::Error;

/// Larger than the files of most results: 100 samples are 4 kB.
const BUFFER: usize = 8 * 1024;

/// A folder that is open.
pub struct Folder {
    handle: Dir,
    /// Where it is.
    pub path: PathBuf,
    /// The device on which a folder has a link for each folder in it, where that was seen to be so.
    counts_links: Option<u64>,
}

/// What a folder holds directly.
#[derive(Default)]
pub struct FolderListing {
    /// The names of its folders, and of links to folders behind them.
    pub folders: Vec<OsString>,
    /// How many of them are links.
    links: usize,
    /// The names of everything else.
    pub files: Vec<OsString>,
}

impl Folder {
    /// Opens `path`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_at(CWD, path, path)
    }

    /// Opens the folder `name` in this one.
    pub fn inner(&self, name: &Path) -> Result<Self, Error> {
        let path = self.path.join(name);
        let handle = self.handle.fd().map_err(|error| Error::io("list", &path)(error.into()))?;
        Ok(Self { counts_links: self.counts_links, ..Self::open_at(handle, name, &path)? })
    }

    fn open_at(parent: impl rustix::fd::AsFd, name: &Path, path: &Path) -> Result<Self, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = openat(parent, name, flags, Mode::empty()).and_then(Dir::new).map_err(io::Error::from);
        let folder = |handle| Self { handle, path: path.to_owned(), counts_links: None };
        opened.map(folder).map_err(Error::io("list", path))
    }

    /// Lists it, once. A link to a folder is followed, but for one that leads back to where it is.
    pub fn list(&mut self) -> Result<FolderListing, Error> {
        let (listing, links) = self.names()?;
        let listing = self.follow(links, listing)?;
        let own_folders = listing.folders.len() - listing.links;
        if self.counts_links.is_none() && own_folders > 0 {
            let status = self.handle.fd().and_then(fstat);
            let status = status.map_err(|error| Error::io("list", &self.path)(error.into()))?;
            let counted = usize::try_from(status.st_nlink).is_ok_and(|links| links == own_folders + 2);
            self.counts_links = counted.then_some(status.st_dev);
        }
        Ok(listing)
    }

    /// Adds the `links` to `listing`, each by what it leads to. One that leads nowhere is a folder that cannot be opened.
    fn follow(&self, links: Vec<OsString>, mut listing: FolderListing) -> Result<FolderListing, Error> {
        for name in links {
            let path = self.path.join(&name);
            if path.is_file() {
                listing.files.push(name);
                continue;
            }
            let leads_back =
                |target: PathBuf| self.path.canonicalize().is_ok_and(|at| at.starts_with(target));
            if path.canonicalize().is_ok_and(leads_back) {
                return Err(Error::LinkLoop { path });
            }
            listing.folders.push(name);
            listing.links += 1;
        }
        Ok(listing)
    }

    /// How many folders the folder at `name`, which is relative to this one, holds, as far as its number of links
    /// tells: a folder has two, and one more from the `..` of each folder in it.
    ///
    /// Not every file system counts so. One that counted the folders of this folder, or of one that it is in, right
    /// is believed.
    pub fn count_folders(&self, name: &Path) -> Option<usize> {
        let device = self.counts_links?;
        let status = statat(self.handle.fd().ok()?, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let is_folder = FileType::from_raw_mode(status.st_mode).is_dir() && status.st_dev == device;
        if is_folder { usize::try_from(status.st_nlink).ok()?.checked_sub(2) } else { None }
    }

    /// What it holds, and the names of its links.
    fn names(&mut self) -> Result<(FolderListing, Vec<OsString>), Error> {
        let failed = |error: rustix::io::Errno| Error::io("list", &self.path)(error.into());
        let (mut listing, mut links) = (FolderListing::default(), Vec::new());
        while let Some(entry) = self.handle.read() {
            let entry = entry.map_err(failed)?;
            let name = OsString::from_vec(entry.file_name().to_bytes().to_owned());
            match entry.file_type() {
                FileType::Directory if name == "." || name == ".." => {}
                FileType::Directory => listing.folders.push(name),
                FileType::Symlink => links.push(name),
                FileType::Unknown if self.path.join(&name).is_dir() => listing.folders.push(name),
                _ => listing.files.push(name),
            }
        }
        Ok((listing, links))
    }

    /// Opens the file at `name`, which is relative to it.
    pub fn file(&self, name: &Path) -> io::Result<OwnedFd> {
        Ok(openat(self.handle.fd()?, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
    }
}

/// Everything in `file`. A regular file that fills less than was asked for has ended.
pub fn read_all(file: &OwnedFd) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(BUFFER);
    loop {
        let asked = bytes.capacity() - bytes.len();
        let read = rustix::io::read(file, spare_capacity(&mut bytes))?;
        if read < asked {
            return Ok(bytes);
        }
        bytes.reserve(bytes.len());
    }
}
