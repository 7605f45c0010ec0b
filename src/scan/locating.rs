//! Where in one item the values that are looked for stand.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::lines::LineCursor;
use super::literals::Literals;
use crate::detect::definition::Normalize;
use crate::model::{CellBatch, Located, LocatedAt, Place, TextWindow};

/// Places that are kept of each value in an item.
const PLACES: usize = 10;

/// A match of a detector, as far as it may be one of the values.
pub(super) struct Sighting<'a> {
    pub info_type: &'a str,
    pub how: Normalize,
    pub normalized: &'a [u8],
    /// In the window, batch or name that is being searched.
    pub span: Range<usize>,
    pub place: Place,
    /// Index of its cell in the batch, where it is in one.
    pub cell: Option<u32>,
    pub times: u64,
}

/// What has been found of the values in one item.
pub(super) struct Locating<'p> {
    literals: &'p Literals,
    found: BTreeMap<u32, Found>,
    fields: Vec<String>,
    lines: LineCursor,
    /// Values in the text or batch that detectors look at next, by absolute place.
    recent: Vec<(u32, Range<u64>)>,
    /// Where that begins.
    base: u64,
    /// Values in the name or comment that detectors look at next.
    named: Vec<(u32, Range<u64>)>,
    /// Field and row of each cell of the batch.
    cells: Vec<(u32, u64)>,
}

#[derive(Default)]
struct Found {
    kinds: BTreeSet<String>,
    count: u64,
    places: Vec<LocatedAt>,
}

impl<'p> Locating<'p> {
    pub fn new(literals: &'p Literals) -> Self {
        Self {
            literals,
            found: BTreeMap::new(),
            fields: Vec::new(),
            lines: LineCursor::default(),
            recent: Vec::new(),
            base: 0,
            named: Vec::new(),
            cells: Vec::new(),
        }
    }

    fn add(&mut self, value: u32, times: u64, at: LocatedAt) {
        let found = self.found.entry(value).or_default();
        found.count += times;
        if found.places.len() < PLACES {
            found.places.push(at);
        }
    }

    /// A name, comment or property.
    pub fn aside(&mut self, text: &[u8], place: Place) {
        self.named.clear();
        for (value, span) in self.literals.search(text, 0..text.len()) {
            self.add(value, 1, LocatedAt { place, ..LocatedAt::default() });
            self.named.push((value, span.start as u64..span.end as u64));
        }
    }

    /// A field and its name as it may be printed.
    pub fn field(&mut self, name: &[u8], shown: &str) {
        self.fields.push(shown.to_owned());
        self.aside(name, Place::FieldName);
    }

    pub fn text(&mut self, window: &TextWindow<'_>) {
        // Detectors may still come back to what was just before.
        self.recent.retain(|(_, span)| span.end > window.offset);
        self.base = window.offset;
        self.cells.clear();
        for (value, span) in self.literals.search(window.bytes, window.owned.clone()) {
            let absolute = window.offset + span.start as u64..window.offset + span.end as u64;
            // A form that overlaps one of the window before is that one.
            let known = |(other, r): &(u32, Range<u64>)| *other == value && r.end > absolute.start;
            if self.recent.iter().any(known) {
                continue;
            }
            let mut at = LocatedAt { place: Place::Content, ..LocatedAt::default() };
            if window.located {
                self.lines.advance(window.bytes, window.offset, absolute.start);
                (at.line, at.column) = (Some(self.lines.line), Some(self.lines.column));
            }
            self.add(value, 1, at);
            self.recent.push((value, absolute));
        }
        if window.located && !window.last {
            self.lines.advance(window.bytes, window.offset, window.offset + window.owned.end as u64);
        }
    }

    pub fn cells(&mut self, batch: &CellBatch<'_>) {
        (self.base, self.recent) = (0, Vec::new());
        self.cells = batch.cells.iter().map(|c| (c.field.0, batch.first_row + u64::from(c.row))).collect();
        let mut by_start: Vec<usize> = (0..batch.cells.len()).collect();
        by_start.sort_by_key(|at| batch.cells[*at].start);
        for (value, span) in self.literals.search(batch.text, 0..batch.text.len()) {
            let after = by_start.partition_point(|at| batch.cells[*at].start as usize <= span.start);
            let Some(index) = after.checked_sub(1).map(|at| by_start[at]) else { continue };
            let cell = &batch.cells[index];
            let at = self.at_cell(index as u32);
            self.add(value, u64::from(cell.times), at);
            self.recent.push((value, span.start as u64..span.end as u64));
        }
    }

    fn at_cell(&self, cell: u32) -> LocatedAt {
        let (field, row) = self.cells.get(cell as usize).copied().unzip();
        let name = field.and_then(|field| self.fields.get(field as usize)).cloned();
        LocatedAt { place: Place::Content, row, field: name, line: None, column: None }
    }

    /// What a detector says of a stretch that was searched before.
    pub fn seen(&mut self, seen: &Sighting<'_>) {
        let (recent, base) =
            if seen.place == Place::Content { (&self.recent, self.base) } else { (&self.named, 0) };
        let span = base + seen.span.start as u64..base + seen.span.end as u64;
        let overlaps = |r: &Range<u64>| r.start < span.end && span.start < r.end;
        let here: Vec<u32> = recent.iter().filter(|(_, r)| overlaps(r)).map(|(value, _)| *value).collect();
        let value = self.literals.normalized(seen.how, seen.normalized);
        if let Some(value) = value.filter(|value| !here.contains(value)) {
            let at = match seen.cell {
                Some(cell) => self.at_cell(cell),
                None => LocatedAt { place: seen.place, ..LocatedAt::default() },
            };
            self.add(value, seen.times, at);
            self.found.entry(value).or_default().kinds.insert(seen.info_type.to_owned());
        }
        for value in here {
            self.found.entry(value).or_default().kinds.insert(seen.info_type.to_owned());
        }
    }

    pub fn finish(self) -> Vec<Located> {
        let found = self.found.into_iter();
        found
            .map(|(value, found)| Located {
                value,
                kinds: found.kinds.into_iter().collect(),
                count: found.count,
                places: found.places,
            })
            .collect()
    }
}

/// What has to be hidden of a name that is printed.
pub(super) fn hidden(literals: &Literals, name: &[u8]) -> Vec<Range<usize>> {
    literals.search(name, 0..name.len()).into_iter().map(|(_, span)| span).collect()
}
