//! What is gathered about an item while it is scanned, for questions of retention, disposal and labels.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use jiff::civil::Date;
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::literals::Literals;
use super::locating::{Locating, Sighting};
use crate::classify::dates::parse_day;
use crate::classify::labels::{is_label_key, label_of_text, label_of_value};
use crate::classify::{DatePlan, Dates, Protector};
use crate::model::{
    Body, CellBatch, DateField, DateSource, Evidence, FieldId, Finding, Place, TextWindow, hex,
    is_field_named,
};
use crate::read::{Budget, Buffers};

/// Bytes that are hashed at a time.
const CHUNK: usize = 256 << 10;

/// Category of birth dates.
const BIRTH: &str = "person.dob";

/// What is gathered of each item. Nothing of it is on by itself but dates.
#[derive(Clone, Debug, Default)]
pub struct EvidencePlan {
    /// SHA-256 of each item's bytes.
    pub content_hashes: bool,
    /// Which dates, and how they are read.
    pub dates: DatePlan,
    /// Names of labels to look for, in any case.
    pub labels: Vec<String>,
    /// Fingerprints whose matches are counted, of the key of this run.
    pub watched: HashSet<[u8; 16]>,
    /// Times of last access, as they were before the scan.
    pub accessed: bool,
    /// Values that are looked for as such, and hidden in names.
    pub literals: Option<Arc<Literals>>,
}

impl EvidencePlan {
    /// Hash over everything that decides what is gathered: runs with the same one gather the same of the same bytes.
    pub fn digest(&self) -> String {
        let dates = &self.dates;
        let mut events: Vec<_> = dates.events.iter().collect();
        events.sort_by(|a, b| (&a.name, &a.key).cmp(&(&b.name, &b.key)));
        let events: Vec<_> = events
            .into_iter()
            .map(|e| (&e.name, &e.key, e.rows.iter().collect::<BTreeMap<&Vec<u8>, &Date>>()))
            .collect();
        let watched: std::collections::BTreeSet<_> = self.watched.iter().collect();
        let all = format!(
            "{:?}",
            (self.content_hashes, &dates.fields, events, &dates.zone, dates.order, &self.labels, watched)
        );
        hex(&Sha256::digest(all))
    }
}

/// What has been gathered of one item.
pub(super) struct Gathering<'p> {
    plan: &'p EvidencePlan,
    dates: Dates,
    label: Option<String>,
    /// Fields whose value may be the item's label: how many values they have, and the label in the first.
    label_fields: BTreeMap<FieldId, (u64, Option<String>)>,
    watched: FxHashMap<[u8; 16], u64>,
    content_hash: Option<String>,
    created: Option<Date>,
    modified: Option<Date>,
    locating: Option<Box<Locating<'p>>>,
}

impl<'p> Gathering<'p> {
    pub fn new(plan: &'p EvidencePlan) -> Self {
        Self {
            plan,
            dates: Dates::default(),
            label: None,
            label_fields: BTreeMap::new(),
            watched: FxHashMap::default(),
            content_hash: None,
            created: None,
            modified: None,
            locating: plan.literals.as_deref().map(|literals| Box::new(Locating::new(literals))),
        }
    }

    /// Whether the item's bytes are to be hashed.
    pub fn hashes(&self) -> bool {
        self.plan.content_hashes
    }

    pub fn hashed(&mut self, hash: Option<String>) {
        self.content_hash = hash;
    }

    /// A field is declared; ids count from 0.
    pub fn field(&mut self, id: FieldId, name: &[u8], shown: &str, index: u32) {
        self.dates.field(&self.plan.dates, name, shown, index);
        if let Some(locating) = &mut self.locating {
            locating.field(name, shown);
        }
        if !self.plan.labels.is_empty() {
            let name = String::from_utf8_lossy(name);
            if !name.contains("[]") && is_label_key(&name) {
                self.label_fields.insert(id, (0, None));
            }
        }
    }

    pub fn cells(&mut self, batch: &CellBatch<'_>) {
        if let Some(locating) = &mut self.locating {
            locating.cells(batch);
        }
        let value = |start: u32, end: u32| &batch.text[start as usize..end as usize];
        for cell in batch.cells {
            self.dates.value(
                &self.plan.dates,
                cell.field,
                value(cell.start, cell.end),
                u64::from(cell.times),
            );
        }
        if self.label_fields.is_empty() {
            return;
        }
        for cell in batch.cells {
            let Some((values, label)) = self.label_fields.get_mut(&cell.field) else { continue };
            if *values == 0 {
                let value = String::from_utf8_lossy(value(cell.start, cell.end));
                *label = label_of_value(&value, &self.plan.labels);
            }
            *values += u64::from(cell.times);
        }
    }

    pub fn text(&mut self, window: &TextWindow<'_>) {
        if let Some(locating) = &mut self.locating {
            locating.text(window);
        }
        if window.offset == 0 && window.owned.start == 0 && window.located {
            self.lines(window.bytes);
        }
    }

    /// The item's own name, or a comment in it.
    pub fn aside(&mut self, text: &[u8], place: Place) {
        if place == Place::Comment {
            self.lines(text);
        }
        if let Some(locating) = &mut self.locating {
            locating.aside(text, place);
        }
    }

    /// Lines that may hold the item's label: the first of a text, or a comment.
    fn lines(&mut self, text: &[u8]) {
        if self.label.is_none() && !self.plan.labels.is_empty() {
            self.label = label_of_text(text, &self.plan.labels);
        }
    }

    /// What the document says of itself.
    pub fn property(&mut self, name: &[u8], value: &[u8]) {
        const CREATED: [&str; 5] = ["created", "createdat", "creationdate", "creationtime", "datecreated"];
        const MODIFIED: [&str; 8] = [
            "modified",
            "modifiedat",
            "moddate",
            "modificationdate",
            "datemodified",
            "lastmodified",
            "updated",
            "updatedat",
        ];
        let name = String::from_utf8_lossy(name);
        if self.label.is_none() && !self.plan.labels.is_empty() && is_label_key(&name) {
            self.label = label_of_value(&String::from_utf8_lossy(value), &self.plan.labels);
        }
        let last = name
            .rsplit([':', '/', '.'])
            .next()
            .unwrap_or_default()
            .to_lowercase()
            .replace(['_', '-', ' '], "");
        let place = match &*last {
            word if CREATED.contains(&word) => &mut self.created,
            word if MODIFIED.contains(&word) => &mut self.modified,
            _ => return,
        };
        *place = place.or_else(|| parse_day(value, &self.plan.dates.zone));
    }

    /// A match that counts.
    pub fn matched(&mut self, protector: &Protector, seen: &Sighting<'_>) {
        if !self.plan.watched.is_empty() {
            let fingerprint = protector.fingerprint_bytes(seen.info_type, seen.normalized);
            if self.plan.watched.contains(&fingerprint) {
                *self.watched.entry(fingerprint).or_default() += seen.times;
            }
        }
        if let Some(locating) = &mut self.locating {
            locating.seen(seen);
        }
    }

    /// What is kept. `rows` are those of the item's table; `format` says whether values may be about all of them.
    pub fn finish(self, rows: Option<u64>, format: Option<&str>, findings: &[Finding]) -> Evidence {
        let rows = rows.unwrap_or(0);
        // What stands once in a document is about it; what stands in each record is not.
        let document = matches!(format, Some("json" | "jsonl"));
        let said_once = self.label_fields.into_values().filter(|(values, _)| document && *values == 1);
        let label = self.label.or_else(|| said_once.filter_map(|(_, label)| label).next());
        let said = |source, date: Option<Date>| {
            date.map(|date| DateField {
                field: String::new(),
                field_index: None,
                source,
                days: [(date, 1)].into(),
                empty: 0,
                unparsed: 0,
                ambiguous: 0,
            })
        };
        let mut dates = self.dates.finish(&self.plan.dates, rows);
        dates.retain(|date| is_kept(date, findings, &self.plan.dates.fields));
        dates.extend(said(DateSource::DocumentCreated, self.created));
        dates.extend(said(DateSource::DocumentModified, self.modified));
        let mut watched: Vec<(String, u64)> = self.watched.iter().map(|(f, n)| (hex(f), *n)).collect();
        watched.sort();
        let located = self.locating.map_or_else(Vec::new, |locating| locating.finish());
        Evidence { content_hash: self.content_hash, label, dates, watched, located, ..Evidence::default() }
    }
}

/// A birth date is a value that was found: the days of its field are kept only where the policy counts from them.
fn is_kept(date: &DateField, findings: &[Finding], wanted: &[String]) -> bool {
    let is_birth = |f: &Finding| f.category == BIRTH && f.field_index == date.field_index;
    let is_wanted = || wanted.iter().any(|name| is_field_named(&date.field, name));
    date.source != DateSource::Values || !findings.iter().any(is_birth) || is_wanted()
}

/// A stream that is hashed while it is read.
pub(super) struct Hashing<'a> {
    inner: Body<'a>,
    hasher: Sha256,
    ended: bool,
}

impl<'a> Hashing<'a> {
    pub fn new(inner: Body<'a>) -> Self {
        Self { inner, hasher: Sha256::new(), ended: false }
    }

    /// The hash of the whole, what is left of it being read now; `None` if it cannot be read to its end.
    pub fn finish(mut self, buffers: &Buffers, budget: &Budget<'_>) -> Option<String> {
        let mut chunk = chunk(buffers);
        while !self.ended {
            match self.read(&mut chunk) {
                Ok(_) if budget.stop().is_none() => {}
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                _ => break,
            }
        }
        buffers.give_used(chunk);
        self.ended.then(|| hex(&self.hasher.finalize()))
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.hasher.update(&buf[..n]);
        self.ended |= n == 0 && !buf.is_empty();
        Ok(n)
    }
}

/// SHA-256 of an open file of this size, read anew from its start; `None` if there is less or more of it, or if time is over.
pub(super) fn hash_file(
    mut file: &File,
    size: u64,
    buffers: &Buffers,
    budget: &Budget<'_>,
) -> Option<String> {
    let mut chunk = chunk(buffers);
    let mut hasher = Sha256::new();
    let mut hashed = 0;
    let whole = file.seek(SeekFrom::Start(0)).is_ok()
        && loop {
            match file.read(&mut chunk) {
                // Files of the kernel state no size.
                Ok(0) => break hashed == size || size == 0,
                Ok(_) if budget.stop().is_some() => break false,
                Ok(n) => {
                    hashed += n as u64;
                    hasher.update(&chunk[..n]);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break false,
            }
        };
    buffers.give_used(chunk);
    whole.then(|| hex(&hasher.finalize()))
}

fn chunk(buffers: &Buffers) -> Vec<u8> {
    let mut chunk = buffers.take_used();
    if chunk.len() < CHUNK {
        chunk.resize(CHUNK, 0);
    }
    chunk
}
