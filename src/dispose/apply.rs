//! Performing what was approved, row by row: checked anew, written down before, done, written down after.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::Ordering;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::check::{Checked, check};
use super::moving::{self, Failed};
use super::place::{self, Found, Mark, Names, There};
use super::plan::{Read, Row, from_cell, is_id, to_cell};
use super::register::{Intent, Line, Register};
use super::site::{Means, Site};
use super::{DisposeError, Refused};
use crate::govern::due;
use crate::govern::registers::{DisposalEntry, Moment};

/// How a row, or what a run before left open, ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// Id of the row and of the register's entry.
    pub id: String,
    /// The item's id in scans.
    pub item_id: String,
    /// The raw path, relative to the policy's folder; empty if the row has none.
    pub item: Vec<u8>,
    /// The outcome.
    pub outcome: Outcome,
}

/// The outcome of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Moved or deleted. For a move the raw path of where it is, relative to the policy's folder.
    Done(Option<Vec<u8>>),
    /// The register says that it was done before.
    DoneBefore,
    /// It would be done.
    Ready,
    /// Nothing was touched.
    Refused(Refused),
    /// A run before was ended while it was at it, and had done it.
    SettledDone,
    /// A run before was ended while it was at it, and had not done it.
    SettledNotDone,
    /// What became of it cannot be told, and someone has to look.
    Unsettled(&'static str),
}

/// What is at work for one run.
struct Work<'a> {
    site: &'a Site<'a>,
    means: &'a Means,
    register: &'a mut Register,
    quarantine: Option<OwnedFd>,
    listed: Names,
    /// Ids that a run before left open and that could not be settled.
    open: HashSet<String>,
    /// Why nothing more is done after this row, which is done.
    stopped: Option<DisposeError>,
    /// Where a copy stays of what was not disposed of in the end.
    copied_to: Option<String>,
}

/// Performs the approved rows; `each` hears of every approved one. Ends early, with `false`, when interrupted.
pub fn apply(
    site: &Site<'_>,
    means: &Means,
    rows: &[Read],
    register: &mut Register,
    each: &mut dyn FnMut(Ended) -> Result<(), DisposeError>,
) -> Result<bool, DisposeError> {
    let quarantine = match means {
        Means::LogicalDelete => None,
        Means::Quarantine(folder) => Some(open_quarantine(folder)?),
    };
    let open = register.open_intents().into_iter().map(|(id, _)| id).collect();
    let mut work = Work {
        site,
        means,
        register,
        quarantine,
        listed: Names::default(),
        open,
        stopped: None,
        copied_to: None,
    };
    let mut seen = HashSet::new();
    for read in rows.iter().filter(|r| r.approval.is_given()) {
        if site.interrupted.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let outcome = work.row(read, seen.insert(read.id.clone()))?;
        each(ended(read, outcome))?;
        if let Some(error) = work.stopped.take() {
            return Err(error);
        }
    }
    Ok(true)
}

fn open_quarantine(folder: &Path) -> Result<OwnedFd, DisposeError> {
    place::open_root(folder).map_err(|r| DisposeError::Plan(format!("--quarantine: {}", said(&r))))
}

/// Says of every approved row what [`apply`] would do, given the ids that a run before left open and that cannot be
/// settled; touches nothing.
pub fn rehearse(
    site: &Site<'_>,
    means: &Means,
    rows: &[Read],
    register: Option<&Register>,
    open: &HashSet<String>,
    each: &mut dyn FnMut(Ended) -> Result<(), DisposeError>,
) -> Result<(), DisposeError> {
    let quarantine = match means {
        Means::LogicalDelete => None,
        Means::Quarantine(folder) => Some(open_quarantine(folder)?),
    };
    let (mut seen, mut listed) = (HashSet::new(), Names::default());
    for read in rows.iter().filter(|r| r.approval.is_given()) {
        let first = seen.insert(read.id.clone());
        let outcome = match check(site, means, read, first, (register, open), &mut listed) {
            Ok(Checked::Before) => Outcome::DoneBefore,
            Ok(Checked::Found(_, _, found)) => match &quarantine {
                Some(root) if is_inside(&found.folder, root) => {
                    Outcome::Refused(Refused::new("in-quarantine"))
                }
                _ => Outcome::Ready,
            },
            Err(refused) => Outcome::Refused(refused),
        };
        each(ended(read, outcome))?;
    }
    Ok(())
}

fn ended(read: &Read, outcome: Outcome) -> Ended {
    // Of a row that is none, no cell is what it says it is.
    let (id, item_id, item) = match &read.row {
        Ok(row) => (row.id.clone(), row.item_id.clone(), row.item.clone()),
        Err(_) if is_id(&read.id) => (read.id.clone(), String::new(), Vec::new()),
        Err(_) => (String::new(), String::new(), Vec::new()),
    };
    Ended { id, item_id, item, outcome }
}

fn said(refused: &Refused) -> String {
    let about = super::about(refused.reason).unwrap_or(refused.reason);
    refused.detail.as_ref().map_or_else(|| about.to_owned(), |detail| format!("{about}: {detail}"))
}

impl Work<'_> {
    fn row(&mut self, read: &Read, first: bool) -> Result<Outcome, DisposeError> {
        let known = (Some(&*self.register), &self.open);
        match check(self.site, self.means, read, first, known, &mut self.listed) {
            Ok(Checked::Before) => Ok(Outcome::DoneBefore),
            Ok(Checked::Found(row, at, found)) => self.perform(row, &read.approval.by, at, &found),
            Err(refused) => Ok(Outcome::Refused(refused)),
        }
    }

    fn perform(
        &mut self,
        row: &Row,
        approved_by: &str,
        approved_at: Moment,
        found: &Found,
    ) -> Result<Outcome, DisposeError> {
        let entry = self.entry(row, approved_by, approved_at);
        let done = match self.quarantine.take() {
            None => self.delete(row, &entry, found)?,
            Some(root) => {
                let done = self.quarantine(row, &entry, found, &root);
                self.quarantine = Some(root);
                done?
            }
        };
        match done {
            Ok(quarantine) => {
                let site = self.site;
                let text = |path: &Vec<u8>| register_path(path);
                let entry = DisposalEntry {
                    performed_by: Some(site.by.to_owned()),
                    performed_at: Some(Moment::At((site.now)())),
                    quarantine: quarantine.as_ref().map(text),
                    ..entry
                };
                // It is done, whether or not that can be written down: that has to be said too.
                if self.stopped.is_none() {
                    let line = Line { entry, as_of: site.other_day(), ..Line::default() };
                    self.stopped = self.register.add(&line).err();
                }
                Ok(Outcome::Done(quarantine))
            }
            Err(Failed::Stranded) => Ok(Outcome::Unsettled(
                "another file was put in its place at the last moment, was moved, and cannot be put back",
            )),
            Err(failed) => {
                let refused = match failed {
                    Failed::Refused(refused) => refused,
                    _ => Refused::new("name-taken"),
                };
                if self.register.last(&row.id).is_some() {
                    let entry = DisposalEntry { refused: Some(refused.reason.to_owned()), ..entry };
                    let copied_to = self.copied_to.take();
                    self.register.add(&Line { entry, copied_to, ..Line::default() })?;
                }
                Ok(Outcome::Refused(refused))
            }
        }
    }

    /// What the register says of a row that is approved.
    fn entry(&self, row: &Row, approved_by: &str, approved_at: Moment) -> DisposalEntry {
        DisposalEntry {
            id: row.id.clone(),
            item: register_path(&row.item),
            system: Some(row.system.clone()),
            class: row.class.clone(),
            rule: row.rule.clone(),
            trigger_date: row.trigger_date,
            trigger_source: row.trigger_source,
            due: row.due,
            approved_by: Some(approved_by.to_owned()),
            approved_at: Some(approved_at),
            method: Some(self.means.word().to_owned()),
            tool: Some("privascan".to_owned()),
            tool_version: Some(self.site.version.to_owned()),
            content_hash: row.content_hash.clone(),
            record_fingerprints: row.record_fingerprints.clone(),
            key_id: row.key_id.clone(),
            hold_check: due::holds(self.site.assessing).map(str::to_owned).collect(),
            ..DisposalEntry::default()
        }
    }

    /// Writes down what is about to be done.
    fn intend(
        &mut self,
        entry: &DisposalEntry,
        item: &[u8],
        found: &Found,
        to: Option<&[u8]>,
    ) -> Result<Line, DisposeError> {
        let into = match self.means {
            Means::LogicalDelete => None,
            Means::Quarantine(folder) => {
                let folder = folder.canonicalize().map_err(DisposeError::io("--quarantine"))?;
                Some(to_cell(folder.as_os_str().as_bytes()))
            }
        };
        let intent = Intent {
            at: (self.site.now)(),
            by: Some(self.site.by.to_owned()),
            file: Some((found.mark.device, found.mark.inode)),
            from: to_cell(item),
            into,
            to: to.map(to_cell),
        };
        let as_of = self.site.other_day();
        let line = Line { entry: entry.clone(), intent: Some(intent), as_of, ..Line::default() };
        self.register.add(&line)?;
        if let Some(hook) = self.site.before_move {
            hook();
        }
        Ok(line)
    }

    fn delete(&mut self, row: &Row, entry: &DisposalEntry, found: &Found) -> Result<Moved, DisposeError> {
        let line = self.intend(entry, &row.item, found, None)?;
        Ok(self.take_out(&line, found)?.map(|()| None))
    }

    /// Takes a file's name away, writes down that it is the right one, and unlinks it.
    fn take_out(&mut self, line: &Line, found: &Found) -> Result<Result<(), Failed>, DisposeError> {
        self.register.is_in_place()?;
        let name = match moving::stage(found, &line.entry.id) {
            Ok(name) => name,
            Err(failed) => return Ok(Err(failed)),
        };
        let staged = Line { staged_at: Some((self.site.now)()), ..line.clone() };
        if let Err(error) = sync(&found.folder).and_then(|()| self.register.add(&staged)) {
            // What could not be written down is not done. If it cannot be put back, the next run finds it.
            let _ = moving::put_back(found, &found.folder, &name, Refused::new("io-error"));
            return Err(error);
        }
        match moving::unlink(&found.folder, &name) {
            Ok(()) => {
                self.stopped = sync(&found.folder).err();
                Ok(Ok(()))
            }
            Err(refused) => {
                self.register.add(line)?;
                Ok(Err(moving::put_back(found, &found.folder, &name, refused)))
            }
        }
    }

    fn quarantine(
        &mut self,
        row: &Row,
        entry: &DisposalEntry,
        found: &Found,
        root: &OwnedFd,
    ) -> Result<Moved, DisposeError> {
        // What leads out of the policy's folder does not lead out of the quarantine.
        let plain = |name: &&[u8]| !name.is_empty() && *name != b"." && *name != b"..";
        let names: Vec<&[u8]> = row.item.split(|b| *b == b'/').filter(plain).collect();
        let Some((name, folders)) = names.split_last() else {
            return Ok(Err(Refused::new("outside-root").into()));
        };
        if is_inside(&found.folder, root) {
            return Ok(Err(Refused::new("in-quarantine").into()));
        }
        let to = match make_folders(root, folders) {
            Ok(to) => to,
            Err(refused) => return Ok(Err(refused.into())),
        };
        let below = folders.join(&b'/');
        let inside = |name: &[u8]| match below.is_empty() {
            true => name.to_vec(),
            false => [below.as_slice(), b"/", name].concat(),
        };
        for number in 0..1000 {
            let new = match number {
                0 => name.to_vec(),
                n => [*name, format!("~{n}").as_bytes()].concat(),
            };
            match place::stat_at(&to, &new) {
                Err(Errno::NOENT) => {}
                // Copied by a run that was ended before it could take the source away.
                Ok(_) if self.is_own_copy(row, &inside(&new)) => {
                    let Ok(There::Planned(copy)) = place::there(&to, &new, &found.hash) else { continue };
                    let line = self.intend(entry, &row.item, found, Some(&inside(&new)))?;
                    return self.take_away(&line, found, (&to, &copy.mark), &inside(&new));
                }
                Ok(_) => continue,
                Err(error) => return Ok(Err(Refused::of_error(error).into())),
            }
            let line = self.intend(entry, &row.item, found, Some(&inside(&new)))?;
            let moved = match moving::rename(found, &to, &new) {
                Err(Failed::Elsewhere) => moving::copy(found, &to, &new, &row.id).map(Some),
                other => other.map(|()| None),
            };
            match moved {
                Err(Failed::Taken) => {}
                Err(failed) => return Ok(Err(failed)),
                Ok(Some(copy)) => return self.take_away(&line, found, (&to, &copy), &inside(&new)),
                Ok(None) => {
                    self.stopped = sync(&to).and_then(|()| sync(&found.folder)).err();
                    return Ok(Ok(Some(self.named(&inside(&new)))));
                }
            }
        }
        Ok(Err(Failed::Taken))
    }

    /// Deletes the source of a copy that is whole; the copy, if the source cannot be deleted.
    fn take_away(
        &mut self,
        line: &Line,
        found: &Found,
        (to, copy): (&OwnedFd, &Mark),
        inside: &[u8],
    ) -> Result<Moved, DisposeError> {
        sync(to)?;
        let deleted = self.take_out(line, found)?;
        if let Err(Failed::Refused(_) | Failed::Taken) = &deleted {
            let name = inside.rsplit(|b| *b == b'/').next().unwrap_or_default();
            if moving::discard(to, name, copy, &line.entry.id).is_err() {
                self.copied_to = Some(to_cell(inside));
            }
        }
        Ok(deleted.map(|()| Some(self.named(inside))))
    }

    fn named(&self, inside: &[u8]) -> Vec<u8> {
        match self.means {
            Means::Quarantine(folder) => self.site.relative(folder, inside),
            Means::LogicalDelete => inside.to_vec(),
        }
    }

    /// Whether a run before said that it would put this row's file there.
    fn is_own_copy(&self, row: &Row, inside: &[u8]) -> bool {
        let last = self.register.last(&row.id);
        let copied = last.and_then(|line| line.get("copied_to")).and_then(|to| to.as_str());
        copied.is_some_and(|to| from_cell(to) == inside)
    }
}

type Moved = Result<Option<Vec<u8>>, Failed>;

/// A raw path as the register has it: as it is, and with `\xNN` for bytes that are not UTF-8, as scans print it.
pub(super) fn register_path(path: &[u8]) -> String {
    path.utf8_chunks()
        .map(|chunk| {
            let odd: String = chunk.invalid().iter().map(|b| format!("\\x{b:02x}")).collect();
            format!("{}{odd}", chunk.valid())
        })
        .collect()
}

fn sync(folder: &OwnedFd) -> Result<(), DisposeError> {
    match rustix::fs::fsync(folder) {
        // Some file systems have nothing to do for a folder.
        Ok(()) | Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
        Err(error) => Err(DisposeError::Io { what: "cannot write to disk".to_owned(), source: error.into() }),
    }
}

fn make_folders(root: &OwnedFd, names: &[&[u8]]) -> Result<OwnedFd, Refused> {
    let mut folder = root.try_clone().map_err(Refused::of_error)?;
    for name in names {
        let name = OsStr::from_bytes(name);
        match rustix::fs::mkdirat(&folder, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(Refused::of_error(error)),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        folder = rustix::fs::openat(&folder, name, flags, Mode::empty()).map_err(Refused::of_error)?;
    }
    Ok(folder)
}

/// Whether a folder is another one or lies in it.
fn is_inside(folder: &OwnedFd, around: &OwnedFd) -> bool {
    let mark = |fd: &OwnedFd| rustix::fs::fstat(fd).map(|stat| Mark::of(&stat));
    let Ok(around) = mark(around) else { return false };
    let Ok(mut here) = folder.try_clone() else { return false };
    let mut before = None;
    while let Ok(now) = mark(&here) {
        if now.is(&around) {
            return true;
        }
        if before.is_some_and(|b: Mark| b.is(&now)) {
            return false;
        }
        before = Some(now);
        let up = rustix::fs::openat(
            &here,
            "..",
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        );
        match up {
            Ok(up) => here = up,
            Err(_) => return false,
        }
    }
    false
}
