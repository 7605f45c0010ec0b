//! Where and under what a disposal happens: the policy, its folder, the clock, and how to get at an item from there.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Refused;
use super::place::{self, Mark, Names};
use crate::govern::Assessing;

/// Files that a disposal needs itself, by device and inode.
pub type OwnFiles = HashSet<(u64, u64)>;

/// What is to be done with approved items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// They are moved into this folder.
    Quarantine(PathBuf),
    /// They are unlinked; nothing is claimed about the media.
    LogicalDelete,
}

impl Means {
    /// The word of the register.
    pub fn word(&self) -> &'static str {
        match self {
            Means::Quarantine(_) => "quarantine",
            Means::LogicalDelete => "logical-delete",
        }
    }
}

/// Where and under what a disposal happens.
pub struct Site<'a> {
    /// The policy in force, without items.
    pub assessing: &'a Assessing<'a>,
    /// SHA-256 of it, hex.
    pub policy_digest: &'a str,
    /// Its folder.
    pub folder: &'a Path,
    /// The zone whose days count.
    pub zone: &'a TimeZone,
    /// The clock.
    pub now: &'a dyn Fn() -> Timestamp,
    /// A path as it may be printed.
    pub printed: &'a dyn Fn(&[u8]) -> String,
    /// Who does it.
    pub by: &'a str,
    /// Version of the tool.
    pub version: &'a str,
    /// Never touched.
    pub own: &'a OwnFiles,
    /// Set to end early.
    pub interrupted: &'a AtomicBool,
    /// Called before a file that was checked is moved, to see what happens if it is replaced right then.
    pub before_move: Option<&'a dyn Fn()>,
}

impl Site<'_> {
    /// The folder that an item is in, and its name there: below the root of its system, over no link. The root itself is
    /// none either: it might have become one since it was declared.
    pub(super) fn reach(
        &self,
        system: &str,
        item: &[u8],
        listed: &mut Names,
    ) -> Result<(OwnedFd, Vec<u8>), Refused> {
        let outside = || Refused::new("outside-root");
        let systems = &self.assessing.policy.scope.systems;
        let index = systems.iter().position(|s| s.id == system).ok_or(Refused::new("unknown-system"))?;
        let declared = systems[index].root.trim_start_matches("./").trim_end_matches('/').as_bytes();
        let declared = if declared == b"." { b"" } else { declared };
        if self.assessing.system_of(&String::from_utf8_lossy(item)) != Some(index) {
            return Err(outside());
        }
        let rest = match declared.is_empty() {
            true => item,
            false => item.strip_prefix(declared).ok_or_else(outside)?,
        };
        let mut root: Vec<&[u8]> =
            declared.split(|b| *b == b'/').filter(|name| !name.is_empty() && *name != b".").collect();
        let below = match rest.strip_prefix(b"/") {
            // The root is the file itself.
            None if rest.is_empty() => root.pop().ok_or_else(outside)?,
            None if declared.is_empty() => rest,
            None => return Err(outside()),
            Some(below) => below,
        };
        let names = place::names(below).ok_or_else(outside)?;
        let Some((name, folders)) = names.split_last() else { return Err(outside()) };
        let folder = place::descend(place::open_declared(self.folder, &root)?, folders, listed)?;
        Ok((folder, name.to_vec()))
    }

    /// The path relative to the policy's folder of something in a folder that may lie elsewhere.
    pub fn relative(&self, folder: &Path, inside: &[u8]) -> Vec<u8> {
        let absolute = |path: &Path| {
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
        };
        let (from, to) = (absolute(self.folder), absolute(folder));
        let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
        let mut path = PathBuf::new();
        from.components().skip(common).for_each(|_| path.push(".."));
        to.components().skip(common).for_each(|c| path.push(c));
        path.push(OsStr::from_bytes(inside));
        path.into_os_string().as_encoded_bytes().to_vec()
    }
}

impl Site<'_> {
    /// The today of this run, where it is not the day of the clock.
    pub(super) fn other_day(&self) -> Option<jiff::civil::Date> {
        let today = self.zone.to_datetime((self.now)()).date();
        Some(self.assessing.as_of).filter(|day| *day != today)
    }
}

/// Device and inode of files that a disposal needs itself; those that are not there are left out.
pub fn own_files<'p>(paths: impl Iterator<Item = &'p Path>) -> OwnFiles {
    let marks = paths.filter_map(|path| File::open(path).ok().and_then(|file| Mark::of_file(&file).ok()));
    marks.map(|mark| (mark.device, mark.inode)).collect()
}
