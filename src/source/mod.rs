//! Where items come from. Knows places and never formats.

pub mod files;
mod left_out;
mod owners;
pub mod reach;

use std::fs::{File, Metadata};
use std::io;
use std::path::PathBuf;

use crate::model::{Item, Outcome};

pub use files::{FilesError, Selection, Target};
pub use owners::{Owners, accessed};
pub use reach::{Reached, reach};

/// Something that a source came upon.
#[derive(Debug)]
pub struct Discovered {
    /// The item.
    pub item: Item,
    /// How to get at its content, or why not.
    pub access: Access,
}

/// How to get at an item's content.
#[derive(Debug)]
pub enum Access {
    /// A regular file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// There is nothing to open: this is how it ended, with a detail in our own words.
    Decided(Outcome, String),
}

/// Opens a file that was a regular one when it was listed, without following a link, waiting for a FIFO's other end or
/// updating what it is replaced with. `Ok(None)` when it is no regular file any more.
pub fn open_regular(path: &std::path::Path) -> io::Result<Option<(File, Metadata)>> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC);
    }
    let file = match options.open(path) {
        #[cfg(unix)]
        Err(e) if e.raw_os_error() == Some(libc::ELOOP) => return Ok(None),
        other => other?,
    };
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata)))
}
