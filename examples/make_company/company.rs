//! The company: what lies where in each week, and the truth about it.

#[path = "body.rs"]
pub mod body;
#[path = "places.rs"]
mod places;
#[path = "registers.rs"]
mod registers;
#[path = "../../tests/common/values.rs"]
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions};
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use jiff::civil::{Date, date};
use serde::Serialize;
use sha2::{Digest, Sha256};

use body::{Body, Dates, Result};

/// Changing it changes every made-up value.
pub const SEED: u64 = 20_260_105;

/// How many weeks there are.
pub const WEEKS: u32 = 26;

/// The key of the company's fingerprints.
pub const KEY: &str = "larkspur-company-fingerprints-1";

/// Folders that the company has even when they are empty, with the weeks in which they are there.
const FOLDERS: &[(&str, Range<u32>)] = &[
    ("hr", 0..26),
    ("exports/crm", 0..26),
    ("payments", 0..26),
    ("archive/vault", 0..15),
    ("archive/vault", 17..26),
    ("share/out", 0..26),
    ("test", 0..26),
    ("lab", 0..26),
    ("backup", 0..26),
];

/// Everything that this program writes and takes away.
const TOPS: &[&str] =
    &["hr", "exports", "payments", "archive", "share", "test", "lab", "backup", "attic", "registers"];

/// The company in one week.
pub struct Company {
    pub week: u32,
    /// By path.
    pub files: BTreeMap<String, Body>,
    pub folders: BTreeSet<String>,
}

/// The Monday of a week.
pub fn monday(week: u32) -> Date {
    date(2026, 1, 5).checked_add(jiff::Span::new().weeks(week)).unwrap_or(Date::MAX)
}

/// The truth about one item.
#[derive(Serialize)]
struct Truth<'a> {
    path: String,
    format: &'a str,
    bytes: u64,
    mode: Option<String>,
    modified: Option<String>,
    outcome: &'a str,
    reason: Option<&'a str>,
    hash: Option<String>,
    rows: u64,
    holds: &'a BTreeMap<&'static str, u64>,
    tests: &'a BTreeMap<&'static str, u64>,
    dates: &'a [Dates],
    keys: &'a BTreeMap<String, Vec<String>>,
    residue: bool,
    label: Option<&'static str>,
    /// By category.
    fingerprints: BTreeMap<&'static str, Vec<String>>,
}

impl Company {
    /// The company as it is on the Monday of `week`.
    pub fn at(week: u32) -> Result<Self> {
        let there = FOLDERS.iter().filter(|(_, weeks)| weeks.contains(&week));
        let folders = there.map(|(folder, _)| (*folder).to_owned()).collect();
        let mut company = Self { week, files: BTreeMap::new(), folders };
        places::fill(&mut company)?;
        registers::fill(&mut company)?;
        Ok(company)
    }

    /// Puts a file somewhere in these weeks.
    fn put(&mut self, path: &str, weeks: Range<u32>, body: Body) {
        if weeks.contains(&self.week) {
            self.files.insert(path.to_owned(), body);
        }
    }

    /// Makes `dir` hold this and nothing else of the company.
    pub fn write(&self, dir: &Path) -> Result<()> {
        for top in TOPS {
            prune(dir, top, self)?;
        }
        for folder in &self.folders {
            fs::create_dir_all(dir.join(folder))?;
        }
        for (path, body) in &self.files {
            let file = dir.join(path);
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            if !fs::read(&file).is_ok_and(|there| there == body.bytes) {
                fs::write(&file, &body.bytes)?;
            }
            set_mode(&file, body.mode)?;
            let day = body.modified.unwrap_or(date(2026, 1, 2));
            let seconds = day.since(date(1970, 1, 1))?.get_days() as u64 * 86_400 + 8 * 3600;
            let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            File::options().write(true).open(&file)?.set_modified(modified)?;
        }
        Ok(())
    }

    /// The truth: a line about the week, and one for each item.
    pub fn truth(&self) -> Result<String> {
        let folders: Vec<&String> = self.folders.iter().collect();
        let head = serde_json::json!({"week": self.week, "as_of": monday(self.week).to_string(), "folders": folders});
        let mut lines = vec![head.to_string()];
        for (path, body) in &self.files {
            lines.push(truth_line(path.clone(), body, Some(format!("{:04o}", body.mode)))?);
            for (name, entry) in &body.entries {
                lines.push(truth_line(format!("{path}!/{name}"), entry, None)?);
            }
        }
        Ok(lines.join("\n") + "\n")
    }
}

fn truth_line(path: String, body: &Body, mode: Option<String>) -> Result<String> {
    let (outcome, reason) =
        body.unread.map_or(("scanned", None), |(outcome, reason)| (outcome, Some(reason)));
    let mut fingerprints: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (kind, value) in &body.values {
        let category = body::category_of(kind).ok_or("a kind without a category")?;
        fingerprints.entry(category).or_default().push(fingerprint(KEY, kind, value)?);
    }
    let truth = Truth {
        path,
        format: body.format,
        bytes: body.bytes.len() as u64,
        mode,
        modified: body.modified.map(|day| day.to_string()),
        outcome,
        reason,
        hash: (reason != Some("encrypted")).then(|| hash(&body.bytes)),
        rows: body.rows,
        holds: &body.holds,
        tests: &body.tests,
        dates: &body.dates,
        keys: &body.keys,
        residue: body.residue,
        label: body.label,
        fingerprints,
    };
    Ok(serde_json::to_string(&truth)?)
}

/// SHA-256, hex.
pub fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The fingerprint of a value: HMAC-SHA-256 over kind, a zero byte and the compared form, the first 16 bytes.
pub fn fingerprint(key: &str, kind: &str, value: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())?;
    mac.update(kind.as_bytes());
    mac.update(&[0]);
    mac.update(value.as_bytes());
    Ok(hex(&mac.finalize().into_bytes()[..16]))
}

/// The id of a key.
pub fn key_id(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes())[..8])
}

/// Removes what the week does not have; an empty folder stays only if it is declared.
fn prune(dir: &Path, path: &str, company: &Company) -> Result<()> {
    let full = dir.join(path);
    if !full.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&full)? {
        let entry = entry?;
        let inner = format!("{path}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            prune(dir, &inner, company)?;
        } else if !company.files.contains_key(&inner) {
            fs::remove_file(entry.path())?;
        }
    }
    if !company.folders.contains(path) && fs::read_dir(&full)?.next().is_none() {
        fs::remove_dir(&full)?;
    }
    Ok(())
}

#[cfg(unix)]
fn set_mode(file: &Path, mode: u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(file, Permissions::from_mode(mode))?)
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> Result<()> {
    Ok(())
}
