//! Files that are whole or not there: written to a temporary file beside the target, then renamed.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use tempfile::NamedTempFile;

use crate::model::error::Error;

/// Writes `contents` to `path`, making its folder, replacing what was there in one step.
///
/// # Errors
/// The folder cannot be made or written to; what was at `path` is then untouched.
pub fn write(path: &Path, contents: &[u8]) -> Result<(), Error> {
    let file = write_beside(path, contents)?;
    file.persist(path).map(drop).map_err(|error| Error::io("write", path)(error.error))
}

/// Writes the whole of `contents` to a temporary file in the folder of `path`.
fn write_beside(path: &Path, contents: &[u8]) -> Result<NamedTempFile, Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))?;
    let mut file = NamedTempFile::new_in(folder).map_err(Error::io("write", folder))?;
    file.write_all(contents).and_then(|()| file.as_file().sync_all()).map_err(Error::io("write", path))?;
    readable_by_all(&file).map_err(Error::io("write", path))?;
    Ok(file)
}

/// Writes `value` as indented JSON with a closing newline.
///
/// # Errors
/// As [`write()`].
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    write(path, to_json(value).as_bytes())
}

/// [`write_json`] where nothing is at `path` yet; `false`, and nothing done, where something is.
///
/// # Errors
/// As [`write()`].
pub fn write_new_json(path: &Path, value: &impl Serialize) -> Result<bool, Error> {
    let file = write_beside(path, to_json(value).as_bytes())?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io("write", path)(error.error)),
    }
}

/// Indented JSON with a closing newline.
///
/// # Panics
/// Never for the types of this crate: their keys are strings and their numbers are checked to be finite.
#[must_use]
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("our types serialise") + "\n"
}

/// Makes sure that a file can be written into `folder`, before hours of work are lost to it.
///
/// # Errors
/// The folder cannot be made or written to.
pub fn check_writable(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))?;
    NamedTempFile::new_in(folder).map(drop).map_err(Error::io("write into the folder", folder))
}

/// A temporary file is its owner's alone; a report is for everyone.
#[cfg(unix)]
fn readable_by_all(file: &NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/report.json");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_a_file_is_refused_by_name() {
        let file = NamedTempFile::new().unwrap();
        let error = check_writable(&file.path().join("reports")).unwrap_err();
        assert!(error.to_string().contains("reports: cannot make the folder"), "{error}");
    }
}
