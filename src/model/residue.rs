//! Which formats can keep what was deleted from them, and whether this build reads it there.

/// What a format may keep of deleted data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residue {
    /// Nothing: what is deleted is not in the file any more.
    None,
    /// Something, and it is read: what is found there comes as an item of its own with `Evidence::residue`.
    Read,
    /// Something, and this build cannot read it.
    NotRead,
}

/// Formats whose residue is read: entries behind the end of a tar, entries that a zip does not list, bytes around either
/// and behind the end of a compressed stream; not of lzip, whose reader goes on by itself.
const READ: &[&str] = &["tar", "zip", "gzip", "zstd", "bzip2", "xz"];

/// Formats that keep nothing: rewritten whole, or append-only with all they hold in the open.
const NONE: &[&str] = &[
    "", "empty", "text", "csv", "tsv", "json", "jsonl", "parquet", "arrow", "orc", "avro", "mail", "html",
    "xml",
];

/// Formats known to keep something that no reader here gets at. Words are those of the items table: the usual extension
/// where there is no reader.
const NOT_READ: &[&str] = &[
    // Free pages, write-ahead logs, journals.
    "sqlite", "db", "mdb", "accdb", "dbf", "edb", "wal",
    // Tracked changes, hidden sheets, earlier versions, fast saves.
    "ooxml", "odf", "ole", "docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm", "vsdx", "doc", "xls",
    "ppt", "odt", "ods", "odp", "odg", "one", "rtf", "pages", "numbers", "key", "msg", "pst", "ost",
    // Earlier saves, text under boxes.
    "pdf", "ps", "eps", "psd", "ai", "indd", // Thumbnails, EXIF, the uncropped original.
    "jpg", "jpeg", "png", "tiff", "tif", "heic", "heif", "webp", // History and free blocks.
    "git", "pack", "iso", "vmdk", "vdi", "vhd", "vhdx", "qcow2", "img", "dmg",
    // Containers without a reader.
    "7z", "rar", "cab", "cpio", "lzip", "deb", "rpm",
];

/// What `format`, the word of the items table, may keep of deleted data. Unknown formats keep nothing that is known of.
pub fn residue(format: &str) -> Residue {
    match format {
        _ if READ.contains(&format) => Residue::Read,
        _ if NOT_READ.contains(&format) => Residue::NotRead,
        _ => Residue::None,
    }
}

/// Whether the table says anything about `format`.
pub fn is_known(format: &str) -> bool {
    NONE.contains(&format) || residue(format) != Residue::None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_one_answer() {
        let all: Vec<&str> = [READ, NONE, NOT_READ].concat();
        for format in &all {
            assert_eq!(all.iter().filter(|f| f == &format).count(), 1, "{format}");
            assert!(is_known(format));
        }
        assert_eq!(residue("zip"), Residue::Read);
        assert_eq!((residue("pdf"), residue("lzip")), (Residue::NotRead, Residue::NotRead));
        assert_eq!(
            (residue("csv"), residue("binary"), is_known("binary")),
            (Residue::None, Residue::None, false)
        );
    }
}
