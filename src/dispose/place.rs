//! Getting at an item: from the folder of its system's root down, name by name, over no link, to a file that is what was planned.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::Refused;
use crate::model::hex;

/// How a folder is opened: for looking things up in it.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// How a folder on the way is opened: one may pass through folders that one may not list.
#[cfg(any(target_os = "linux", target_os = "android"))]
const WALK: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const WALK: OFlags = FOLDER;
/// How a file is opened: without waiting for anyone at the other end of what is no file.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// What tells one file from all others, and whether it was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub device: u64,
    pub inode: u64,
    pub links: u64,
    pub size: u64,
    modified: (i64, i64),
    mode: u32,
}

impl Mark {
    #[allow(clippy::unnecessary_cast)] // The types differ from system to system.
    pub fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            links: stat.st_nlink as u64,
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            mode: stat.st_mode as u32,
        }
    }

    pub fn of_file(file: &File) -> Result<Self, Refused> {
        Ok(Self::of(&rustix::fs::fstat(file).map_err(Refused::of_error)?))
    }

    /// Whether both are one file.
    pub fn is(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Permission bits.
    pub fn permissions(&self) -> Mode {
        Mode::from_raw_mode((self.mode & 0o7777) as _)
    }

    /// When it was last written to.
    pub fn modified(&self) -> rustix::fs::Timespec {
        rustix::fs::Timespec { tv_sec: self.modified.0 as _, tv_nsec: self.modified.1 as _ }
    }
}

/// An item that was found where it ought to be, open.
pub(super) struct Found {
    /// The folder that it is in.
    pub folder: OwnedFd,
    /// Its name in there.
    pub name: Vec<u8>,
    /// What was read and will be moved.
    pub file: File,
    /// As it was when it was read.
    pub mark: Mark,
    /// SHA-256 of what was read.
    pub hash: String,
}

/// Names that folders list, by device and inode of the folder.
#[derive(Default)]
pub(super) struct Names {
    of: HashMap<(u64, u64), HashSet<Vec<u8>>>,
    known: usize,
}

impl Names {
    /// Names that are remembered at a time.
    const MOST: usize = 1 << 20;

    /// Whether a folder lists exactly this name: a store that ignores case opens others too.
    pub fn has(&mut self, folder: &OwnedFd, name: &[u8]) -> Result<bool, Refused> {
        let mark = Mark::of(&rustix::fs::fstat(folder).map_err(Refused::of_error)?);
        let key = (mark.device, mark.inode);
        if self.of.get(&key).is_some_and(|names| names.contains(name)) {
            return Ok(true);
        }
        let mut names = HashSet::new();
        for entry in Dir::read_from(folder).map_err(Refused::of_error)? {
            names.insert(entry.map_err(Refused::of_error)?.file_name().to_bytes().to_vec());
        }
        let has = names.contains(name);
        if self.known + names.len() > Self::MOST {
            (self.of, self.known) = (HashMap::new(), 0);
        }
        self.known += names.len();
        self.of.insert(key, names);
        Ok(has)
    }
}

/// The names of a path, from outside in; `None` where one of them leads elsewhere.
pub(super) fn names(path: &[u8]) -> Option<Vec<&[u8]>> {
    let names: Vec<&[u8]> = path.split(|b| *b == b'/').collect();
    let plain = |name: &&[u8]| !name.is_empty() && *name != b"." && *name != b".." && !name.contains(&0);
    names.iter().all(plain).then_some(names)
}

/// Opens a folder that is trusted as it is configured; links in its own path are followed.
pub(super) fn open_root(path: &Path) -> Result<OwnedFd, Refused> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    rustix::fs::open(path, FOLDER, Mode::empty()).map_err(Refused::of_error)
}

/// Opens a declared folder: one name after the other from another folder down, over no link. Folders on the way may be ones
/// that one may pass through and not list.
pub(super) fn open_declared(from: &Path, names: &[&[u8]]) -> Result<OwnedFd, Refused> {
    let from = if from.as_os_str().is_empty() { Path::new(".") } else { from };
    let mut here = rustix::fs::open(from, WALK, Mode::empty()).map_err(Refused::of_error)?;
    for name in names {
        here = open_at(&here, name, WALK | OFlags::NOFOLLOW)?;
    }
    open_at(&here, b".", FOLDER)
}

/// Opens the folder that the names lead to, over no link.
pub(super) fn descend(root: OwnedFd, names: &[&[u8]], listed: &mut Names) -> Result<OwnedFd, Refused> {
    let mut folder = root;
    for name in names {
        let next = open_at(&folder, name, FOLDER | OFlags::NOFOLLOW)?;
        if !listed.has(&folder, name)? {
            return Err(Refused::new("other-case"));
        }
        folder = next;
    }
    Ok(folder)
}

fn open_at(folder: &OwnedFd, name: &[u8], flags: OFlags) -> Result<OwnedFd, Refused> {
    rustix::fs::openat(folder, OsStr::from_bytes(name), flags, Mode::empty()).map_err(|error| {
        let link = stat_at(folder, name)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink);
        match error {
            _ if link => Refused::new("symlink"),
            Errno::NOTDIR => Refused::new("not-found"),
            Errno::NXIO | Errno::OPNOTSUPP => Refused::new("not-a-file"),
            error => Refused::of_error(error),
        }
    })
}

/// What stands under a name, without following it.
pub(super) fn stat_at(folder: &OwnedFd, name: &[u8]) -> Result<Stat, Errno> {
    rustix::fs::statat(folder, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW)
}

/// Opens a file and reads all of it: a regular one with one name, exactly this one.
pub(super) fn open(folder: OwnedFd, name: &[u8], listed: &mut Names) -> Result<Found, Refused> {
    let before = stat_at(&folder, name).map_err(Refused::of_error)?;
    match FileType::from_raw_mode(before.st_mode) {
        FileType::RegularFile => {}
        FileType::Symlink => return Err(Refused::new("symlink")),
        _ => return Err(Refused::new("not-a-file")),
    }
    let mut file = File::from(open_at(&folder, name, FILE)?);
    let stat = rustix::fs::fstat(&file).map_err(Refused::of_error)?;
    let mark = Mark::of(&stat);
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Refused::new("not-a-file"));
    }
    if !listed.has(&folder, name)? {
        return Err(Refused::new("other-case"));
    }
    if mark.links != 1 {
        return Err(Refused::new("hard-link"));
    }
    let hash = hash(&mut file)?;
    if Mark::of_file(&file)? != mark {
        return Err(Refused::new("changed-while-read"));
    }
    Ok(Found { folder, name: name.to_vec(), file, mark, hash })
}

/// SHA-256 of a file from its start, hex.
pub(super) fn hash(file: &mut File) -> Result<String, Refused> {
    let mut hasher = Sha256::new();
    each_chunk(file, &mut |chunk| {
        hasher.update(chunk);
        Ok(())
    })?;
    Ok(hex(&hasher.finalize()))
}

/// Reads a file from its start.
pub(super) fn each_chunk(
    file: &mut File,
    take: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<(), Refused> {
    let mut chunk = vec![0; 256 << 10];
    file.seek(SeekFrom::Start(0)).map_err(Refused::of_error)?;
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(n) => take(&chunk[..n]).map_err(Refused::of_error)?,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(Refused::of_error(e)),
        }
    }
}

/// What stands under a name.
pub(super) enum There {
    /// Nothing, for certain.
    Nothing,
    /// A regular file with the content that was planned, and no other name.
    Planned(Box<Found>),
    /// Anything else.
    Other,
}

/// What stands under a name, held against a content.
pub(super) fn there(folder: &OwnedFd, name: &[u8], hash: &str) -> Result<There, Refused> {
    match stat_at(folder, name) {
        Err(Errno::NOENT) => return Ok(There::Nothing),
        other => other.map_err(Refused::of_error)?,
    };
    let folder = folder.try_clone().map_err(Refused::of_error)?;
    match open(folder, name, &mut Names::default()) {
        Ok(found) if found.hash == hash => Ok(There::Planned(Box::new(found))),
        Ok(_) => Ok(There::Other),
        Err(refused) if matches!(refused.reason, "no-permission" | "io-error" | "changed-while-read") => {
            Err(refused)
        }
        Err(_) => Ok(There::Other),
    }
}
