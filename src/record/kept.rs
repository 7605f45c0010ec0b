//! A kept run, loaded: as much as an assessment, a report or a comparison needs, without the data.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::RecordError;
use super::manifest::Manifest;
use super::read::{Record, Run};
use super::tables::Items;
use crate::govern::registers::{DisclosureEntry, DisposalEntry, ErasureRequest, Registers};
use crate::model::ItemRecord;

/// What to load besides manifest, items, findings and dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Nothing.
    Findings,
    /// Occurrences too.
    Occurrences,
}

/// A kept run.
#[derive(Debug)]
pub struct Kept {
    /// Everything that is no row.
    pub manifest: Manifest,
    /// Its items, in the order in which they were written. Paths are those that may be printed.
    pub items: Vec<ItemRecord>,
}

/// Registers as a run keeps them. Events are not kept: their keys are content, and what they gave is in the dates.
#[derive(Clone, Debug, Default)]
pub struct KeptRegisters {
    /// Name of the file in the run's folder and its text.
    pub files: Vec<(&'static str, String)>,
}

const DISPOSAL: &str = "registers/disposal.jsonl";
const DISCLOSURES: &str = "registers/disclosures.jsonl";
const ERASURE: &str = "registers/erasure.jsonl";

#[derive(Deserialize, Serialize)]
struct Disclosure {
    recipient: String,
    class: String,
    from: Date,
    to: Option<Date>,
}

impl KeptRegisters {
    /// The entries of registers as JSON lines; a register that is not there has no file.
    pub fn of(registers: &Registers) -> serde_json::Result<Self> {
        let mut files = Vec::new();
        if let Some(entries) = &registers.disposal {
            files.push((DISPOSAL, lines(entries)?));
        }
        if let Some(entries) = &registers.disclosures {
            let disclosure = |d: &DisclosureEntry| Disclosure {
                recipient: d.recipient.clone(),
                class: d.class.clone(),
                from: d.from,
                to: d.to,
            };
            files.push((DISCLOSURES, lines(&entries.iter().map(disclosure).collect::<Vec<_>>())?));
        }
        if let Some(requests) = &registers.erasure {
            files.push((ERASURE, lines(requests)?));
        }
        Ok(Self { files })
    }

    /// Where the entries of a register are kept; `None` for events.
    pub fn file_of(register: &str) -> Option<&'static str> {
        match register {
            "disposal" => Some(DISPOSAL),
            "disclosures" => Some(DISCLOSURES),
            "erasure" => Some(ERASURE),
            _ => None,
        }
    }
}

fn lines<T: Serialize>(entries: &[T]) -> serde_json::Result<String> {
    entries.iter().map(|e| serde_json::to_string(e).map(|line| line + "\n")).collect()
}

impl Record {
    /// Loads a kept run.
    pub fn load(&self, run: &Run, want: Want) -> Result<Kept, RecordError> {
        let manifest = self.manifest(run)?;
        let items = self.items(run, &manifest, want)?;
        Ok(Kept { manifest, items })
    }

    /// Items of a run whose manifest is at hand.
    pub fn items(&self, run: &Run, manifest: &Manifest, want: Want) -> Result<Vec<ItemRecord>, RecordError> {
        let table = |name: &str, take: &mut dyn FnMut(Vec<u8>) -> Result<(), String>| {
            let bytes = self.file(run, manifest, name)?;
            take(bytes).map_err(|what| RecordError::malformed(&self.folder(run).join(name), what))
        };
        let mut items = None;
        table("items.parquet", &mut |bytes| Items::read(bytes).map(|read| items = Some(read)))?;
        let Some(mut items) = items else { return Ok(Vec::new()) };
        table("findings.parquet", &mut |bytes| items.findings(bytes))?;
        table("dates.parquet", &mut |bytes| items.dates(bytes))?;
        if want == Want::Occurrences {
            table("occurrences.parquet", &mut |bytes| items.occurrences(bytes))?;
        }
        Ok(items.records)
    }

    /// The registers of a run, as far as they are kept.
    pub fn registers(&self, run: &Run, manifest: &Manifest) -> Result<Registers, RecordError> {
        let mut registers = Registers::default();
        for copy in manifest.registers.iter().filter(|r| r.sha256.is_some()) {
            let Some(name) = KeptRegisters::file_of(&copy.register) else { continue };
            let bytes = self.file(run, manifest, name)?;
            let refuse = |what: String| RecordError::malformed(&self.folder(run).join(name), what);
            match name {
                DISPOSAL => registers.disposal = Some(entries::<DisposalEntry>(&bytes).map_err(refuse)?),
                ERASURE => registers.erasure = Some(entries::<ErasureRequest>(&bytes).map_err(refuse)?),
                _ => {
                    let all = entries::<Disclosure>(&bytes).map_err(refuse)?.into_iter();
                    let entry = |d: Disclosure| DisclosureEntry {
                        recipient: d.recipient,
                        class: d.class,
                        from: d.from,
                        to: d.to,
                    };
                    registers.disclosures = Some(all.map(entry).collect());
                }
            }
        }
        Ok(registers)
    }
}

fn entries<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, String> {
    let lines = bytes.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    (1u64..)
        .zip(lines)
        .map(|(n, line)| {
            serde_json::from_slice(line).map_err(|e| format!("line {n}: {}", super::log::kind(&e)))
        })
        .collect()
}
