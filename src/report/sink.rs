//! Where output goes. A regular file gets its final name only when it is whole.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::text::printable;

/// Where a report is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// A file, a pipe or a device.
    File(PathBuf),
    /// A directory, made if need be: one file per table.
    Directory(PathBuf),
}

impl Destination {
    /// What the user means by a path: `-` is standard output; a trailing slash, or a directory that is there, is a
    /// directory.
    pub fn of(path: &Path) -> Self {
        let directory = path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir();
        match path {
            p if p.as_os_str() == "-" => Destination::Stdout,
            p if directory => Destination::Directory(p.to_path_buf()),
            p => Destination::File(p.to_path_buf()),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Stdout => f.write_str("standard output"),
            Destination::File(path) | Destination::Directory(path) => f.write_str(&shown(path)),
        }
    }
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

/// One open output.
pub(super) struct Sink {
    out: BufWriter<Target>,
    name: String,
}

enum Target {
    Stdout(io::Stdout),
    /// A pipe or device, written as it comes.
    Direct(File),
    /// A file under a temporary name beside its final one.
    Temporary(NamedTempFile, PathBuf),
}

impl Sink {
    /// Opens standard output or a file; a directory needs the name of a file in it.
    pub(super) fn open(destination: &Destination) -> io::Result<Self> {
        let name = destination.to_string();
        let target = match destination {
            Destination::Stdout => Ok(Target::Stdout(io::stdout())),
            Destination::File(path) | Destination::Directory(path) => open_path(path),
        };
        let target = target.map_err(|e| explained(&name, e))?;
        Ok(Self { out: BufWriter::with_capacity(1 << 16, target), name })
    }

    /// Whether someone may be reading along.
    pub(super) fn live(&self) -> bool {
        !matches!(self.out.get_ref(), Target::Temporary(..))
    }

    /// Whether it is a screen, which acts on control characters instead of keeping them.
    pub(super) fn is_terminal(&self) -> bool {
        match self.out.get_ref() {
            Target::Stdout(out) => out.is_terminal(),
            Target::Direct(file) => file.is_terminal(),
            Target::Temporary(..) => false,
        }
    }

    /// Paths it occupies.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        match self.out.get_ref() {
            Target::Temporary(file, path) => vec![file.path().to_path_buf(), path.clone()],
            _ => Vec::new(),
        }
    }

    /// Writes out what is buffered, and gives a file its final name.
    pub(super) fn finish(self) -> io::Result<()> {
        let name = self.name;
        let finish = || {
            match self.out.into_inner().map_err(|e| e.into_error())? {
                Target::Temporary(file, path) => {
                    file.as_file().sync_all()?;
                    file.persist(path).map_err(|e| e.error)?;
                }
                mut direct => direct.flush()?,
            }
            Ok(())
        };
        finish().map_err(|e| explained(&name, e))
    }
}

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.out.write(buf).map_err(|e| explained(&self.name, e))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush().map_err(|e| explained(&self.name, e))
    }
}

impl Write for Target {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Target::Stdout(out) => out.write(buf),
            Target::Direct(file) => file.write(buf),
            Target::Temporary(file, _) => file.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Stdout(out) => out.flush(),
            Target::Direct(file) => file.flush(),
            Target::Temporary(file, _) => file.flush(),
        }
    }
}

fn open_path(path: &Path) -> io::Result<Target> {
    // What stands behind these names is someone else's open file: never to be renamed over or cut off.
    let open_elsewhere = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];
    if open_elsewhere.iter().any(|prefix| path.starts_with(prefix)) {
        return OpenOptions::new().append(true).open(path).map(Target::Direct);
    }
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "Is a directory"));
        }
        Ok(meta) if !meta.is_file() => {
            return OpenOptions::new().write(true).open(path).map(Target::Direct);
        }
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    // A link stays a link; what it points to is replaced.
    let path = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_symlink() => fs::canonicalize(path)?,
        _ => path.to_path_buf(),
    };
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    let file = Builder::new().prefix(&prefix).suffix(".partial").tempfile_in(parent)?;
    Ok(Target::Temporary(file, path))
}

/// One line that names the output; the kind stays, for callers that treat a broken pipe as success.
fn explained(name: &str, error: io::Error) -> io::Error {
    const START: &str = "cannot write ";
    let reason = error.to_string();
    if reason.starts_with(START) {
        return error;
    }
    // What follows is a number, and with `tempfile` the temporary path; the user knows the final one.
    let reason = reason.split(" (os error ").next().unwrap_or_default();
    io::Error::new(error.kind(), format!("{START}{name}: {reason}"))
}

/// Makes a directory for tables.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path).map_err(|e| explained(&shown(path), e))
}
