//! One item from open to record: the reader's visitor. Raw values come in here and do not leave.

use std::fs::File;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use rustc_hash::FxHashMap;

use super::evidence::{Gathering, Hashing, hash_file};
use super::lines::LineCursor;
use super::locating::Sighting;
use super::names;
use super::worker::State;
use crate::classify::{Key, Profile, Seen, classify, protect};
use crate::detect::{FieldContext, Match, Scratch};
use crate::model::{
    Body, CellBatch, ContentVisitor, Evidence, FieldId, Flow, Gap, Item, ItemId, ItemMeta, ItemRecord,
    Likelihood, Occurrence, Outcome, Place, Reason, Signals, Stop, TextWindow,
};
use crate::read::escape::locate;
use crate::read::{self, Budget, Buffers, Reach, ReadContext};
use crate::source::files::item_id;

/// What is being counted of one item.
pub(super) struct ItemScan<'w, 'p> {
    state: &'w mut State<'p>,
    scratch: &'w mut Scratch,
    buffers: &'w Buffers,
    budget: &'w Budget<'w>,
    item: Item,
    printed_path: String,
    format: Option<String>,
    profile: Profile,
    fields: Vec<FieldContext>,
    gaps: Vec<Gap>,
    lines: LineCursor,
    bytes_examined: u64,
    rows: Option<u64>,
    entries: u64,
    /// How often each entry's id came up.
    entry_ids: FxHashMap<ItemId, u64>,
    /// Categories seen so far in each row of the batch in hand.
    row_categories: Vec<u128>,
    gathering: Option<Box<Gathering<'p>>>,
    /// How this item outlived its deletion, and how those outlived theirs that come next in it.
    residue: Option<&'static str>,
    residue_inside: Option<&'static str>,
}

/// Where a match stands, as far as its occurrence says.
#[derive(Default)]
struct Whereabouts {
    offset: Option<u64>,
    length: Option<u64>,
    line: Option<u64>,
    column: Option<u64>,
    row: Option<u64>,
}

impl<'w, 'p> ItemScan<'w, 'p> {
    pub fn new(
        state: &'w mut State<'p>,
        scratch: &'w mut Scratch,
        buffers: &'w Buffers,
        budget: &'w Budget<'w>,
        item: Item,
        parent: Option<&str>,
    ) -> Self {
        scratch.reset();
        let printed = names::print(item.path.name(), state.plan, scratch);
        let printed_path = match parent {
            None => printed.text,
            Some(parent) => format!("{parent}!/{}", printed.text),
        };
        let name = if printed.matches.is_empty() { Vec::new() } else { item.path.name().to_vec() };
        let gathering = state.plan.evidence.as_deref().map(|plan| Box::new(Gathering::new(plan)));
        let mut scan = Self {
            state,
            scratch,
            buffers,
            budget,
            item,
            printed_path,
            format: None,
            profile: Profile::default(),
            fields: Vec::new(),
            gaps: Vec::new(),
            lines: LineCursor::default(),
            bytes_examined: 0,
            rows: None,
            entries: 0,
            entry_ids: FxHashMap::default(),
            row_categories: Vec::new(),
            gathering,
            residue: None,
            residue_inside: None,
        };
        if let Some(gathering) = &mut scan.gathering {
            gathering.aside(scan.item.path.name(), Place::ItemName);
        }
        for m in printed.matches {
            scan.count_aside(&m, &name, Place::ItemName);
        }
        scan
    }

    /// What the store says of the item, once it has been asked.
    pub fn stored(&mut self, meta: ItemMeta) {
        self.item.meta = meta;
    }

    /// Reads an outermost item that comes as a stream; why it stopped early is already a gap.
    pub fn read(&mut self, body: Body<'_>) {
        let (ControlFlow::Continue(()) | ControlFlow::Break(_)) = self.read_stream(body);
    }

    /// Reads a stream, and hashes it while it passes by.
    fn read_stream(&mut self, body: Body<'_>) -> Flow {
        if !self.hashes() {
            return self.examine(body);
        }
        let mut hashing = Hashing::new(body);
        let flow = self.examine(Body::stream(&mut hashing));
        if flow.is_continue() {
            self.hashed(hashing.finish(self.buffers, self.budget));
        }
        flow
    }

    /// Reads an outermost file. It is hashed when it is in the system's memory anyway; readers have it for themselves.
    pub fn read_file(&mut self, file: &File, size: u64, head: &mut Vec<u8>) {
        let flow = self.examine(Body::file(file, size, head));
        if flow.is_continue() && self.hashes() {
            self.hashed(hash_file(file, size, self.buffers, self.budget));
        }
    }

    /// Whether the item's bytes are hashed.
    pub fn hashes(&self) -> bool {
        self.gathering.as_ref().is_some_and(|g| g.hashes())
    }

    /// The hash of the item's bytes; `None` takes it back.
    pub fn hashed(&mut self, hash: Option<String>) {
        if let Some(gathering) = &mut self.gathering {
            gathering.hashed(hash);
        }
    }

    /// Reads the item; whatever goes wrong becomes a gap.
    fn examine(&mut self, body: Body<'_>) -> Flow {
        let plan = self.state.plan;
        let detector_reach = plan.detectors.reach();
        let context = ReadContext {
            budget: self.budget,
            reach: Reach { behind: detector_reach.behind, ahead: detector_reach.ahead },
            depth: self.item.path.depth(),
            buffers: self.buffers,
        };
        let mut name = std::mem::take(&mut self.state.name);
        name.clear();
        name.extend_from_slice(self.item.path.name());
        let read = catch_unwind(AssertUnwindSafe(|| read::read(&context, &name, body, self)));
        self.state.name = name;
        match read {
            Ok(flow) => {
                if let ControlFlow::Break(stop) = flow {
                    self.gap(match stop {
                        Stop::Interrupted => Gap::new(Reason::Interrupted, ""),
                        Stop::Timeout => Gap::new(Reason::LimitTime, ""),
                    });
                }
                flow
            }
            Err(_) => {
                self.gap(Gap::new(Reason::Panicked, "the reader failed; please report the format"));
                Flow::Continue(())
            }
        }
    }

    /// The item was opened or judged without reading it.
    pub fn decide(self, outcome: Outcome, detail: String) -> ItemRecord {
        let gaps = outcome.reason().map(|r| Gap::new(r, detail)).into_iter().collect();
        Self { gaps, ..self }.record(Some(outcome))
    }

    /// What is kept of the item.
    pub fn finish(mut self) -> ItemRecord {
        self.close_rows();
        self.record(None)
    }

    fn record(self, decided: Option<Outcome>) -> ItemRecord {
        let plan = self.state.plan;
        let outcome = decided.unwrap_or_else(|| self.outcome());
        let values_examined = self.profile.values_examined();
        let categories = plan.taxonomy.categories();
        let co_occurrence = self.profile.co_occurrence(&|i| categories[usize::from(i.0)].name.clone());
        let findings = classify(self.item.id, self.profile, &plan.detectors, &plan.taxonomy);
        self.state.progress.findings.fetch_add(findings.len() as u64, Ordering::Relaxed);
        let gathered = self.gathering.map(|g| g.finish(self.rows, self.format.as_deref(), &findings));
        let evidence = gathered.unwrap_or_default();
        ItemRecord {
            item: self.item,
            printed_path: self.printed_path,
            format: self.format,
            outcome,
            gaps: self.gaps,
            values_examined,
            bytes_examined: self.bytes_examined,
            rows: self.rows,
            findings,
            co_occurrence,
            evidence: Evidence { residue: self.residue.map(str::to_owned), ..evidence },
        }
    }

    fn outcome(&self) -> Outcome {
        let Some(first) = self.gaps.first().map(|g| g.reason) else { return Outcome::Scanned };
        let nothing = self.bytes_examined == 0 && self.entries == 0 && self.rows.is_none_or(|r| r == 0);
        match first {
            Reason::Interrupted if nothing => Outcome::Skipped(first),
            Reason::UnknownFormat | Reason::UnsupportedFormat | Reason::Sampled => Outcome::Partial(first),
            _ if nothing => Outcome::Failed(first),
            _ => Outcome::Partial(first),
        }
    }

    /// Counts what was found in a name or comment.
    fn count_aside(&mut self, m: &Match, text: &[u8], place: Place) {
        let value = &text[m.start..m.end];
        let at = || match place {
            Place::FieldName => Whereabouts::default(),
            _ => Whereabouts::at_span(m),
        };
        let counts = (&mut self.profile, &mut self.gathering);
        count(self.state, counts, m, value, place, None, 1, at);
    }

    fn close_rows(&mut self) {
        for mask in self.row_categories.drain(..) {
            self.profile.combination(mask, 1);
        }
    }
}

impl Whereabouts {
    fn at_span(m: &Match) -> Self {
        Self { offset: Some(m.start as u64), length: Some((m.end - m.start) as u64), ..Self::default() }
    }
}

/// Counts one match; `whereabouts` is asked only if an occurrence is kept. Returns whether it counted.
#[allow(clippy::too_many_arguments)]
fn count(
    state: &mut State<'_>,
    (profile, gathering): (&mut Profile, &mut Option<Box<Gathering<'_>>>),
    m: &Match,
    value: &[u8],
    place: Place,
    field: Option<FieldId>,
    times: u64,
    whereabouts: impl FnOnce() -> Whereabouts,
) -> bool {
    let plan = state.plan;
    let likelihood = Likelihood::of(m.score);
    if likelihood < plan.min_likelihood {
        return false;
    }
    let def = plan.detectors.definition(m.detector);
    state.normalized.clear();
    protect::normalize(def.normalize, value, &mut state.normalized);
    if let Some(gathering) = gathering {
        let (info_type, normalized) = (def.info_type.as_str(), state.normalized.as_slice());
        let (how, span, cell) = (def.normalize, m.start..m.end, field.map(|_| m.cell));
        let sighting = Sighting { info_type, how, normalized, span, place, cell, times };
        gathering.matched(&plan.protector, &sighting);
    }
    let key = Key { field, detector: m.detector, test: m.signals.has(Signals::LIKELY_TEST) };
    let whole = m.signals.has(Signals::WHOLE_VALUE);
    let seen = Seen { key, score: m.score, times, whole, normalized: &state.normalized };
    if profile.count(&seen, plan.occurrences) {
        let at = whereabouts();
        let occurrence = Occurrence {
            place,
            offset: at.offset,
            length: at.length,
            line: at.line,
            column: at.column,
            row: at.row,
            mask: plan.taxonomy.mask(&def.info_type).apply(value),
            fingerprint: plan.protector.fingerprint(&def.info_type, &state.normalized),
            likelihood,
            signals: m.signals,
        };
        profile.keep(key, occurrence);
    }
    true
}

impl ContentVisitor for ItemScan<'_, '_> {
    fn format(&mut self, name: &str) {
        self.format = Some(name.to_owned());
    }

    fn text(&mut self, window: &TextWindow<'_>) -> Flow {
        if let Some(stop) = self.budget.stop() {
            return Flow::Break(stop);
        }
        if let Some(gathering) = &mut self.gathering {
            gathering.text(window);
        }
        let detectors = &self.state.plan.detectors;
        let (state, profile, lines) = (&mut *self.state, &mut self.profile, &mut self.lines);
        let gathering = &mut self.gathering;
        let settled = detectors.search(self.scratch, window, &mut |m| {
            let value = &window.bytes[m.start..m.end];
            count(state, (profile, gathering), m, value, Place::Content, None, 1, || {
                if !window.located {
                    return Whereabouts::default();
                }
                let offset = window.offset + m.start as u64;
                lines.advance(window.bytes, window.offset, offset);
                let (line, column) = (Some(lines.line), Some(lines.column));
                Whereabouts { line, column, offset: Some(offset), ..Whereabouts::at_span(m) }
            });
        });
        if window.located && !window.last {
            self.lines.advance(window.bytes, window.offset, window.offset + settled as u64);
        }
        let examined = window.owned.len() as u64;
        self.bytes_examined += examined;
        self.state.progress.bytes.fetch_add(examined, Ordering::Relaxed);
        Flow::Continue(())
    }

    fn field(&mut self, name: &[u8], index: u32) -> FieldId {
        let plan = self.state.plan;
        let printed = names::print(name, plan, self.scratch);
        if let Some(gathering) = &mut self.gathering {
            gathering.field(FieldId(self.fields.len() as u32), name, &printed.text, index);
        }
        let id = self.profile.field(name, printed.text, index);
        self.fields.push(plan.detectors.field_context(name));
        for m in printed.matches {
            self.count_aside(&m, name, Place::FieldName);
        }
        id
    }

    fn cells(&mut self, batch: &CellBatch<'_>) -> Flow {
        if let Some(stop) = self.budget.stop() {
            return Flow::Break(stop);
        }
        if batch.rows > 0 {
            self.close_rows();
            self.row_categories.resize(batch.rows as usize, 0);
            self.rows = Some(self.rows.unwrap_or(0) + u64::from(batch.rows));
        }
        for cell in batch.cells {
            self.profile.examined(cell.field, u64::from(cell.times));
        }
        if let Some(gathering) = &mut self.gathering {
            gathering.cells(batch);
        }
        let detectors = &self.state.plan.detectors;
        let (state, profile, lines) = (&mut *self.state, &mut self.profile, &mut self.lines);
        let (rows, gathering) = (&mut self.row_categories, &mut self.gathering);
        detectors.search_cells(self.scratch, batch.text, batch.cells, &self.fields, &mut |m| {
            let cell = &batch.cells[m.cell as usize];
            let value = &batch.text[m.start..m.end];
            let times = u64::from(cell.times);
            let counts = (&mut *profile, &mut *gathering);
            let counted = count(state, counts, m, value, Place::Content, Some(cell.field), times, || {
                let row = Some(batch.first_row + u64::from(cell.row));
                let mut at = Whereabouts { row, ..Whereabouts::default() };
                let text = &batch.text[cell.start as usize..cell.end as usize];
                if let Some(raw) = batch.raw.get(cell.raw as usize..).filter(|raw| !raw.is_empty()) {
                    let part = m.start - cell.start as usize..m.end - cell.start as usize;
                    let span = match raw.starts_with(text) {
                        true => Some(part),
                        false => locate(batch.escapes, raw, text, part),
                    };
                    let start = span.as_ref().map_or(0, |s| s.start) as u64;
                    let offset = batch.raw_offset + u64::from(cell.raw) + start;
                    lines.advance(batch.raw, batch.raw_offset, offset);
                    at.offset = Some(offset);
                    at.length = span.map(|s| s.len() as u64);
                    (at.line, at.column) = (Some(lines.line), Some(lines.column));
                }
                at
            });
            if counted && !m.signals.has(Signals::LIKELY_TEST) {
                let info_type = &state.plan.detectors.definition(m.detector).info_type;
                let category = state.plan.taxonomy.index_of(info_type);
                if let (Some(category), Some(row)) = (category, rows.get_mut(cell.row as usize)) {
                    *row |= 1 << category.0;
                }
            }
        });
        let end = batch.raw_offset + batch.raw.len() as u64;
        self.lines.advance(batch.raw, batch.raw_offset, end);
        let examined = if batch.raw.is_empty() { batch.text.len() } else { batch.raw.len() } as u64;
        self.bytes_examined += examined;
        self.state.progress.bytes.fetch_add(examined, Ordering::Relaxed);
        Flow::Continue(())
    }

    fn entry(&mut self, name: &[u8], meta: ItemMeta, body: Body<'_>) -> Flow {
        if let Some(stop) = self.budget.stop() {
            return Flow::Break(stop);
        }
        self.entries += 1;
        let mut child = self.child(name, meta);
        let flow = child.read_stream(body);
        let record = child.finish();
        self.scratch.reset();
        self.state.send(record);
        flow
    }

    fn failed_entry(&mut self, name: &[u8], meta: ItemMeta, gap: Gap) -> Flow {
        self.entries += 1;
        let record = self.child(name, meta).decide(Outcome::Failed(gap.reason), gap.detail);
        self.state.send(record);
        Flow::Continue(())
    }

    fn skipped_entry(&mut self, name: &[u8], meta: ItemMeta, reason: Reason) -> Flow {
        self.entries += 1;
        let record = self.child(name, meta).decide(Outcome::Skipped(reason), String::new());
        self.state.send(record);
        Flow::Continue(())
    }

    fn residue(&mut self, how: Option<&'static str>) {
        self.residue_inside = how;
    }

    fn property(&mut self, name: &[u8], value: &[u8]) {
        if let Some(gathering) = &mut self.gathering {
            gathering.property(name, value);
        }
        self.comment(value);
    }

    fn comment(&mut self, text: &[u8]) {
        if let Some(gathering) = &mut self.gathering {
            gathering.aside(text, Place::Comment);
        }
        let mut found = Vec::new();
        self.state.plan.detectors.search_whole(self.scratch, text, &mut |m| found.push(*m));
        for m in found {
            self.count_aside(&m, text, Place::Comment);
        }
        self.bytes_examined += text.len() as u64;
    }

    fn gap(&mut self, gap: Gap) {
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }
}

impl<'p> ItemScan<'_, 'p> {
    fn child(&mut self, name: &[u8], meta: ItemMeta) -> ItemScan<'_, 'p> {
        let path = self.item.path.entry(name);
        let mut id = item_id(&path);
        let times = self.entry_ids.entry(id).or_default();
        *times += 1;
        if *times > 1 {
            // A container may hold one name several times; each is an item. No name has a zero byte.
            id = item_id(&path.entry(format!("\0{times}").as_bytes()));
        }
        let item = Item { id, path, meta };
        let residue = self.residue_inside.or(self.residue);
        let mut child = ItemScan::new(
            self.state,
            self.scratch,
            self.buffers,
            self.budget,
            item,
            Some(&self.printed_path),
        );
        child.residue = residue;
        child
    }
}
