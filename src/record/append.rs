//! Writing: one run at a time, under a lock.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::log::{Event, make_line};
use super::manifest::{KeptFile, Manifest};
use super::read::{NO_FOLDER, Record, RunState, read_log};
use super::{RecordError, log};
use crate::govern::Assessment;
use crate::govern::outcome::CriterionResult;
use crate::model::{ItemRecord, RunRecord, hex};
use crate::report::{self, Destination, Options, ReportWriter, Summary};

const LOG: &str = "log.jsonl";
const LOCK: &str = "lock";
const RUNS: &str = "runs";

/// Reason of an aborted run whose writer was killed.
const KILLED: &str = "killed";
/// Reason of a run that had ended, but whose end line the next writer did not find.
pub(super) const END_LINE_MISSING: &str = "end-line-missing";

/// Signs a hash, given as 64 hex digits; the signature is base64.
pub type Sign<'a> = Option<&'a dyn Fn(&str) -> String>;

/// A record that is locked for writing, with killed runs closed.
pub struct Writer {
    dir: PathBuf,
    log: File,
    /// Held until the writer is dropped.
    _lock: File,
    next: u64,
    head: String,
    /// Bytes that were cut off the end of the log.
    cut: u64,
}

impl Writer {
    /// Locks the record, making it if `create` says so, and closes what a killed run left open: its folder is
    /// removed, whether or not it had its final name already, and the log says `aborted`. A folder without end line is not
    /// adopted, because the log vouches only for what a run itself sealed, while it still knew what it had written. The
    /// folder of a run that had ended, and whose end line is gone all the same, stays where it is.
    pub fn open(dir: &Path, create: bool, at: Timestamp) -> Result<Self, RecordError> {
        Self::open_after(dir, create, at, &mut || {})
    }

    /// The same; `look` is called when nobody else can write any more and nothing has been changed yet.
    pub fn open_after(
        dir: &Path,
        create: bool,
        at: Timestamp,
        look: &mut dyn FnMut(),
    ) -> Result<Self, RecordError> {
        if create {
            refuse_other_folders(dir)?;
            make_folder(dir)?;
            make_folder(&dir.join(RUNS))?;
        } else if !dir.join(LOG).is_file() {
            return Err(RecordError::NoRecord { path: dir.to_path_buf(), why: "it has no log.jsonl" });
        }
        let lock_path = dir.join(LOCK);
        let lock = open_private(&lock_path, false).map_err(RecordError::io(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RecordError::Locked(dir.to_path_buf())),
            Err(TryLockError::Error(e)) => return Err(RecordError::io(&lock_path)(e)),
        }
        let log_path = dir.join(LOG);
        let file = open_private(&log_path, true).map_err(RecordError::io(&log_path))?;
        look();
        let parsed = read_log(dir)?;
        if parsed.unfinished > 0 {
            let whole = file.metadata().map(|m| m.len().saturating_sub(parsed.unfinished));
            whole.and_then(|n| file.set_len(n)).map_err(RecordError::io(&log_path))?;
        }
        let record = Record::from_log(dir, &parsed)?;
        let mut writer = Self {
            dir: dir.to_path_buf(),
            log: file,
            _lock: lock,
            next: parsed.lines.len() as u64 + 1,
            head: parsed.head().to_owned(),
            cut: parsed.unfinished,
        };
        for run in record.runs().iter().filter(|r| r.state == RunState::Open) {
            let runs = writer.dir.join(RUNS);
            let folder = runs.join(&run.name);
            let mut reason = KILLED;
            if folder.symlink_metadata().is_ok() {
                if closing_mark(&runs, &run.name).is_dir() {
                    // Hidden first, so that nobody takes a half-removed folder for a run.
                    let hidden = writer.partial(&run.name);
                    fs::rename(&folder, &hidden).map_err(RecordError::io(&folder))?;
                } else {
                    // It had ended, and its end line is gone: evidence of that, and not ours to remove.
                    reason = END_LINE_MISSING;
                }
            }
            writer.append(&Event::Aborted { reason: reason.to_owned() }, &run.name, at, None)?;
        }
        writer.remove_partials()?;
        Ok(writer)
    }

    /// Appends one line and makes sure that it is on disk; returns its hash.
    pub fn append(
        &mut self,
        event: &Event,
        run: &str,
        at: Timestamp,
        sign: Sign<'_>,
    ) -> Result<String, RecordError> {
        let path = self.dir.join(LOG);
        let (line, hash) = make_line(self.next, event, run, at, &self.head, sign)
            .map_err(|e| RecordError::malformed(&path, log::kind(&e)))?;
        self.log
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| self.log.sync_all())
            .map_err(RecordError::io(&path))?;
        self.next += 1;
        self.head.clone_from(&hash);
        Ok(hash)
    }

    /// Hash of the last line.
    pub fn head(&self) -> &str {
        &self.head
    }

    fn partial(&self, run: &str) -> PathBuf {
        self.dir.join(RUNS).join(format!(".{run}.partial"))
    }

    /// Nobody else can be at work here: the record is locked. What is no folder is none of ours, whatever its name.
    fn remove_partials(&self) -> Result<(), RecordError> {
        let runs = self.dir.join(RUNS);
        let entries = match fs::read_dir(&runs) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(RecordError::io(&runs))?,
        };
        for entry in entries {
            let entry = entry.map_err(RecordError::io(&runs))?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let folder = entry.file_type().map_err(RecordError::io(&path))?.is_dir();
            if folder && name.starts_with('.') && name.ends_with(".partial") {
                fs::remove_dir_all(&path).map_err(RecordError::io(&path))?;
            }
        }
        Ok(())
    }
}

/// What the start line says.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// Start of the run.
    pub at: Timestamp,
    /// Its "today".
    pub as_of: Date,
    /// Version of the tool.
    pub tool_version: String,
    /// Hash over the detectors in force.
    pub detectors_digest: String,
    /// SHA-256 of its policy, hex.
    pub policy_digest: Option<String>,
}

/// A run on its way into the record.
pub struct Appender {
    writer: Writer,
    name: String,
    sequence: u64,
    previous_head: String,
    partial: PathBuf,
    tables: Option<Box<dyn ReportWriter>>,
    rows: BTreeMap<&'static str, u64>,
    bytes: BTreeMap<(&'static str, &'static str), u64>,
}

impl Appender {
    /// Locks the record, closes killed runs, writes the start line and makes the folder for what is to come. `look` is
    /// called when the record is locked and as it was.
    pub fn begin(dir: &Path, beginning: &Beginning, look: &mut dyn FnMut()) -> Result<Self, RecordError> {
        let mut writer = Writer::open_after(dir, true, beginning.at, look)?;
        let record = Record::open(dir)?;
        let sequence = record.runs().last().map_or(0, |r| r.sequence) + 1;
        let day = TimeZone::UTC.to_datetime(beginning.at);
        let name = format!("{sequence:06}-{}", day.strftime("%Y-%m-%dT%H-%M-%SZ"));
        let previous_head = writer.head().to_owned();
        let start = Event::Start {
            as_of: beginning.as_of,
            tool_version: beginning.tool_version.clone(),
            detectors_digest: beginning.detectors_digest.clone(),
            policy_digest: beginning.policy_digest.clone(),
            cut: Some(writer.cut).filter(|n| *n > 0),
        };
        writer.append(&start, &name, beginning.at, None)?;
        let partial = writer.partial(&name);
        make_folder(&partial)?;
        let tables = report::open("parquet", &Destination::Directory(partial.clone()), Options::default());
        let tables = Some(tables.map_err(RecordError::io(&partial))?);
        let (rows, bytes) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { writer, name, sequence, previous_head, partial, tables, rows, bytes })
    }

    /// Name of the run's folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of the run.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Hash of the log's last line before this run.
    pub fn previous_head(&self) -> &str {
        &self.previous_head
    }

    /// Stored bytes of outermost items so far, by outcome word and reason code.
    pub fn stored_bytes(&self) -> &BTreeMap<(&'static str, &'static str), u64> {
        &self.bytes
    }

    /// Takes one item.
    pub fn item(&mut self, record: &ItemRecord) -> io::Result<()> {
        let occurrences: usize = record.findings.iter().map(|f| f.occurrences.len()).sum();
        let mut add = |table, n: usize| *self.rows.entry(table).or_default() += n as u64;
        add("items", 1);
        add("findings", record.findings.len());
        add("occurrences", occurrences);
        add("dates", report::schema::date_rows(record).count());
        if record.item.path.depth() == 0 {
            let reason = record.outcome.reason().map_or("", |r| r.code());
            let bytes = self.bytes.entry((record.outcome.word(), reason)).or_default();
            *bytes = bytes.saturating_add(record.item.meta.bytes.unwrap_or(0));
        }
        self.tables.iter_mut().try_for_each(|t| t.item(record))
    }

    /// Takes what the policy says.
    pub fn assessment(&mut self, assessment: &Assessment, criteria: &[CriterionResult]) -> io::Result<()> {
        let deviations: usize = assessment.results.iter().map(|r| r.deviating.len()).sum();
        self.rows.insert("control_results", assessment.results.len() as u64);
        self.rows.insert("deviations", deviations as u64);
        self.rows.insert("criteria", criteria.len() as u64);
        self.tables.iter_mut().try_for_each(|t| t.assessment(assessment, criteria))
    }

    /// Keeps a file: `policy.toml`, `patterns/detectors.toml`, `registers/disposal.jsonl`.
    pub fn keep(&mut self, name: &str, content: &[u8]) -> Result<(), RecordError> {
        let path = self.partial.join(name);
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        write_private(&path, content).map_err(RecordError::io(&path))
    }

    /// Makes the run final: tables, manifest (whose `files` are filled in here), the folder's name, the end line.
    /// Returns the hash of the end line.
    pub fn finish(
        mut self,
        mut manifest: Manifest,
        drifted: Vec<String>,
        run: &RunRecord,
        summary: &Summary,
        sign: Sign<'_>,
    ) -> Result<String, RecordError> {
        if let Some(tables) = self.tables.take() {
            tables.finish(run, summary).map_err(RecordError::io(&self.partial))?;
            self.rows.insert("runs", 1);
        }
        manifest.files = self.files()?;
        let path = self.partial.join("manifest.json");
        let mut text = serde_json::to_string_pretty(&manifest)
            .map_err(|e| RecordError::malformed(&path, log::kind(&e)))?;
        text.push('\n');
        write_private(&path, text.as_bytes()).map_err(RecordError::io(&path))?;
        sync_folder(&self.partial)?;
        let runs = self.writer.dir.join(RUNS);
        let folder = runs.join(&self.name);
        // Whoever finds a folder without end line can tell by this whether its writer was killed or its line removed.
        let closing = closing_mark(&runs, &self.name);
        make_folder(&closing)?;
        fs::rename(&self.partial, &folder).map_err(RecordError::io(&folder))?;
        sync_folder(&runs)?;
        let end = Event::End { manifest: log::hash_of(&text), interrupted: run.interrupted, drifted };
        let hash = self.writer.append(&end, &self.name, run.finished_at, sign)?;
        fs::remove_dir(&closing).map_err(RecordError::io(&closing))?;
        Ok(hash)
    }

    /// Gives up: nothing of the run is kept, and the log says so.
    pub fn abort(mut self, at: Timestamp) -> Result<(), RecordError> {
        self.tables = None;
        let reason = "failed".to_owned();
        self.writer.append(&Event::Aborted { reason }, &self.name, at, None)?;
        self.writer.remove_partials()
    }

    /// Every file of the folder so far, by name.
    fn files(&self) -> Result<Vec<KeptFile>, RecordError> {
        let mut files = Vec::new();
        for entry in walkdir::WalkDir::new(&self.partial).sort_by_file_name() {
            let entry = entry.map_err(|e| RecordError::malformed(&self.partial, e.to_string()))?;
            if entry.file_type().is_dir() {
                sync_folder(entry.path())?;
                continue;
            }
            let name = entry.path().strip_prefix(&self.partial).unwrap_or(entry.path());
            let name = name.to_string_lossy().replace('\\', "/");
            let (sha256, bytes) = hash_file(entry.path()).map_err(RecordError::io(entry.path()))?;
            let table = name.strip_suffix(".parquet");
            let rows = table.map(|t| self.rows.get(t).copied().unwrap_or(0));
            files.push(KeptFile { name, sha256, bytes, rows });
        }
        Ok(files)
    }
}

/// What stands beside a run's folder from before it gets its name until its end line is written.
pub(super) fn closing_mark(runs: &Path, run: &str) -> PathBuf {
    runs.join(format!(".{run}.closing.partial"))
}

/// SHA-256 of a file, hex, and its size in bytes.
pub(super) fn hash_file(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((hex(&hasher.finalize()), bytes)),
            n => {
                hasher.update(&buffer[..n]);
                bytes += n as u64;
            }
        }
    }
}

/// A folder with other things in it is someone's data, not a place for a record.
fn refuse_other_folders(dir: &Path) -> Result<(), RecordError> {
    if dir.join(LOG).exists() {
        return Ok(());
    }
    let mut entries = match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotADirectory && dir.is_file() => {
            return Err(RecordError::NoRecord { path: dir.to_path_buf(), why: NO_FOLDER });
        }
        other => other.map_err(RecordError::io(dir))?,
    };
    // What a first run leaves that is killed before it writes its log.
    let own = [LOCK, RUNS].map(std::ffi::OsStr::new);
    let foreign = entries.any(|e| e.map_or(true, |e| !own.contains(&e.file_name().as_os_str())));
    match foreign {
        true => Err(RecordError::NoRecord {
            path: dir.to_path_buf(),
            why: "the folder holds other things; name an empty or a new one",
        }),
        false => Ok(()),
    }
}

fn make_folder(path: &Path) -> Result<(), RecordError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(RecordError::io(path))
}

fn open_private(path: &Path, append: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).create(true).write(!append).append(append).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> Result<(), RecordError> {
    #[cfg(unix)]
    File::open(path).and_then(|f| f.sync_all()).map_err(RecordError::io(path))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
