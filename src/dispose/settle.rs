//! What a killed run left open: the register says what was about to be done, the files say how far it came.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::apply::{Ended, Outcome, register_path};
use super::place::{self, Found, Names, stat_at, with_content};
use super::plan::from_cell;
use super::register::{Intent, Line, Register};
use super::site::Site;
use super::{DisposeError, Refused, moving};
use crate::govern::registers::{DisposalEntry, Moment};

/// What stands in the way of an answer.
const UNREACHED: &str = "its place or the quarantine cannot be looked at";
const LOST: &str = "it is neither at its place nor in the quarantine";
const STAGED: &str = "it waits beside its place under another name, and its own name is taken";

/// Says how each disposal that was left open ended, and writes it down.
pub fn settle(
    site: &Site<'_>,
    register: &mut Register,
    each: &mut dyn FnMut(Ended) -> Result<(), DisposeError>,
) -> Result<(), DisposeError> {
    for line in register.open_intents() {
        let Line { entry, intent: Some(intent), .. } = line else { continue };
        let end = look(site, &entry, &intent, true).unwrap_or(End::Open(UNREACHED));
        let entry = DisposalEntry { ..entry };
        match &end {
            End::Open(_) => {}
            End::Done(quarantine) => register.add(&Line {
                entry: DisposalEntry {
                    performed_by: Some(site.by.to_owned()),
                    performed_at: Some(Moment::At(intent.at)),
                    quarantine: quarantine.as_deref().map(register_path),
                    ..entry.clone()
                },
                settled_at: Some((site.now)()),
                ..Line::default()
            })?,
            End::NotDone { copied } => register.add(&Line {
                entry: entry.clone(),
                refused: Some("interrupted".to_owned()),
                copied_to: intent.to.clone().filter(|_| *copied),
                settled_at: Some((site.now)()),
                ..Line::default()
            })?,
        }
        each(ended(&entry, &intent, end))?;
    }
    Ok(())
}

/// The same without touching or writing anything.
pub fn look_only(
    site: &Site<'_>,
    register: &Register,
    each: &mut dyn FnMut(Ended) -> Result<(), DisposeError>,
) -> Result<(), DisposeError> {
    for line in register.open_intents() {
        let Line { entry, intent: Some(intent), .. } = line else { continue };
        let end = look(site, &entry, &intent, false).unwrap_or(End::Open(UNREACHED));
        each(ended(&entry, &intent, end))?;
    }
    Ok(())
}

fn ended(entry: &DisposalEntry, intent: &Intent, end: End) -> Ended {
    let outcome = match end {
        End::Done(_) => Outcome::SettledDone,
        End::NotDone { .. } => Outcome::SettledNotDone,
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
    Open(&'static str),
}

fn look(site: &Site<'_>, entry: &DisposalEntry, intent: &Intent, mend: bool) -> Result<End, Refused> {
    let hash = entry.content_hash.as_deref().unwrap_or_default();
    let item = from_cell(&intent.from);
    let system = entry.system.as_deref().unwrap_or_default();
    let place = match site.reach(system, &item, &mut Names::default()) {
        Ok(place) => Some(place),
        Err(refused) if refused.reason == "not-found" => None,
        Err(refused) => return Err(refused),
    };
    let waits = moving::staged(&entry.id);
    let staged = content_of(place.as_ref().map(|(folder, _)| (folder, waits.as_slice())), hash)?;
    let source = content_of(place.as_ref().map(|(folder, name)| (folder, name.as_slice())), hash)?;
    let free = match &place {
        None => true,
        Some((folder, name)) => matches!(stat_at(folder, name), Err(Errno::NOENT)),
    };
    let Some((into, to)) = intent.into.as_ref().zip(intent.to.as_ref()) else {
        // A deletion.
        return match (staged, place) {
            (Some(_), Some((folder, name))) => give_back(&folder, &waits, &name, mend),
            _ if free => Ok(End::Done(None)),
            _ => Ok(End::NotDone { copied: false }),
        };
    };
    let (into, to) = (PathBuf::from(OsStr::from_bytes(&from_cell(into))), from_cell(to));
    let moved = moved(&into, &to, &entry.id, hash, mend);
    match (source, staged, moved, place) {
        (_, Some(_), Ok(Some(_)), Some((folder, _))) => {
            if mend {
                moving::unlink(&folder, &waits)?;
            }
            Ok(End::Done(Some(site.relative(&into, &to))))
        }
        (None, Some(_), Ok(None), Some((folder, name))) => give_back(&folder, &waits, &name, mend),
        (Some(_), None, moved, _) => Ok(End::NotDone { copied: matches!(moved, Ok(Some(_))) }),
        (None, None, Ok(Some(_)), _) => Ok(End::Done(Some(site.relative(&into, &to)))),
        (None, None, Ok(None), _) if free => Ok(End::Open(LOST)),
        (None, None, Ok(None), _) => Ok(End::NotDone { copied: false }),
        _ => Ok(End::Open(UNREACHED)),
    }
}

fn content_of(place: Option<(&OwnedFd, &[u8])>, hash: &str) -> Result<Option<Found>, Refused> {
    place.map_or(Ok(None), |(folder, name)| with_content(folder, name, hash))
}

/// The file in the quarantine, and away with a copy that did not become whole.
fn moved(into: &Path, to: &[u8], id: &str, hash: &str, mend: bool) -> Result<Option<Found>, Refused> {
    let root = place::open_root(into)?;
    let names = place::names(to).ok_or(Refused::new("outside-root"))?;
    let Some((name, folders)) = names.split_last() else { return Ok(None) };
    let folder = match place::descend(root, folders, &mut Names::default()) {
        Ok(folder) => folder,
        Err(refused) if refused.reason == "not-found" => return Ok(None),
        Err(refused) => return Err(refused),
    };
    let unfinished = moving::partial(id);
    if mend && stat_at(&folder, &unfinished).is_ok() {
        moving::unlink(&folder, &unfinished)?;
    }
    with_content(&folder, name, hash)
}

fn give_back(folder: &OwnedFd, waits: &[u8], name: &[u8], mend: bool) -> Result<End, Refused> {
    match stat_at(folder, name) {
        Err(Errno::NOENT) if !mend => Ok(End::NotDone { copied: false }),
        Err(Errno::NOENT) => {
            moving::rename_back(folder, waits, folder, name)?;
            Ok(End::NotDone { copied: false })
        }
        _ => Ok(End::Open(STAGED)),
    }
}
