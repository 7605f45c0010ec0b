//! Containers with fixed times, so that the same content gives the same bytes.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{AesSalt, CompressionMethod, DateTime, ZipWriter};

use crate::Result;

/// 2 March 2026, 06:00 UTC, in seconds since 1970.
pub const MODIFIED: u32 = 1_772_431_200;

/// A gzip member without a name.
pub fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut out = flate2::GzBuilder::new().mtime(MODIFIED).write(Vec::new(), flate2::Compression::new(6));
    out.write_all(content)?;
    Ok(out.finish()?)
}

/// A Zstandard frame.
pub fn zstd(content: &[u8]) -> Result<Vec<u8>> {
    Ok(zstd::encode_all(content, 9)?)
}

/// An xz stream.
pub fn xz(content: &[u8]) -> Result<Vec<u8>> {
    let mut out = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(6))?;
    out.write_all(content)?;
    Ok(out.finish()?)
}

/// A bzip2 stream.
pub fn bzip2(content: &[u8]) -> Result<Vec<u8>> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(6));
    out.write_all(content)?;
    Ok(out.finish()?)
}

/// A tar of regular files.
pub fn tar(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut out = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        header.set_mtime(u64::from(MODIFIED));
        header.set_entry_type(tar::EntryType::Regular);
        out.append_data(&mut header, name, content.as_slice())?;
    }
    Ok(out.into_inner()?)
}

/// One entry of a zip.
pub struct Entry {
    /// Its path.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
    /// The password it is encrypted with.
    pub password: Option<&'static str>,
}

impl Entry {
    /// An entry that anyone can read.
    pub fn open(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), content: content.into(), password: None }
    }
}

/// A zip with a comment.
pub fn zip(entries: &[Entry], comment: &str) -> Result<Vec<u8>> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    out.set_comment(comment)?;
    let plain = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::from_date_and_time(2020, 1, 15, 17, 30, 0)?)
        .unix_permissions(0o640);
    for entry in entries {
        let options = match entry.password {
            // The fixed salt keeps the bytes the same; nothing here is worth protecting.
            Some(password) => plain.with_aes_encryption_and_salt(
                password.as_bytes(),
                AesSalt::try_new(zip::AesMode::Aes256, b"privascan-demo-0")?,
            ),
            None => plain,
        };
        out.start_file(entry.name.as_str(), options)?;
        out.write_all(&entry.content)?;
    }
    Ok(out.finish()?.into_inner())
}
