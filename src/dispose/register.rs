//! The disposal register as a file that lines are added to: locked, and on disk before anything follows from it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
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
    /// With an intent: the item has been renamed to a name of our own and is the one that was read; next it is unlinked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged_at: Option<Timestamp>,
    /// The today of the run, where it was not the day of the clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Date>,
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
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Device and inode of the item: after a rename within a file system they are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<(u64, u64)>,
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
    /// Bytes that it has as far as this run knows.
    end: u64,
    /// A line could not be written: what comes after it would be part of it.
    broken: bool,
}

impl Register {
    /// Opens it, making it where it is not, and waits for nobody. An unfinished last line, which nothing follows from,
    /// is taken away; `true` if there was one. A file that is no register is left as it is. `name` is for errors.
    pub fn open(path: &Path, name: &str) -> Result<(Self, bool), DisposeError> {
        let what = format!("register {name}");
        let mut options = File::options();
        options.read(true).append(true).create(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let new = !path.exists();
        let file = options.open(path).map_err(DisposeError::io(&what))?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| DisposeError::Locked(name.to_owned()))?;
        if new {
            sync_folder(path).map_err(DisposeError::io(&what))?;
        }
        let (mut register, text, torn) = Self::read(file, path, name)?;
        if torn {
            register.file.set_len(register.end).map_err(DisposeError::io(&what))?;
            register.file.sync_all().map_err(DisposeError::io(&what))?;
        } else if !text.is_empty() && !text.ends_with(b"\n") {
            register.file.write_all(b"\n").map_err(DisposeError::io(&what))?;
            register.end += 1;
        }
        register.is_in_place()?;
        Ok((register, torn))
    }

    /// Reads it without locking or changing it; an unfinished last line counts as not there.
    pub fn look(path: &Path, name: &str) -> Result<Option<Self>, DisposeError> {
        let what = format!("register {name}");
        let file = match File::open(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(DisposeError::io(&what))?,
        };
        Self::read(file, path, name).map(|(register, ..)| Some(register))
    }

    /// Reads all lines; `true` if the last one is unfinished. Anything else that is no entry makes it no register.
    fn read(mut file: File, path: &Path, name: &str) -> Result<(Self, Vec<u8>, bool), DisposeError> {
        let what = format!("register {name}");
        let text = bytes_of(&mut file).map_err(DisposeError::io(&what))?;
        let mut register = Self {
            file,
            path: path.to_path_buf(),
            name: name.to_owned(),
            last: HashMap::new(),
            order: Vec::new(),
            end: 0,
            broken: false,
        };
        let mut torn = false;
        for (number, line) in (1..).zip(text.split_inclusive(|b| *b == b'\n')) {
            let said = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
            if !said.trim_ascii().is_empty() && !register.take(said) {
                torn = !line.ends_with(b"\n")
                    && (said.starts_with(b"{\"") || said == b"{")
                    && serde_json::from_slice::<Value>(said).is_err();
                if !torn {
                    return Err(DisposeError::NoRegister { name: name.to_owned(), line: number });
                }
                break;
            }
            register.end += line.len() as u64;
        }
        Ok((register, text, torn))
    }

    /// Takes in a line; `false` if it is no entry.
    fn take(&mut self, line: &[u8]) -> bool {
        let Ok(value) = serde_json::from_slice::<Map<String, Value>>(line) else { return false };
        let Some(id) = value.get("id").and_then(Value::as_str).map(str::to_owned) else { return false };
        if self.last.insert(id.clone(), value).is_none() {
            self.order.push(id);
        }
        true
    }

    /// Whether the file that is open still is the one at its path, and has all that was in it: editors, `sed -i` and the
    /// rotation of logs put another in its place.
    pub fn is_in_place(&self) -> Result<(), DisposeError> {
        let replaced = || DisposeError::Replaced(self.name.clone());
        let at_path = rustix::fs::stat(&self.path).map_err(|_| replaced())?;
        let open = rustix::fs::fstat(&self.file)
            .map_err(|e| DisposeError::io(&format!("register {}", self.name))(e.into()))?;
        let shorter = u64::try_from(open.st_size).is_ok_and(|size| size < self.end);
        match (open.st_dev, open.st_ino) == (at_path.st_dev, at_path.st_ino) && !shorter {
            true => Ok(()),
            false => Err(replaced()),
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

    /// Disposals that began and of which nothing says how they ended, in the order of their first lines: the id, and the
    /// line, if it is one that this program writes.
    pub fn open_intents(&self) -> Vec<(String, Option<Line>)> {
        let lines = self.order.iter().filter_map(|id| self.last.get_key_value(id));
        let is_open = |line: &Map<String, Value>| {
            let said = |key: &str| line.get(key).is_some_and(|value| !value.is_null());
            said("intent") && !said("performed_at")
        };
        let parsed = |line: &Map<String, Value>| serde_json::from_value(Value::Object(line.clone())).ok();
        lines.filter(|(_, line)| is_open(line)).map(|(id, line)| (id.clone(), parsed(line))).collect()
    }

    /// Adds a line, and returns when it is on disk.
    pub fn add(&mut self, line: &Line) -> Result<(), DisposeError> {
        // As an object at once: what is no object cannot be a line, and is not passed over.
        let map = serde_json::to_value(line)
            .and_then(serde_json::from_value)
            .map_err(|e| DisposeError::Io { what: format!("register {}", self.name), source: e.into() })?;
        self.add_map(map)
    }

    /// The same with a line as it is.
    pub fn add_map(&mut self, line: Map<String, Value>) -> Result<(), DisposeError> {
        let what = format!("register {}", self.name);
        if self.broken {
            return Err(DisposeError::io(&what)(io::Error::other("an earlier line could not be written")));
        }
        self.is_in_place()?;
        let kept: Map<String, Value> = line
            .into_iter()
            .filter(|(_, v)| !v.is_null() && v.as_array().is_none_or(|a| !a.is_empty()))
            .collect();
        let mut text = serde_json::to_string(&kept)
            .map_err(|e| DisposeError::Io { what: what.clone(), source: e.into() })?;
        text.push('\n');
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            self.broken = true;
            // Half a line is no line; if it cannot be taken away, the next one who opens it does.
            let _ = self.file.set_len(self.end);
            return Err(DisposeError::io(&what)(error));
        }
        self.end += text.len() as u64;
        self.take(text.trim_end().as_bytes());
        self.is_in_place()
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
