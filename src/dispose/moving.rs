//! Moving and deleting one file that is open, so that nothing else is moved or deleted in its place.
//!
//! The system can rename and unlink names only, never a file that is open. So a file is first renamed to where nobody
//! else looks, then it is checked that it is the one that was read, and if not it is renamed back.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;

use super::Refused;
use super::place::{self, Found, Mark, each_chunk, stat_at};

/// The name under which an entry's file waits to be unlinked.
pub(super) fn staged(id: &str) -> Vec<u8> {
    format!(".{id}.disposing").into_bytes()
}

/// The name under which a copy of an entry's file is being made.
pub(super) fn partial(id: &str) -> Vec<u8> {
    format!(".{id}.partial").into_bytes()
}

/// A file that is not where it was, and not where it ought to be: someone put another in its place at the last moment.
pub(super) enum Failed {
    /// All is as before.
    Refused(Refused),
    /// The name is taken: another is to be chosen.
    Taken,
    /// On another file system.
    Elsewhere,
    /// What was moved cannot be put back, because its place is taken.
    Stranded,
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// Renames a file into a folder where the name is free.
pub(super) fn rename(found: &Found, to: &OwnedFd, name: &[u8]) -> Result<(), Failed> {
    rename_new(&found.folder, &found.name, to, name)?;
    match is_still(found, to, name) {
        Ok(()) => Ok(()),
        Err(refused) => Err(put_back(found, to, name, refused)),
    }
}

/// Takes a file's name away: it waits under a name of our own, which is given.
pub(super) fn stage(found: &Found, id: &str) -> Result<Vec<u8>, Failed> {
    let name = staged(id);
    rename(found, &found.folder, &name)?;
    Ok(name)
}

/// Unlinks the file of this mark, whose name others may have given to another meanwhile.
pub(super) fn discard(folder: &OwnedFd, name: &[u8], mark: &Mark, id: &str) -> Result<(), Refused> {
    let own = partial(id);
    rename_new(folder, name, folder, &own).map_err(|failed| match failed {
        Failed::Refused(refused) => refused,
        _ => Refused::new("name-taken"),
    })?;
    let there = stat_at(folder, &own).map_err(Refused::of_error)?;
    if Mark::of(&there).is(mark) {
        return unlink(folder, &own);
    }
    rename_back(folder, &own, folder, name)?;
    Err(Refused::new("replaced"))
}

/// Unlinks a name.
pub(super) fn unlink(folder: &OwnedFd, name: &[u8]) -> Result<(), Refused> {
    rustix::fs::unlinkat(folder, OsStr::from_bytes(name), AtFlags::empty()).map_err(Refused::of_error)
}

/// Copies a file to a folder on another file system, under a name that is free there, and gives the mark of the copy; what
/// is not whole has another name.
pub(super) fn copy(found: &Found, to: &OwnedFd, name: &[u8], id: &str) -> Result<Mark, Failed> {
    let unfinished = partial(id);
    // Left by a run that was killed; nobody else makes such names.
    if stat_at(to, &unfinished).is_ok() {
        unlink(to, &unfinished)?;
    }
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = rustix::fs::openat(to, OsStr::from_bytes(&unfinished), flags, Mode::RUSR | Mode::WUSR)
        .map_err(Refused::of_error)?;
    let mut made = File::from(made);
    let copied = fill(found, &mut made).and_then(|()| Mark::of_file(&made)).map_err(Failed::from);
    let named = copied.and_then(|mark| rename_new(to, &unfinished, to, name).map(|()| mark));
    if named.is_err() {
        unlink(to, &unfinished)?;
    }
    named
}

/// Writes the content into a new file and reads it back.
fn fill(found: &Found, copy: &mut File) -> Result<(), Refused> {
    let mut source = found.file.try_clone().map_err(Refused::of_error)?;
    each_chunk(&mut source, &mut |chunk| copy.write_all(chunk))?;
    rustix::fs::fchmod(&*copy, found.mark.permissions()).map_err(Refused::of_error)?;
    let untouched = Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT as _ };
    let times = Timestamps { last_access: untouched, last_modification: found.mark.modified() };
    rustix::fs::futimens(&*copy, &times).map_err(Refused::of_error)?;
    copy.sync_all().map_err(Refused::of_error)?;
    match place::hash(copy)? == found.hash {
        true => Ok(()),
        false => Err(Refused::new("changed-while-read")),
    }
}

/// Whether under this name stands the file that was read, as it was read.
fn is_still(found: &Found, folder: &OwnedFd, name: &[u8]) -> Result<(), Refused> {
    let there = Mark::of(&stat_at(folder, name).map_err(Refused::of_error)?);
    let open = Mark::of_file(&found.file)?;
    match () {
        () if !there.is(&found.mark) => Err(Refused::new("replaced")),
        () if open.links != 1 => Err(Refused::new("hard-link")),
        () if open != found.mark => Err(Refused::new("changed-while-read")),
        () => Ok(()),
    }
}

/// Gives a file that waits under a name of our own its name back.
pub(super) fn put_back(found: &Found, folder: &OwnedFd, name: &[u8], refused: Refused) -> Failed {
    match rename_back(folder, name, &found.folder, &found.name) {
        Ok(()) => Failed::Refused(refused),
        Err(_) => Failed::Stranded,
    }
}

/// Renames to a name of our own, which nobody else makes, replacing nothing.
pub(super) fn rename_new(from: &OwnedFd, name: &[u8], to: &OwnedFd, new: &[u8]) -> Result<(), Failed> {
    let (name, own) = (OsStr::from_bytes(name), OsStr::from_bytes(new));
    let renamed = match rename_no_replace(from, name, to, own) {
        // Some file systems cannot do both in one step.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => match stat_at(to, new) {
            Err(Errno::NOENT) => rustix::fs::renameat(from, name, to, own),
            Ok(_) => Err(Errno::EXIST),
            Err(error) => Err(error),
        },
        other => other,
    };
    renamed.map_err(|error| match error {
        Errno::EXIST => Failed::Taken,
        Errno::XDEV => Failed::Elsewhere,
        error => Failed::Refused(Refused::of_error(error)),
    })
}

/// Renames one of our own names to one that others may have taken meanwhile.
pub(super) fn rename_back(from: &OwnedFd, own: &[u8], to: &OwnedFd, name: &[u8]) -> Result<(), Refused> {
    let (from_name, to_name) = (OsStr::from_bytes(own), OsStr::from_bytes(name));
    match rename_no_replace(from, from_name, to, to_name) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            rustix::fs::linkat(from, from_name, to, to_name, AtFlags::empty()).map_err(Refused::of_error)?;
            unlink(from, own)
        }
        other => other.map_err(Refused::of_error),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_no_replace(from: &OwnedFd, name: &OsStr, to: &OwnedFd, new: &OsStr) -> Result<(), Errno> {
    rustix::fs::renameat_with(from, name, to, new, rustix::fs::RenameFlags::NOREPLACE)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_no_replace(_: &OwnedFd, _: &OsStr, _: &OwnedFd, _: &OsStr) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}
