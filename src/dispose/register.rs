//! The disposal register as a file that lines are added to: locked, and on disk before anything follows from it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::DisposeError;
use crate::govern::registers::{DisposalEntry, MAX_REGISTER_BYTES};

/// One line: the entry, and what of a disposal is under way.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Line {
    /// What control tests look at.
    #[serde(flatten)]
    pub entry: DisposalEntry,
    /// What is about to be done; a later line of the same id says how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Intent>,
    /// Why it was not done in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// For what was not done: a whole copy that was made already, in the quarantine, as in a plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_to: Option<String>,
    /// When a later run found out how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
}

/// A disposal that has begun.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Intent {
    /// When.
    pub at: Timestamp,
    /// The item's raw path, relative to the policy's folder, as in a plan.
    pub from: String,
    /// The quarantine: its absolute path, as in a plan; absent for a deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// Where in there it goes, as in a plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// The register, open and locked.
pub struct Register {
    file: File,
    path: PathBuf,
    name: String,
    /// The last line of each id.
    last: HashMap<String, Map<String, Value>>,
    /// Ids in the order of their first lines.
    order: Vec<String>,
}

impl Register {
    /// Opens it, making it where it is not, and waits for nobody. An unfinished last line, which nothing follows from,
    /// is taken away; `true` if there was one. `name` is for errors.
    pub fn open(path: &Path, name: &str) -> Result<(Self, bool), DisposeError> {
        let what = format!("register {name}");
        let mut options = File::options();
        options.read(true).append(true).create(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let new = !path.exists();
        let mut file = options.open(path).map_err(DisposeError::io(&what))?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| DisposeError::Locked(name.to_owned()))?;
        if new {
            sync_folder(path).map_err(DisposeError::io(&what))?;
        }
        let text = bytes_of(&mut file).map_err(DisposeError::io(&what))?;
        let whole = text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let tail = &text[whole..];
        let torn =
            !tail.trim_ascii().is_empty() && serde_json::from_slice::<Map<String, Value>>(tail).is_err();
        let mut register = Self {
            file,
            path: path.to_path_buf(),
            name: name.to_owned(),
            last: HashMap::new(),
            order: Vec::new(),
        };
        let kept = if torn { &text[..whole] } else { &text[..] };
        kept.split(|b| *b == b'\n').for_each(|line| register.take(line));
        if torn {
            register.file.set_len(whole as u64).map_err(DisposeError::io(&what))?;
            register.file.sync_all().map_err(DisposeError::io(&what))?;
        } else if !kept.is_empty() && !kept.ends_with(b"\n") {
            register.file.write_all(b"\n").map_err(DisposeError::io(&what))?;
        }
        Ok((register, torn))
    }

    /// Reads it without locking or changing it; an unfinished last line counts as not there.
    pub fn look(path: &Path, name: &str) -> Result<Option<Self>, DisposeError> {
        let what = format!("register {name}");
        let mut file = match File::open(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(DisposeError::io(&what))?,
        };
        let text = bytes_of(&mut file).map_err(DisposeError::io(&what))?;
        let mut register = Self {
            file,
            path: path.to_path_buf(),
            name: name.to_owned(),
            last: HashMap::new(),
            order: Vec::new(),
        };
        text.split(|b| *b == b'\n').for_each(|line| register.take(line));
        Ok(Some(register))
    }

    fn take(&mut self, line: &[u8]) {
        let Ok(value) = serde_json::from_slice::<Map<String, Value>>(line) else { return };
        let Some(id) = value.get("id").and_then(Value::as_str).map(str::to_owned) else { return };
        if self.last.insert(id.clone(), value).is_none() {
            self.order.push(id);
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last line of an id, with all that stands in it.
    pub fn last(&self, id: &str) -> Option<&Map<String, Value>> {
        self.last.get(id)
    }

    /// Disposals that began and of which nothing says how they ended, in the order of their first lines.
    pub fn open_intents(&self) -> Vec<Line> {
        let lines = self.order.iter().filter_map(|id| self.last.get(id));
        let open = lines.filter(|line| line.get("intent").is_some_and(|i| !i.is_null()));
        let parsed = open.filter_map(|line| serde_json::from_value::<Line>(Value::Object(line.clone())).ok());
        parsed.filter(|line| line.intent.is_some() && line.entry.performed_at.is_none()).collect()
    }

    /// Adds a line, and returns when it is on disk.
    pub fn add(&mut self, line: &Line) -> Result<(), DisposeError> {
        let value = serde_json::to_value(line)
            .map_err(|e| DisposeError::Io { what: format!("register {}", self.name), source: e.into() })?;
        match value {
            Value::Object(map) => self.add_map(map),
            _ => Ok(()),
        }
    }

    /// The same with a line as it is.
    pub fn add_map(&mut self, line: Map<String, Value>) -> Result<(), DisposeError> {
        let what = format!("register {}", self.name);
        let kept: Map<String, Value> = line
            .into_iter()
            .filter(|(_, v)| !v.is_null() && v.as_array().is_none_or(|a| !a.is_empty()))
            .collect();
        let mut text = serde_json::to_string(&kept)
            .map_err(|e| DisposeError::Io { what: what.clone(), source: e.into() })?;
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(DisposeError::io(&what))?;
        self.file.sync_data().map_err(DisposeError::io(&what))?;
        self.take(text.trim_end().as_bytes());
        Ok(())
    }
}

/// Adds one line to a register of JSON lines, making the file where it is not.
pub fn append(path: &Path, name: &str, line: &Value) -> Result<(), DisposeError> {
    let (mut register, _) = Register::open(path, name)?;
    match line {
        Value::Object(map) => register.add_map(map.clone()),
        _ => Ok(()),
    }
}

fn bytes_of(file: &mut File) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_REGISTER_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    match read > MAX_REGISTER_BYTES {
        true => Err(io::Error::new(io::ErrorKind::InvalidData, "too large")),
        false => Ok(bytes),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
