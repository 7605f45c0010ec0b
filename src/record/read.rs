//! Reading a record: its runs, its decisions, what each run kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

use super::log::{Event, Line, Log, MAX_LOG_BYTES};
use super::manifest::Manifest;
use super::{RecordError, log};
use crate::govern::facts::{PastRun, Review};
use crate::model::hex;

/// Bytes that a manifest may have.
pub(super) const MAX_MANIFEST_BYTES: u64 = 64 << 20;

/// What a file is, where a record was named.
pub(super) const NO_FOLDER: &str = "it is a file, and a record is a folder";

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It came to its end.
    Completed,
    /// It came to its end early: what is kept is whole, but it is not of everything.
    Interrupted,
    /// It did not come to its end; nothing is kept.
    Aborted,
    /// It is at work, or was killed and no writer has come since.
    Open,
}

impl RunState {
    /// `completed`, `interrupted`, `aborted` or `open`.
    pub fn word(self) -> &'static str {
        match self {
            RunState::Completed => "completed",
            RunState::Interrupted => "interrupted",
            RunState::Aborted => "aborted",
            RunState::Open => "open",
        }
    }
}

/// A run, as the log tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Number, from 1.
    pub sequence: u64,
    /// Name of its folder.
    pub name: String,
    /// How it ended.
    pub state: RunState,
    /// Its "today".
    pub as_of: Date,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended or was closed.
    pub ended_at: Option<Timestamp>,
    /// Version of the tool.
    pub tool_version: String,
    /// Hash over the detectors in force.
    pub detectors_digest: String,
    /// SHA-256 of its policy, hex.
    pub policy_digest: Option<String>,
    /// SHA-256 of its manifest, for runs that came to their end.
    pub manifest: Option<String>,
    /// Why, for `aborted` ones.
    pub reason: Option<String>,
    /// Systems in which it noted a change.
    pub drifted: Vec<String>,
    /// Number of its start line in the log.
    pub start_line: u64,
    /// Number of its end or abort line.
    pub end_line: Option<u64>,
}

impl Run {
    /// Whether its folder holds what it kept.
    pub fn is_kept(&self) -> bool {
        matches!(self.state, RunState::Completed | RunState::Interrupted)
    }
}

/// A record, opened for reading.
#[derive(Debug)]
pub struct Record {
    dir: PathBuf,
    runs: Vec<Run>,
    /// Reviews with the number and the time of their line.
    reviews: Vec<(u64, Timestamp, Review)>,
    anchors: Vec<Line>,
    head: String,
    lines: Vec<Line>,
    broken: Vec<String>,
}

/// Reads `log.jsonl`; a record that was never written to has an empty one.
pub(super) fn read_log(dir: &Path) -> Result<Log, RecordError> {
    let path = dir.join("log.jsonl");
    match read_bounded(&path, MAX_LOG_BYTES) {
        Ok(bytes) => Ok(Log::parse(&bytes)),
        Err(RecordError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(RecordError::NoRecord { path: dir.to_path_buf(), why: "it has no log.jsonl" })
        }
        Err(RecordError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotADirectory => {
            Err(RecordError::NoRecord { path: dir.to_path_buf(), why: NO_FOLDER })
        }
        Err(e) => Err(e),
    }
}

/// A file that can be read without waiting for someone; else what it is instead.
pub(super) fn is_regular(path: &Path) -> Result<(), String> {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_file() => Ok(()),
        Ok(meta) if meta.is_symlink() => Err("is a link".to_owned()),
        Ok(meta) if meta.is_dir() => Err("is a folder".to_owned()),
        Ok(_) => Err("is no file".to_owned()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err("is missing".to_owned()),
        Err(e) => Err(format!("cannot be read: {e}")),
    }
}

/// A file that is no larger than it may be.
pub(super) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>, RecordError> {
    let mut bytes = Vec::new();
    // Opening a FIFO would wait for its other end.
    let kind = path.metadata().map_err(RecordError::io(path))?;
    if !kind.is_file() {
        return Err(RecordError::malformed(path, "is no file"));
    }
    let too_large = || RecordError::malformed(path, format!("larger than {} MiB", most >> 20));
    if kind.len() > most {
        return Err(too_large());
    }
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    match read.map_err(RecordError::io(path))? as u64 > most {
        true => Err(too_large()),
        false => Ok(bytes),
    }
}

/// `RECORD@RUN` in its parts: everything before the last `@` if that is a record and the whole is none.
pub fn split_name(name: &str) -> (PathBuf, Option<&str>) {
    match name.rsplit_once('@') {
        Some((dir, run)) if !Path::new(name).exists() => (PathBuf::from(dir), Some(run)),
        _ => (PathBuf::from(name), None),
    }
}

impl Record {
    /// Opens the record in a folder. A log with a line that cannot be read is refused; one whose hashes do not hold is not: see
    /// [`Record::broken`].
    pub fn open(dir: &Path) -> Result<Self, RecordError> {
        let log = read_log(dir)?;
        Self::from_log(dir, &log)
    }

    pub(super) fn from_log(dir: &Path, log: &Log) -> Result<Self, RecordError> {
        let (record, refused) = Self::as_far_as_it_goes(dir, log);
        match refused.into_iter().next() {
            None => Ok(record),
            Some((number, what)) => {
                Err(RecordError::malformed(&dir.join("log.jsonl"), format!("line {number} {what}")))
            }
        }
    }

    /// The same without the lines that cannot be read or make no sense, and which these are and why.
    pub(super) fn as_far_as_it_goes(dir: &Path, log: &Log) -> (Self, Vec<(u64, String)>) {
        let mut refused = Vec::new();
        let mut record = Self {
            dir: dir.to_path_buf(),
            runs: Vec::new(),
            reviews: Vec::new(),
            anchors: Vec::new(),
            head: log.head().to_owned(),
            lines: Vec::new(),
            broken: log.broken(),
        };
        for (number, line) in (1u64..).zip(&log.lines) {
            match line {
                Ok(line) => {
                    refused.extend(record.take(number, line).err().map(|what| (number, what)));
                    record.lines.push(line.clone());
                }
                Err(what) => refused.push((number, what.clone())),
            }
        }
        (record, refused)
    }

    fn take(&mut self, number: u64, line: &Line) -> Result<(), String> {
        let sequence = sequence_of(&line.run).ok_or("names no run")?;
        if let Event::Start { as_of, tool_version, detectors_digest, policy_digest, .. } = &line.event {
            if self.runs.last().is_some_and(|r| r.sequence >= sequence) {
                return Err("starts a run whose number is not above the last".to_owned());
            }
            self.runs.push(Run {
                sequence,
                name: line.run.clone(),
                state: RunState::Open,
                as_of: *as_of,
                started_at: line.at,
                ended_at: None,
                tool_version: tool_version.clone(),
                detectors_digest: detectors_digest.clone(),
                policy_digest: policy_digest.clone(),
                manifest: None,
                reason: None,
                drifted: Vec::new(),
                start_line: number,
                end_line: None,
            });
            return Ok(());
        }
        let run = self.runs.iter_mut().rev().find(|r| r.name == line.run);
        let run = run.ok_or("speaks of a run that never started")?;
        let mut end = |state| {
            if run.state != RunState::Open {
                return Err("ends a run that has ended".to_owned());
            }
            (run.state, run.ended_at, run.end_line) = (state, Some(line.at), Some(number));
            Ok(())
        };
        match &line.event {
            Event::End { manifest, interrupted, drifted } => {
                end(if *interrupted { RunState::Interrupted } else { RunState::Completed })?;
                (run.manifest, run.drifted) = (Some(manifest.clone()), drifted.clone());
            }
            Event::Aborted { reason } => {
                end(RunState::Aborted)?;
                run.reason = Some(reason.clone());
            }
            Event::Review { subject, by, on, decision } => {
                let review = Review {
                    subject: subject.clone(),
                    sequence,
                    by: by.clone(),
                    on: *on,
                    decision: decision.clone(),
                };
                self.reviews.push((number, line.at, review));
            }
            Event::Anchor { .. } => self.anchors.push(line.clone()),
            Event::Start { .. } | Event::Other => {}
        }
        Ok(())
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// All runs in order, aborted ones too.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// All lines of the log.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Lines that tell of an anchor.
    pub fn anchors(&self) -> &[Line] {
        &self.anchors
    }

    /// Hash of the last line.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// What of the log's chain does not hold, one sentence each.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// The run with this number or folder name; without one, the last that completed.
    pub fn find(&self, which: Option<&str>) -> Result<&Run, RecordError> {
        let found = match which {
            None => self.runs.iter().rev().find(|r| r.state == RunState::Completed),
            Some(which) => {
                let number = which.parse::<u64>().ok();
                self.runs.iter().find(|r| r.name == which || Some(r.sequence) == number)
            }
        };
        let what = match (which, found) {
            (_, Some(run)) if run.is_kept() => return Ok(run),
            (_, Some(run)) => format!("run {} is {} and keeps nothing", run.sequence, run.state.word()),
            (Some(which), None) => {
                let none = match which {
                    "" => "no run is named behind @".to_owned(),
                    which => format!("no run {}", crate::report::printable(which)),
                };
                format!("{none}: write RECORD@12 or RECORD@FOLDER, or leave @ out for the last completed run")
            }
            (None, None) => "no run has completed".to_owned(),
        };
        Err(RecordError::NoRun { path: self.dir.clone(), what })
    }

    /// The last completed run before this number.
    pub fn previous(&self, sequence: u64) -> Option<&Run> {
        self.runs.iter().rev().find(|r| r.sequence < sequence && r.state == RunState::Completed)
    }

    /// All runs before this number, as control tests see them.
    pub fn history(&self, before: u64) -> Vec<PastRun> {
        let past = |r: &Run| PastRun {
            sequence: r.sequence,
            as_of: r.as_of,
            completed: r.state == RunState::Completed,
            detectors_digest: r.detectors_digest.clone(),
            policy_digest: r.policy_digest.clone(),
            drifted: r.drifted.iter().cloned().collect(),
        };
        self.runs.iter().filter(|r| r.sequence < before).map(past).collect()
    }

    /// All decisions, in the order of the log.
    pub fn reviews(&self) -> impl Iterator<Item = &Review> {
        self.reviews.iter().map(|(_, _, review)| review)
    }

    /// All decisions, each with the time at which it was kept.
    pub fn dated_reviews(&self) -> impl Iterator<Item = (Timestamp, &Review)> {
        self.reviews.iter().map(|(_, at, review)| (*at, review))
    }

    /// Decisions that count in an assessment of a run: those that were there when it began, and later ones that were
    /// taken by `as_of`. So a later assessment on the run's own day says what the run said.
    pub fn reviews_for(&self, run: &Run, as_of: Date) -> Vec<Review> {
        let counts =
            |(line, _, review): &&(u64, Timestamp, Review)| *line < run.start_line || review.on <= as_of;
        self.reviews.iter().filter(counts).map(|(_, _, review)| review.clone()).collect()
    }

    /// Decisions that were there when a run began.
    pub fn reviews_before(&self, run: &Run) -> Vec<Review> {
        let before = self.reviews.iter().filter(|(line, ..)| *line < run.start_line);
        before.map(|(_, _, review)| review.clone()).collect()
    }

    /// Folder of a run.
    pub fn folder(&self, run: &Run) -> PathBuf {
        self.dir.join("runs").join(&run.name)
    }

    /// The manifest of a run; refused if it is not the one that the log vouches for.
    pub fn manifest(&self, run: &Run) -> Result<Manifest, RecordError> {
        let path = self.folder(run).join("manifest.json");
        let bytes = read_bounded(&path, MAX_MANIFEST_BYTES)?;
        let hash = hex(&<sha2::Sha256 as sha2::Digest>::digest(&bytes));
        if run.manifest.as_ref().is_some_and(|m| *m != hash) {
            let what = "is not the file that the log vouches for; `privascan verify` says more";
            return Err(RecordError::malformed(&path, what));
        }
        serde_json::from_slice(&bytes)
            .map_err(|e| RecordError::malformed(&path, format!("line {}: {}", e.line(), log::kind(&e))))
    }

    /// The bytes of a file that a run kept; refused if they are not what its manifest vouches for.
    pub fn file(&self, run: &Run, manifest: &Manifest, name: &str) -> Result<Vec<u8>, RecordError> {
        let path = self.folder(run).join(name);
        let known: BTreeMap<&str, _> = manifest.files.iter().map(|f| (f.name.as_str(), f)).collect();
        let Some(kept) = known.get(name) else {
            return Err(RecordError::malformed(&path, "is not among the files of the manifest"));
        };
        let grown = path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() > kept.bytes);
        let bytes = if grown { Vec::new() } else { read_bounded(&path, kept.bytes)? };
        match !grown && hex(&<sha2::Sha256 as sha2::Digest>::digest(&bytes)) == kept.sha256 {
            true => Ok(bytes),
            false => {
                let what = "is not the file that the manifest vouches for; `privascan verify` says more";
                Err(RecordError::malformed(&path, what))
            }
        }
    }

    /// The policy of a run, as its file was.
    pub fn policy_text(&self, run: &Run, manifest: &Manifest) -> Result<Option<String>, RecordError> {
        if manifest.configuration.policy.is_none() {
            return Ok(None);
        }
        let bytes = self.file(run, manifest, "policy.toml")?;
        let not_text = |_| RecordError::malformed(&self.folder(run).join("policy.toml"), "is not UTF-8");
        String::from_utf8(bytes).map(Some).map_err(not_text)
    }
}

/// The number in a folder's name.
fn sequence_of(name: &str) -> Option<u64> {
    let (number, rest) = name.split_once('-')?;
    let safe = rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    number.parse().ok().filter(|_| safe && number.bytes().all(|b| b.is_ascii_digit()))
}
