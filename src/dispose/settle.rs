//! What a killed run left open: the register says what was about to be done, the files say how far it came.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::apply::{Ended, Outcome, register_path};
use super::place::{self, Found, Names, There, there};
use super::plan::{from_cell, is_id};
use super::register::{Intent, Line, Register};
use super::site::Site;
use super::{DisposeError, Refused, moving};
use crate::govern::registers::{DisposalEntry, Moment};

/// What stands in the way of an answer.
const NO_INTENT: &str = "its line in the register is none that this program writes";
const UNREACHED: &str = "its place or the quarantine cannot be looked at";
const LOST: &str = "it is neither at its place nor in the quarantine";
const UNPROVEN: &str = "it is no longer at its place, and nothing says that a disposal took it away";
const WAITS: &str = "it waits beside its place under another name, and its own name is taken";
const FOREIGN: &str = "what waits beside its place under a name of ours is not what was planned";
const OCCUPIED: &str = "in the quarantine, where it was to go, is something else";

/// Says how each disposal that was left open ended, and writes it down.
pub fn settle(
    site: &Site<'_>,
    register: &mut Register,
    each: &mut dyn FnMut(Ended) -> Result<(), DisposeError>,
) -> Result<(), DisposeError> {
    for (id, line) in register.open_intents() {
        let Some((line, intent)) = own(&id, line) else {
            each(unknown(id))?;
            continue;
        };
        let mut end = look(site, &line, &intent).unwrap_or(End::Open(UNREACHED));
        if let Some(todo) = end.todo() {
            end = mend(site, register, &line, todo)?.unwrap_or(End::Open(UNREACHED));
        }
        if !matches!(end, End::Open(_)) {
            tidy(&intent, &id);
        }
        let settled_at = Some((site.now)());
        let entry = line.entry.clone();
        match &end {
            End::Done(quarantine) => register.add(&Line {
                entry: DisposalEntry {
                    // Whoever settles it has not done it.
                    performed_by: Some(intent.by.clone().unwrap_or_else(|| "unknown".to_owned())),
                    performed_at: Some(Moment::At(intent.at)),
                    quarantine: quarantine.as_deref().map(register_path),
                    ..entry
                },
                as_of: line.as_of,
                settled_at,
                ..Line::default()
            })?,
            End::NotDone { copied } => register.add(&Line {
                entry: DisposalEntry { refused: Some("interrupted".to_owned()), ..entry },
                copied_to: intent.to.clone().filter(|_| *copied),
                settled_at,
                ..Line::default()
            })?,
            _ => {}
        }
        each(ended(&line.entry, &intent, &end))?;
    }
    Ok(())
}

/// The same without touching or writing anything.
pub fn look_only(
    site: &Site<'_>,
    register: &Register,
    each: &mut dyn FnMut(Ended) -> Result<(), DisposeError>,
) -> Result<(), DisposeError> {
    for (id, line) in register.open_intents() {
        match own(&id, line) {
            Some((line, intent)) => {
                let end = look(site, &line, &intent).unwrap_or(End::Open(UNREACHED));
                each(ended(&line.entry, &intent, &end))?;
            }
            None => each(unknown(id))?,
        }
    }
    Ok(())
}

/// A line that this program wrote: names of files are made of no other id.
fn own(id: &str, line: Option<Line>) -> Option<(Line, Intent)> {
    let line = line.filter(|line| is_id(id) && line.entry.content_hash.is_some())?;
    let intent = line.intent.clone()?;
    Some((line, intent))
}

fn unknown(id: String) -> Ended {
    Ended { id, item_id: String::new(), item: Vec::new(), outcome: Outcome::Unsettled(NO_INTENT) }
}

fn ended(entry: &DisposalEntry, intent: &Intent, end: &End) -> Ended {
    let outcome = match end {
        End::Done(_) | End::Unlink(..) => Outcome::SettledDone,
        End::NotDone { .. } | End::GiveBack(..) => Outcome::SettledNotDone,
        End::Open(why) => Outcome::Unsettled(why),
    };
    Ended { id: entry.id.clone(), item_id: String::new(), item: from_cell(&intent.from), outcome }
}

/// How far it came.
enum End {
    /// With where it is now, relative to the policy's folder, if it was moved.
    Done(Option<Vec<u8>>),
    /// It is where it was; a whole copy may have been made.
    NotDone {
        copied: bool,
    },
    /// It waits under a name of ours, and its own is free.
    GiveBack(Box<Found>, Vec<u8>),
    /// It waits under a name of ours and is whole in the quarantine: there.
    Unlink(Box<Found>, Vec<u8>),
    Open(&'static str),
}

impl End {
    /// What is to be done about it first.
    fn todo(&mut self) -> Option<End> {
        match self {
            End::GiveBack(..) | End::Unlink(..) => Some(std::mem::replace(self, End::Open(UNREACHED))),
            _ => None,
        }
    }
}

fn look(site: &Site<'_>, line: &Line, intent: &Intent) -> Result<End, Refused> {
    let entry = &line.entry;
    let hash = entry.content_hash.as_deref().ok_or(Refused::new("bad-row"))?;
    let system = entry.system.as_deref().unwrap_or_default();
    // Where the root or a folder is missing, nothing can be told from the file's being missing.
    let (folder, name) = site.reach(system, &from_cell(&intent.from), &mut Names::default())?;
    let staged = there(&folder, &moving::staged(&entry.id), hash)?;
    let source = there(&folder, &name, hash)?;
    let (staged_before, back) = (line.staged_at.is_some(), name);
    let Some((into, to)) = intent.into.as_ref().zip(intent.to.as_ref()) else {
        // A deletion.
        return Ok(match (staged, source) {
            (There::Other, _) => End::Open(FOREIGN),
            (There::Planned(found), There::Nothing) => End::GiveBack(found, back),
            (There::Planned(_), _) => End::Open(WAITS),
            (There::Nothing, There::Planned(_)) => End::NotDone { copied: false },
            (There::Nothing, _) if staged_before => End::Done(None),
            (There::Nothing, _) => End::Open(UNPROVEN),
        });
    };
    let (into, to) = (from_cell(into), from_cell(to));
    let target = target(&into, &to).and_then(|(folder, name)| there(&folder, &name, hash));
    let at = || site.relative(Path::new(OsStr::from_bytes(&into)), &to);
    Ok(match (staged, source, target) {
        (There::Other, _, _) => End::Open(FOREIGN),
        // Whatever became of the quarantine, it is where it was.
        (There::Nothing, There::Planned(_), Err(_)) => End::NotDone { copied: false },
        (_, _, Err(_)) => End::Open(UNREACHED),
        (_, _, Ok(There::Other)) => End::Open(OCCUPIED),
        (There::Planned(found), _, Ok(There::Planned(_))) => End::Unlink(found, at()),
        (There::Planned(found), There::Nothing, Ok(There::Nothing)) => End::GiveBack(found, back),
        (There::Planned(_), _, Ok(There::Nothing)) => End::Open(WAITS),
        // The very file: it was renamed, whatever is at its place now.
        (There::Nothing, _, Ok(There::Planned(moved)))
            if intent.file == Some((moved.mark.device, moved.mark.inode)) =>
        {
            End::Done(Some(at()))
        }
        (There::Nothing, There::Planned(_), Ok(target)) => {
            End::NotDone { copied: matches!(target, There::Planned(_)) }
        }
        (There::Nothing, _, Ok(There::Planned(_))) if staged_before => End::Done(Some(at())),
        (There::Nothing, _, Ok(There::Planned(_))) => End::Open(UNPROVEN),
        (There::Nothing, _, Ok(There::Nothing)) => End::Open(LOST),
    })
}

/// The folder in the quarantine and the name there, as they were when it was about to be moved.
fn target(into: &[u8], to: &[u8]) -> Result<(OwnedFd, Vec<u8>), Refused> {
    let outside = || Refused::new("outside-root");
    let into = into.strip_prefix(b"/").ok_or_else(outside)?;
    let plain: Vec<&[u8]> = into.split(|b| *b == b'/').filter(|name| !name.is_empty()).collect();
    let root = place::open_declared(Path::new("/"), &plain)?;
    let names = place::names(to).ok_or_else(outside)?;
    let (name, folders) = names.split_last().ok_or_else(outside)?;
    Ok((place::descend(root, folders, &mut Names::default())?, name.to_vec()))
}

/// Takes a copy away that did not become whole. The next disposal of this item would do so too.
fn tidy(intent: &Intent, id: &str) {
    let Some((into, to)) = intent.into.as_ref().zip(intent.to.as_ref()) else { return };
    if let Ok((folder, _)) = target(&from_cell(into), &from_cell(to)) {
        let unfinished = moving::partial(id);
        if place::stat_at(&folder, &unfinished).is_ok() {
            let _ = moving::unlink(&folder, &unfinished);
        }
    }
}

/// Ends what was begun: gives a file its name back, or unlinks it where the quarantine has it whole.
fn mend(
    site: &Site<'_>,
    register: &mut Register,
    line: &Line,
    todo: End,
) -> Result<Result<End, Refused>, DisposeError> {
    Ok(match todo {
        End::GiveBack(found, name) => {
            if line.staged_at.is_some() {
                // What was said to be about to be unlinked is not any more.
                register.add(&Line { staged_at: None, ..line.clone() })?;
            }
            register.is_in_place()?;
            moving::rename_back(&found.folder, &found.name, &found.folder, &name)
                .map(|()| End::NotDone { copied: false })
        }
        End::Unlink(found, at) => {
            if line.staged_at.is_none() {
                register.add(&Line { staged_at: Some((site.now)()), ..line.clone() })?;
            }
            register.is_in_place()?;
            moving::unlink(&found.folder, &found.name).map(|()| End::Done(Some(at)))
        }
        other => Ok(other),
    })
}
