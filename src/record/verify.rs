//! Whether a record holds together: with neither data nor key, from its files alone.
//!
//! The log's chain, run folders against the log, manifests against the log, files against manifests, then tables against
//! each other: whatever one of them says that follows from others has to be what follows from them, the results of
//! control tests included. A change whose traces were all recomputed can be seen by a signature or an anchor alone;
//! `docs/record.md` says where that line runs.

pub(crate) mod again;
mod cells;
mod files;
mod links;
mod sums;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::append::{END_LINE_MISSING, closing_mark};
use super::log::{Event, Log, MAX_LOG_BYTES};
use super::read::{Record, Run, RunState, is_regular, read_bounded};
use super::sign::VerifyKey;
use super::{RecordError, kept::Kept};
use crate::govern::facts::Integrity;

/// Problems of one run that are told one by one.
const MAX_PROBLEMS: usize = 25;

/// What is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checks<'a> {
    /// A hash that someone noted outside: it has to be that of a line.
    pub expect_head: Option<&'a str>,
    /// Every kept run has to be signed with this key.
    pub key: Option<&'a VerifyKey>,
    /// How much is looked at.
    pub depth: Depth,
}

/// How much of a record is looked at. The log, the folders and the manifests always are, all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Every file, and what the tables say.
    #[default]
    Whole,
    /// The files of this many last kept runs by their hashes, and not what is in them.
    Files(usize),
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the run it is about; `None`: the record.
    pub run: Option<String>,
    /// The file, and where in it: `log.jsonl line 3`, `items.parquet`.
    pub place: String,
    /// What is wrong, without content.
    pub what: String,
}

/// A run of the record, and what was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunCheck {
    /// Name of its folder.
    pub name: String,
    /// How it ended.
    pub state: RunState,
    /// Why, for `aborted` ones.
    pub reason: Option<String>,
    /// Files whose hashes were compared, the manifest too.
    pub files: u64,
    /// Rows of its tables that were held against each other.
    pub rows: u64,
    /// Its end line's signature.
    pub signature: Signature,
    /// What could not be checked, and why.
    pub notes: Vec<String>,
}

/// What is known of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// There is none.
    Missing,
    /// There is one; no key was given to check it.
    Unchecked,
    /// It is of the key that was given.
    Good,
    /// It is not.
    Foreign,
}

/// The newest anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Number of the line that tells of it.
    pub line: u64,
    /// Where the head was noted, in the words of whoever did.
    pub place: String,
    /// Number of the line that it is the hash of; `None`: of none before it.
    pub of_line: Option<u64>,
    /// Runs that ended after it.
    pub runs_since: u64,
}

/// What verification came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Every run that the log tells of.
    pub runs: Vec<RunCheck>,
    /// Lines of the log.
    pub lines: u64,
    /// Bytes of an unfinished line at the end of the log: a crash.
    pub unfinished: u64,
    /// Hash of the last line.
    pub head: String,
    /// The newest anchor; `None`: nobody noted the head outside.
    pub anchor: Option<Anchor>,
    /// Number of the line that the expected head is the hash of.
    pub expected_line: Option<u64>,
    /// What does not hold.
    pub problems: Vec<Problem>,
}

impl Verified {
    /// Nothing was found that does not hold.
    pub fn is_intact(&self) -> bool {
        self.problems.is_empty()
    }

    /// Runs that ended in this way.
    pub fn count(&self, state: RunState) -> u64 {
        self.runs.iter().filter(|r| r.state == state).count() as u64
    }

    /// Files whose hashes were compared.
    pub fn files(&self) -> u64 {
        self.runs.iter().map(|r| r.files).sum()
    }

    /// Whether every run that has ended lies before the newest anchor, whose hash is that of a line before it.
    pub fn is_anchored(&self) -> bool {
        self.anchor.as_ref().is_some_and(|a| a.of_line.is_some() && a.runs_since == 0)
    }

    /// The same, as control tests see it (MON-07).
    pub fn integrity(&self) -> Integrity {
        let told = |p: &Problem| match &p.run {
            Some(run) => format!("{run}/{}: {}", p.place, p.what),
            None => format!("{}: {}", p.place, p.what),
        };
        let files = self.runs.iter().filter(|r| r.files > 1).count();
        let ended = self.runs.iter().filter(|r| r.state != RunState::Open).count() as u64;
        Integrity {
            runs: ended,
            broken: self.problems.iter().map(told).collect(),
            anchored: match &self.anchor {
                Some(anchor) if anchor.of_line.is_none() => Some(false),
                Some(_) if self.is_anchored() => Some(true),
                _ => None,
            },
            checked: (ended > 0).then(|| {
                format!("{} lines, the manifest of every run, the files of {files} runs", self.lines)
            }),
        }
    }
}

/// Collects problems, as many as anyone would read.
struct Finds<'a> {
    run: Option<&'a str>,
    told: usize,
    problems: &'a mut Vec<Problem>,
}

impl Finds<'_> {
    fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.told += 1;
        let (place, what) = match self.told {
            n if n > MAX_PROBLEMS + 1 => return,
            n if n > MAX_PROBLEMS => ("run".to_owned(), "more than can be told here".to_owned()),
            _ => (place.into(), what.into()),
        };
        self.problems.push(Problem { run: self.run.map(str::to_owned), place, what });
    }
}

/// Verifies the record in a folder. An error only where there is none, or it cannot be read at all.
pub fn verify(dir: &Path, checks: &Checks<'_>) -> Result<Verified, RecordError> {
    let mut verified = Verified::default();
    let path = dir.join("log.jsonl");
    let log = match is_regular(&path) {
        Ok(()) => read_bounded(&path, MAX_LOG_BYTES).map(|bytes| Log::parse(&bytes)),
        Err(what) if dir.join("runs").is_dir() => Err(RecordError::malformed(&path, what)),
        Err(_) => {
            return Err(RecordError::NoRecord { path: dir.to_path_buf(), why: "it has no log.jsonl" });
        }
    };
    let mut problems = Vec::new();
    let log = match log {
        Ok(log) => log,
        Err(RecordError::Malformed { what, .. }) => {
            Finds { run: None, told: 0, problems: &mut problems }.add("log.jsonl", what);
            return Ok(Verified { problems, ..verified });
        }
        Err(e) => return Err(e),
    };
    let (record, refused) = Record::as_far_as_it_goes(dir, &log);
    verified.lines = log.lines.len() as u64;
    verified.unfinished = log.unfinished;
    verified.head = log.head().to_owned();
    chain(&log, &refused, checks, &mut verified, &mut problems);
    anchors(&record, &log, &mut verified, &mut problems);
    folders(&record, &mut problems)?;
    runs(&record, checks, &mut verified, &mut problems)?;
    verified.problems = problems;
    Ok(verified)
}

/// The log by itself.
fn chain(
    log: &Log,
    refused: &[(u64, String)],
    checks: &Checks<'_>,
    verified: &mut Verified,
    problems: &mut Vec<Problem>,
) {
    let mut finds = Finds { run: None, told: 0, problems };
    let breaks = log.breaks();
    let known: BTreeSet<u64> = breaks.iter().map(|(line, _)| *line).collect();
    let senseless = refused.iter().filter(|(line, _)| !known.contains(line));
    for (line, what) in breaks.iter().chain(senseless) {
        finds.add(format!("log.jsonl line {line}"), what);
    }
    for (number, line) in (1u64..).zip(log.lines.iter().flatten()) {
        let unsealed = !matches!(line.event, Event::End { .. });
        if let (Some(signature), Some(key)) = (&line.signature, checks.key)
            && unsealed
            && !key.accepts(&line.hash, signature)
        {
            finds.add(format!("log.jsonl line {number}"), "is signed, but not with this key");
        }
    }
    if let Some(expected) = checks.expect_head {
        verified.expected_line = line_of(log, expected, verified.lines);
        if verified.expected_line.is_none() {
            finds.add(
                "log.jsonl",
                format!("no line has the expected head {expected}: lines were removed or replaced"),
            );
        }
    }
}

/// Number of the line with this hash, up to a last one.
fn line_of(log: &Log, hash: &str, last: u64) -> Option<u64> {
    let lines = (1u64..=last).zip(&log.lines);
    lines.filter(|(_, line)| line.as_ref().is_ok_and(|l| l.hash == hash)).map(|(n, _)| n).last()
}

fn anchors(record: &Record, log: &Log, verified: &mut Verified, problems: &mut Vec<Problem>) {
    let mut finds = Finds { run: None, told: 0, problems };
    for (number, line) in (1u64..).zip(&log.lines) {
        let Ok(line) = line else { continue };
        let Event::Anchor { head, place } = &line.event else { continue };
        let of_line = line_of(log, head, number - 1);
        if of_line.is_none() {
            finds.add(
                format!("log.jsonl line {number}"),
                format!(
                    "the anchored head {head} is that of no line before it: lines were removed or replaced"
                ),
            );
        }
        let ended =
            |run: &&Run| run.state != RunState::Open && run.end_line.is_some_and(|end| Some(end) > of_line);
        let runs_since = record.runs().iter().filter(ended).count() as u64;
        verified.anchor = Some(Anchor { line: number, place: place.clone(), of_line, runs_since });
    }
}

/// Folders of runs against the log.
fn folders(record: &Record, problems: &mut Vec<Problem>) -> Result<(), RecordError> {
    let runs = record.dir().join("runs");
    let known: BTreeMap<&str, &Run> = record.runs().iter().map(|r| (r.name.as_str(), r)).collect();
    let entries = match std::fs::read_dir(&runs) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        other => Some(other.map_err(RecordError::io(&runs))?),
    };
    let mut names = BTreeSet::new();
    for entry in entries.into_iter().flatten() {
        let entry = entry.map_err(RecordError::io(&runs))?;
        names.insert(entry.file_name().to_string_lossy().into_owned());
    }
    let mut finds = Finds { run: None, told: 0, problems };
    for name in names {
        let place = format!("runs/{}", crate::report::printable(&name));
        match known.get(name.as_str()) {
            // What a killed run leaves behind; the next writer clears it away.
            None if name.starts_with('.') && name.ends_with(".partial") => {}
            None => finds.add(place, "the log tells of no such run"),
            Some(run) if run.is_kept() => {}
            Some(run) if run.state == RunState::Open => {
                if !closing_mark(&runs, &name).is_dir() {
                    finds.add(
                        place,
                        "the log has no end line of this run, and it was not killed while it ended",
                    );
                }
            }
            Some(run) if run.reason.as_deref() == Some(END_LINE_MISSING) => {
                finds.add(place, "this run had ended, and its end line was removed from the log")
            }
            Some(_) => finds.add(place, "the log says that this run was aborted, which leaves no folder"),
        }
    }
    let missing = |run: &&Run| run.reason.as_deref() == Some(END_LINE_MISSING);
    for run in record.runs().iter().filter(missing) {
        if !runs.join(&run.name).is_dir() {
            finds.add(format!("runs/{}", run.name), "was there without an end line, and is gone now");
        }
    }
    for (run, next) in record.runs().iter().zip(record.runs().iter().skip(1)) {
        if next.sequence != run.sequence + 1 {
            finds.add(
                "log.jsonl",
                format!("run {} follows run {}: those between are missing", next.sequence, run.sequence),
            );
        }
    }
    match record.runs().first() {
        Some(first) if first.sequence != 1 => {
            finds.add("log.jsonl", format!("begins with run {}", first.sequence))
        }
        _ => {}
    }
    Ok(())
}

/// Each run, in order.
fn runs(
    record: &Record,
    checks: &Checks<'_>,
    verified: &mut Verified,
    problems: &mut Vec<Problem>,
) -> Result<(), RecordError> {
    let kept = record.runs().iter().filter(|r| r.is_kept()).count();
    let with_files = match checks.depth {
        Depth::Whole => kept,
        Depth::Files(last) => last.min(kept),
    };
    let mut at = 0;
    let mut knowledge = match checks.depth {
        Depth::Whole => Some(links::Knowledge::load()?),
        Depth::Files(_) => None,
    };
    // The last completed run and what it kept, if that holds.
    let mut previous: Option<(&Run, Option<Kept>)> = None;
    for run in record.runs() {
        let mut check = RunCheck {
            name: run.name.clone(),
            state: run.state,
            reason: run.reason.clone(),
            files: 0,
            rows: 0,
            signature: Signature::Missing,
            notes: Vec::new(),
        };
        if run.is_kept() {
            at += 1;
            let mut finds = Finds { run: Some(&run.name), told: 0, problems: &mut *problems };
            check.signature = signature(record, run, checks.key, &mut finds);
            let files = at > kept - with_files;
            let manifest = files::manifest(record, run, files, &mut check, &mut finds);
            let mut whole = None;
            if let (Some(manifest), Some(knowledge)) = (manifest, &mut knowledge) {
                let before = finds.told;
                whole =
                    again::check(record, run, manifest, previous.as_ref(), knowledge, &mut check, &mut finds)
                        .filter(|_| finds.told == before);
            }
            if run.state == RunState::Completed {
                previous = Some((run, whole));
            }
        }
        verified.runs.push(check);
    }
    Ok(())
}

/// The signature of a run's end line.
fn signature(record: &Record, run: &Run, key: Option<&VerifyKey>, finds: &mut Finds<'_>) -> Signature {
    let is_end = |l: &&super::Line| l.run == run.name && matches!(l.event, Event::End { .. });
    let Some(line) = record.lines().iter().find(is_end) else { return Signature::Missing };
    let place = || format!("log.jsonl line {}", line.seq);
    match (&line.signature, key) {
        (None, None) => Signature::Missing,
        (None, Some(_)) => {
            finds.add(place(), "is not signed");
            Signature::Missing
        }
        (Some(_), None) => Signature::Unchecked,
        (Some(signature), Some(key)) if key.accepts(&line.hash, signature) => Signature::Good,
        (Some(_), Some(_)) => {
            finds.add(place(), "is signed, but not with this key");
            Signature::Foreign
        }
    }
}
