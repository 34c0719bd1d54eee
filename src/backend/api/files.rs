//! `POST /files`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Json;
use axum::extract::multipart::Field;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use serde::Serialize;
use tempfile::{Builder, NamedTempFile};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::task::spawn_blocking;

use super::app::App;
use super::error::ApiError;
use super::error::{Checked, read_in_time};

/// The maximum length of a stored name, its random prefix excluded.
const MAX_NAME_LENGTH: usize = 100;

#[derive(Serialize)]
pub(super) struct Upload {
    name: String,
    stored_as: String,
    bytes: u64,
}

pub(super) async fn upload(
    State(app): State<Arc<App>>,
    Checked(form): Checked<Multipart>,
) -> Result<(StatusCode, Json<Upload>), ApiError> {
    let stored = read_in_time(&app, store_file(&app.config.uploads, form)).await??;
    Ok((StatusCode::CREATED, Json(stored)))
}

async fn store_file(folder: &Path, mut form: Multipart) -> Result<Upload, ApiError> {
    while let Some(field) = form.next_field().await? {
        if field.name() == Some("file") {
            let name = field.file_name().and_then(safe_name).ok_or(ApiError::NoFileName)?;
            return store(folder, name, field).await;
        }
    }
    Err(ApiError::Invalid("the form has no field `file`".to_owned()))
}

/// Streams the field to a temporary file, which is kept only if the field is complete.
async fn store(folder: &Path, name: String, mut field: Field<'_>) -> Result<Upload, ApiError> {
    let (file, mut writer) =
        create(folder.to_owned(), format!("-{name}")).await.map_err(ApiError::internal)?;
    let mut bytes = 0;
    while let Some(chunk) = field.chunk().await? {
        writer.write_all(&chunk).await.map_err(ApiError::internal)?;
        bytes += chunk.len() as u64;
    }
    writer.flush().await.map_err(ApiError::internal)?;
    let (_, path) = file.keep().map_err(ApiError::internal)?;
    let stored_as = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Upload { name, stored_as, bytes })
}

/// A new file whose name has a random prefix, so that it replaces no other and cannot be guessed.
async fn create(folder: PathBuf, suffix: String) -> io::Result<(NamedTempFile, File)> {
    let create = move || {
        let file = Builder::new().prefix("").rand_bytes(16).suffix(&suffix).tempfile_in(folder)?;
        let writer = file.reopen()?;
        Ok((file, File::from_std(writer)))
    };
    spawn_blocking(create).await.map_err(io::Error::other)?
}

/// The last component of a path of any system, without characters that mean more than a name to a shell, a browser or a
/// file system; `None` without a letter or digit.
fn safe_name(given: &str) -> Option<String> {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => character,
        _ => '_',
    };
    let name: String = last.trim_start_matches('.').chars().map(safe).take(MAX_NAME_LENGTH).collect();
    name.contains(|character: char| character.is_ascii_alphanumeric()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_safe_or_refused() {
        let cases = [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            (r"C:\Users\me\notes.txt", "notes.txt"),
            ("/etc/shadow", "shadow"),
            (".bashrc", "bashrc"),
            ("a b;rm -rf $HOME.txt", "a_b_rm_-rf__HOME.txt"),
            ("naïve\n\0.csv", "na_ve__.csv"),
        ];
        for (given, safe) in cases {
            assert_eq!(safe_name(given).as_deref(), Some(safe), "{given:?}");
        }
        for given in ["..", "a/", "", "____"] {
            assert_eq!(safe_name(given), None, "{given:?}");
        }
        assert_eq!(safe_name(&"x".repeat(500)).unwrap().len(), MAX_NAME_LENGTH);
    }
}
