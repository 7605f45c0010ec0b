//! One run's folder: its manifest against the log, its files against the manifest.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::tz::TimeZone;

use super::{Finds, RunCheck};
use crate::model::hex;
use crate::record::append::hash_file;
use crate::record::kept::KeptRegisters;
use crate::record::log::{self, Event};
use crate::record::manifest::{KeptFile, MANIFEST_VERSION, Manifest};
use crate::record::read::{MAX_MANIFEST_BYTES, Record, Run, is_regular, read_bounded};
use crate::report::printable;

/// Entries of a folder that are looked at before it is called something else.
const MAX_ENTRIES: usize = 10_000;

/// What every run keeps.
const ALWAYS: [&str; 10] = [
    "items.parquet",
    "findings.parquet",
    "occurrences.parquet",
    "dates.parquet",
    "control_results.parquet",
    "deviations.parquet",
    "criteria.parquet",
    "runs.parquet",
    "patterns/detectors.toml",
    "patterns/taxonomy.toml",
];

/// The manifest of a run, if it can be read. `hashes`: the files are read too.
pub(super) fn manifest(
    record: &Record,
    run: &Run,
    hashes: bool,
    check: &mut RunCheck,
    finds: &mut Finds<'_>,
) -> Option<Manifest> {
    let folder = record.folder(run);
    match folder.symlink_metadata() {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => {
            finds.add("folder", "is no folder");
            return None;
        }
        Err(_) => {
            finds.add("folder", "is missing, and the log says that the run was kept");
            return None;
        }
    }
    const NAME: &str = "manifest.json";
    let path = folder.join(NAME);
    let bytes = match is_regular(&path).and_then(|()| small(&path)) {
        Ok(bytes) => bytes,
        Err(what) => {
            finds.add(NAME, what);
            return None;
        }
    };
    check.files += 1;
    let hash = hex(&<sha2::Sha256 as sha2::Digest>::digest(&bytes));
    if run.manifest.as_ref().is_some_and(|m| *m != hash) {
        finds.add(NAME, format!("has the SHA-256 {hash}, and the log states another"));
    }
    let manifest: Manifest = match serde_json::from_slice(&bytes) {
        Ok(manifest) => manifest,
        Err(e) => {
            finds.add(NAME, format!("line {}: {}", e.line(), log::kind(&e)));
            return None;
        }
    };
    if manifest.manifest_version > MANIFEST_VERSION {
        let version = manifest.manifest_version;
        check
            .notes
            .push(format!("manifest version {version} is later than this build; read as far as it is known"));
    }
    identity(record, run, &manifest, finds);
    listed(&manifest, finds);
    for file in manifest.files.iter().filter(|f| is_name(&f.name)) {
        let path = folder.join(&file.name);
        let size =
            is_regular(&path).and_then(|()| path.metadata().map(|m| m.len()).map_err(|e| e.to_string()));
        match size {
            Err(what) => finds.add(&file.name, what),
            Ok(size) if size != file.bytes => {
                finds.add(&file.name, format!("has {size} bytes, and the manifest states {}", file.bytes));
            }
            Ok(_) if hashes => match hash_file(&path) {
                Ok((sha256, _)) if sha256 == file.sha256 => check.files += 1,
                Ok((sha256, _)) => {
                    finds.add(
                        &file.name,
                        format!("has the SHA-256 {sha256}, and the manifest states another"),
                    );
                }
                Err(e) => finds.add(&file.name, format!("cannot be read: {e}")),
            },
            Ok(_) => {}
        }
    }
    extra(&folder, &manifest.files, finds);
    Some(manifest)
}

fn small(path: &Path) -> Result<Vec<u8>, String> {
    let size = path.metadata().map_err(|e| format!("cannot be read: {e}"))?.len();
    if size > MAX_MANIFEST_BYTES {
        return Err(format!("has {size} bytes; no manifest is larger than {} MiB", MAX_MANIFEST_BYTES >> 20));
    }
    read_bounded(path, MAX_MANIFEST_BYTES).map_err(|e| e.to_string())
}

/// What the manifest says of the run that the log says too.
fn identity(record: &Record, run: &Run, manifest: &Manifest, finds: &mut Finds<'_>) {
    let (identity, configuration) = (&manifest.identity, &manifest.configuration);
    let mut same = |what: &str, holds: bool| {
        if !holds {
            finds.add("manifest.json", format!("says another {what} than the log"));
        }
    };
    let line = |number: u64| record.lines().iter().find(|l| l.seq == number);
    let (start, end) = (line(run.start_line), run.end_line.and_then(line));
    same("identity.run", identity.run == run.name);
    same("identity.sequence", identity.sequence == run.sequence);
    same("identity.as_of", identity.as_of == run.as_of);
    same("identity.started_at", identity.started_at == run.started_at);
    same("identity.finished_at", Some(identity.finished_at) == run.ended_at);
    same("identity.previous_head", start.is_none_or(|l| l.previous == identity.previous_head));
    same(
        "identity.interrupted",
        end.is_none_or(|l| match l.event {
            Event::End { interrupted, .. } => interrupted == identity.interrupted,
            _ => true,
        }),
    );
    same("tool.version", manifest.tool.version == run.tool_version);
    same("configuration.detectors_digest", configuration.detectors_digest == run.detectors_digest);
    same(
        "configuration.policy",
        configuration.policy.as_ref().map(|p| &p.sha256) == run.policy_digest.as_ref(),
    );
    let previous = record.previous(run.sequence).map(|r| r.name.as_str());
    // A run that found the one before it damaged has none.
    same(
        "identity.previous_run",
        identity.previous_run.is_none() || identity.previous_run.as_deref() == previous,
    );
    let day = TimeZone::UTC.to_datetime(run.started_at).strftime("%Y-%m-%dT%H-%M-%SZ").to_string();
    same("name", run.name == format!("{:06}-{day}", run.sequence));
}

/// The list of files: what has to be in it, and that each is named once and lies in the folder.
fn listed(manifest: &Manifest, finds: &mut Finds<'_>) {
    let mut names = BTreeSet::new();
    for file in &manifest.files {
        if !is_name(&file.name) {
            finds.add("manifest.json", "lists a file outside of the folder");
        } else if !names.insert(file.name.as_str()) {
            finds.add("manifest.json", format!("lists {} twice", file.name));
        }
    }
    let policy = manifest.configuration.policy.as_ref();
    let read = manifest.registers.iter().filter(|r| r.sha256.is_some());
    let registers = read.filter_map(|r| KeptRegisters::file_of(&r.register));
    for name in ALWAYS.into_iter().chain(policy.map(|_| "policy.toml")).chain(registers) {
        if !names.contains(name) {
            finds.add("manifest.json", format!("does not list {name}"));
        }
    }
    let copy = manifest.files.iter().find(|f| f.name == "policy.toml");
    if copy.map(|f| &f.sha256) != policy.map(|p| &p.sha256) && copy.is_some() {
        finds.add("policy.toml", "is not the policy that the run was made with");
    }
}

/// A path below the folder, `/` between components.
fn is_name(name: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    name.len() < 256 && !name.contains(['\\', ':', '\0']) && name.split('/').all(plain)
}

/// What lies in the folder and is not listed.
fn extra(folder: &Path, files: &[KeptFile], finds: &mut Finds<'_>) {
    let mut known: BTreeSet<&str> = files.iter().map(|f| f.name.as_str()).collect();
    known.insert("manifest.json");
    for (n, entry) in walkdir::WalkDir::new(folder).min_depth(1).sort_by_file_name().into_iter().enumerate() {
        let Ok(entry) = entry else {
            finds.add("folder", "cannot be listed whole");
            continue;
        };
        if n == MAX_ENTRIES {
            finds.add("folder", format!("holds more than {MAX_ENTRIES} entries"));
            return;
        }
        let name = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let name = name.to_string_lossy().replace('\\', "/");
        let holds_known =
            || known.iter().any(|k| k.strip_prefix(name.as_str()).is_some_and(|r| r.starts_with('/')));
        let expected = match entry.file_type().is_dir() {
            true => holds_known(),
            false => known.contains(name.as_str()),
        };
        if !expected {
            finds.add(printable(&name), "is not among the files of the manifest");
        }
    }
}
