//! `policy init`: scans a folder and drafts a policy for what is found.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;

use super::super::End;
use crate::detect::Detectors;
use crate::govern::draft::{self, Extent, Found, FoundSystem};
use crate::model::{
    Body, CellBatch, ContentVisitor, FieldId, Flow, Gap, ItemMeta, ItemRecord, Likelihood, Outcome, Stop,
    TextWindow,
};
use crate::read::{self, Budget, Buffers, Limits, Reach, ReadContext};
use crate::report::printable;
use crate::scan::{self, ScanPlan};
use crate::source::files::{self, Selection, Target};
use crate::source::open_regular;

/// Items of one system whose field names are looked at.
const HEADERS: u32 = 500;

/// Formats whose fields have names.
const TABLES: [&str; 6] = ["csv", "tsv", "json", "jsonl", "parquet", "arrow"];

/// Folders that hold no records as a rule.
const PASSING: [(&str, &str); 7] = [
    (".git", "**/.git/**"),
    ("node_modules", "**/node_modules/**"),
    (".cache", "**/.cache/**"),
    ("cache", "**/cache/**"),
    ("__pycache__", "**/__pycache__/**"),
    (".venv", "**/.venv/**"),
    (".idea", "**/.idea/**"),
];

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Folder to look at; the working directory if none is given
    #[arg(value_name = "TARGET", default_value = ".")]
    pub target: PathBuf,
    /// The policy to write, or - for standard output; it has to lie in TARGET or above it
    ///
    /// Example: privascan policy init shares/ -o privascan.toml
    #[arg(short = 'o', long = "output", value_name = "FILE", default_value = super::DEFAULT)]
    pub output: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &InitArgs) -> Result<End> {
    let to_stdout = args.output.as_os_str() == "-";
    let shown = args.output.display();
    if !to_stdout && args.output.symlink_metadata().is_ok() {
        bail!("{shown} is there already; take it away, or name another file with -o");
    }
    files::check_targets(&[Target::Path(args.target.clone())])?;
    let target =
        args.target.canonicalize().with_context(|| format!("cannot read {}", args.target.display()))?;
    let folder = match args.output.parent().filter(|p| !p.as_os_str().is_empty() && !to_stdout) {
        Some(folder) => folder.canonicalize().with_context(|| format!("cannot write {shown}"))?,
        None => Path::new(".").canonicalize().context("cannot read the working directory")?,
    };
    let Ok(below) = target.strip_prefix(&folder) else {
        bail!(
            "a policy speaks of what lies below its folder: write it into {} or above, with -o",
            args.target.display()
        );
    };
    let text = draft_of(&target, below, &args.output)?;
    if to_stdout {
        io::stdout().write_all(text.as_bytes())?;
        return Ok(End::Fine);
    }
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .open(&args.output)
        .with_context(|| format!("cannot write {shown}"))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
    let shown = printable(&shown.to_string()).into_owned();
    writeln!(
        io::stdout(),
        "{shown} is written; `privascan policy check {shown}` lists what is left to decide"
    )?;
    Ok(End::Fine)
}

/// Scans `target`, which lies at `below` seen from the policy's folder.
fn draft_of(target: &Path, below: &Path, output: &Path) -> Result<String> {
    let mut plan = ScanPlan::builtin()?;
    plan.targets = vec![Target::Path(target.to_path_buf())];
    plan.selection = Selection::new(&[], &[], &[], false, &[output.to_path_buf()])?;
    plan.threads = std::thread::available_parallelism().map_or(1, usize::from);
    plan.occurrences = 0;
    let name = below.file_name().or(target.file_name()).map(|n| n.to_string_lossy().into_owned());
    let mut survey = Survey {
        plan: &plan,
        target,
        below: roots_path(below)?,
        found: Found { policy: name.unwrap_or_default(), ..Found::default() },
        folders: BTreeMap::new(),
        looked_at: BTreeMap::new(),
    };
    // In the order of their paths, whatever the threads did.
    let mut records = Vec::new();
    scan::run(
        &plan,
        &mut |record| {
            records.push(record);
            Ok(())
        },
        &mut |_| {},
    )?;
    records.sort_by(|a, b| a.item.path.joined().cmp(b.item.path.joined()));
    records.iter().for_each(|record| survey.add(record));
    Ok(draft::draft(&survey.found, &plan.taxonomy))
}

/// A path as policies write it.
fn roots_path(below: &Path) -> Result<String> {
    let parts: Option<Vec<&str>> = below
        .components()
        .map(|c| match c {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    parts.map(|p| p.join("/")).ok_or_else(|| anyhow!("{}: its name is no text", below.display()))
}

/// What has been seen so far.
struct Survey<'p> {
    plan: &'p ScanPlan,
    target: &'p Path,
    below: String,
    found: Found,
    /// System by top-level folder, `""` for the target itself; `None` for one that cannot be named.
    folders: BTreeMap<Vec<u8>, Option<usize>>,
    looked_at: BTreeMap<usize, u32>,
}

impl Survey<'_> {
    fn add(&mut self, record: &ItemRecord) {
        if matches!(record.outcome, Outcome::Skipped(_)) {
            return;
        }
        if matches!(record.outcome, Outcome::Partial(_) | Outcome::Failed(_)) {
            self.found.unread += 1;
        }
        let path = record.item.path.joined();
        let prefix = self.target.as_os_str().as_encoded_bytes();
        let rest = path.strip_prefix(prefix).unwrap_or(path);
        let rest = rest.strip_prefix(b"/").unwrap_or(rest);
        let outer = rest.windows(2).position(|w| w == b"!/").map_or(rest, |at| &rest[..at]);
        let top = outer.iter().position(|b| *b == b'/').map_or(&[][..], |at| &outer[..at]);
        for (folder, glob) in PASSING {
            if outer.split(|b| *b == b'/').rev().skip(1).any(|part| part == folder.as_bytes()) {
                *self.found.passing.entry(glob).or_default() += 1;
            }
        }
        let Some(system) = self.system(top) else {
            self.found.unnamed.1 += 1;
            return;
        };
        if matches!(record.outcome, Outcome::Failed(_)) {
            return;
        }
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for finding in record.findings.iter().filter(|f| {
            f.likelihood >= Likelihood::Likely && !f.flags.iter().any(|flag| flag == "likely_test")
        }) {
            *counted.entry(finding.category.clone()).or_default() += finding.count;
        }
        self.found.add(system, &counted);
        let format = record.format.as_deref().unwrap_or_default();
        let looked_at = self.looked_at.entry(system).or_default();
        if record.item.path.depth() == 0 && TABLES.contains(&format) && *looked_at < HEADERS {
            *looked_at += 1;
            for field in date_fields(path, self.plan) {
                *self.found.systems[system].dates.entry(field).or_default() += 1;
            }
        }
    }

    /// The system of a top-level folder.
    fn system(&mut self, top: &[u8]) -> Option<usize> {
        if let Some(known) = self.folders.get(top) {
            return *known;
        }
        let name = std::str::from_utf8(top).ok().filter(|n| is_plain(n, &self.plan.detectors));
        let system = name.map(|name| {
            let (root, extent) = match (self.below.is_empty(), name.is_empty()) {
                (true, true) => (".".to_owned(), Extent::Shallow),
                (false, true) if self.target.is_file() => (self.below.clone(), Extent::File),
                (false, true) => (self.below.clone(), Extent::Shallow),
                (true, false) => (name.to_owned(), Extent::Whole),
                (false, false) => (format!("{}/{name}", self.below), Extent::Whole),
            };
            self.found.systems.push(FoundSystem { root, extent, ..FoundSystem::default() });
            self.found.systems.len() - 1
        });
        self.found.unnamed.0 += u64::from(system.is_none());
        self.folders.insert(top.to_vec(), system);
        system
    }
}

/// Whether nothing personal is found in a name, and nothing that plays tricks.
fn is_plain(name: &str, detectors: &Detectors) -> bool {
    let mut plain = !name.chars().any(char::is_control) && printable(name) == name;
    detectors.search_whole(&mut detectors.scratch(), name.as_bytes(), &mut |m| {
        plain &= Likelihood::of(m.score) < Likelihood::Possible;
    });
    plain
}

/// Names of an item's fields that look like dates of records.
fn date_fields(path: &[u8], plan: &ScanPlan) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(path) else { return Vec::new() };
    // What cannot be opened now was told by the scan.
    let Ok(Some((file, meta))) = open_regular(Path::new(text)) else { return Vec::new() };
    let limits = Limits { sample_rows: Some(1), item_bytes: 64 << 20, ..Limits::default() };
    let interrupted = AtomicBool::new(false);
    let budget = Budget::new(&limits, &interrupted);
    let (buffers, mut buffer) = (Buffers::default(), Vec::new());
    let around = plan.detectors.reach();
    let reach = Reach { behind: around.behind, ahead: around.ahead };
    let cx = ReadContext { budget: &budget, reach, depth: 0, buffers: &buffers };
    let mut names = FieldNames::default();
    // It stops itself at the first row; the names are what counts.
    let _ = read::read(&cx, path, Body::file(&file, meta.len(), &mut buffer), &mut names);
    let mut fields: Vec<String> = names
        .0
        .iter()
        .filter_map(|name| std::str::from_utf8(name).ok())
        // Whole first: a piece of an address looks like no address.
        .filter(|name| is_plain(name, &plan.detectors))
        .map(|name| name.rsplit(['.', '/']).next().unwrap_or(name).trim())
        .filter(|name| is_date_name(name) && is_plain(name, &plan.detectors))
        .map(str::to_owned)
        .collect();
    fields.sort();
    fields.dedup();
    fields
}

/// Words that end like a date and are none.
const OTHER_WORDS: [&str; 6] = ["update", "candidate", "mandate", "validate", "consolidate", "liquidate"];

/// Whether a field's name speaks of the date of a record, and not of a birth.
fn is_date_name(name: &str) -> bool {
    let usual = |c: char| c.is_alphanumeric() || "_- ".contains(c);
    if name.is_empty() || name.len() > 40 || !name.chars().all(usual) {
        return false;
    }
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|w| !w.is_empty());
    let has = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    if has(&["birth", "birthday", "born", "dob", "geburt", "geburtsdatum", "naissance", "nacimiento"]) {
        return false;
    }
    let last = words.last().map_or("", String::as_str);
    has(&["date", "datum", "fecha", "data", "timestamp", "datetime"])
        && !has(&["base", "set", "type", "size"])
        || words.len() > 1 && ["on", "at", "since"].contains(&last)
        || words.iter().any(|w| {
            w.len() > 4
                && (w.ends_with("date") || w.ends_with("datum"))
                && !OTHER_WORDS.iter().any(|o| w.ends_with(o))
        })
}

/// Notes the names of fields, and reads no further than it has to.
#[derive(Default)]
struct FieldNames(Vec<Vec<u8>>);

impl ContentVisitor for FieldNames {
    fn format(&mut self, _: &str) {}

    fn text(&mut self, _: &TextWindow<'_>) -> Flow {
        ControlFlow::Break(Stop::Interrupted)
    }

    fn field(&mut self, name: &[u8], _: u32) -> FieldId {
        self.0.push(name.to_vec());
        FieldId(self.0.len() as u32 - 1)
    }

    fn cells(&mut self, _: &CellBatch<'_>) -> Flow {
        ControlFlow::Break(Stop::Interrupted)
    }

    fn entry(&mut self, _: &[u8], _: ItemMeta, _: Body<'_>) -> Flow {
        ControlFlow::Break(Stop::Interrupted)
    }

    fn failed_entry(&mut self, _: &[u8], _: ItemMeta, _: Gap) -> Flow {
        ControlFlow::Break(Stop::Interrupted)
    }

    fn comment(&mut self, _: &[u8]) {}

    fn gap(&mut self, _: Gap) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_records_are_told_by_their_names_and_birthdays_are_none() {
        for name in [
            "date",
            "pay_date",
            "closed_on",
            "createdAt",
            "Order Date",
            "invoice-datum",
            "orderdate",
            "LastModifiedDate",
        ] {
            assert!(is_date_name(name), "{name}");
        }
        for name in [
            "date_of_birth",
            "dob",
            "birthDate",
            "on",
            "at",
            "update",
            "updates",
            "name",
            "database",
            "data_type",
            "",
            "a=date",
            "candidate",
        ] {
            assert!(!is_date_name(name), "{name}");
        }
    }
}
