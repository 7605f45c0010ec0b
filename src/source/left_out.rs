//! What a policy leaves out of a scan, by globs about paths as seen from its folder.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::files::{FilesError, printable};

/// Compiled globs, and how paths of the scan become paths that they are about.
#[derive(Clone, Debug)]
pub(super) struct LeftOut {
    globs: GlobSet,
    strip: Vec<u8>,
    prepend: Vec<u8>,
}

impl LeftOut {
    /// `None` without globs.
    pub fn new(globs: &[String], strip: &str, prepend: &str) -> Result<Option<Self>, FilesError> {
        let refuse = |glob: &str, e: globset::Error| FilesError::Glob {
            flag: "policy: scope.exclude",
            glob: glob.to_owned(),
            why: e.kind().to_string(),
        };
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(GlobBuilder::new(glob).literal_separator(true).build().map_err(|e| refuse(glob, e))?);
        }
        let globs = set.build().map_err(|e| refuse("", e))?;
        let (strip, prepend) = (strip.as_bytes().to_vec(), prepend.as_bytes().to_vec());
        Ok((!globs.is_empty()).then_some(Self { globs, strip, prepend }))
    }

    /// Whether one of the globs matches a path of the scan.
    pub fn matches(&self, path: &Path) -> bool {
        let path = printable(path);
        let path = match path.strip_prefix(self.strip.as_slice()) {
            Some(rest) => [&self.prepend, rest].concat(),
            None => path,
        };
        self.globs.is_match(Path::new(&*String::from_utf8_lossy(&path)))
    }
}
