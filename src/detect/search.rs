//! The search: starts → automaton → validators → surroundings → overlaps.
//!
//! A *start* is a place where a match may begin: a letter or digit after something else, or one of `+ ( -` after
//! something that is neither a letter, a digit nor the same sign. At each start, and around each `@`, every detector
//! has at most one match: the longest whose end its `boundary` allows. Whether there is one depends on a bounded
//! stretch of bytes alone, so searching window by window gives what searching the whole would.
//!
//! Overlapping matches form components; within one, the better match wins: higher likelihood, then longer, then with a
//! validator, then earlier, then the detector's id. A component that reaches beyond a window is carried to the next.

use std::ops::Range;

use super::automaton::{Automaton, States};
use super::compile::{Compiled, Detector, accepts};
use super::context::ContextCache;
use super::definition::{Boundary, Context};
use super::fields::FieldContext;
use super::masks::tuned;
use super::starts::{MAX_LOCAL, each_start, end_allowed, inside_number, local_start, start_allowed};
use crate::model::{Cell, Likelihood, Signals, TextWindow};

/// Candidates with a lower score are dropped where they are found.
pub const LOWEST_SCORE: f32 = 0.2;
/// A component that spans this many bytes is closed, however its matches overlap.
pub(super) const COMPONENT_SPAN: usize = 4096;

/// One hit in memory: offsets, no text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Index of the detector.
    pub detector: u16,
    /// Start in the searched bytes.
    pub start: usize,
    /// End in the searched bytes.
    pub end: usize,
    /// Start of all that the pattern matched, keyword and signs included: what is claimed against other detectors.
    pub claim_start: usize,
    /// End of all that the pattern matched.
    pub claim_end: usize,
    /// 0 to 1.
    pub score: f32,
    /// Why.
    pub signals: Signals,
    /// Index of the cell, where cells were searched.
    pub cell: u32,
}

impl Match {
    /// The order of matches in a text: by what they claim, so that overlaps stand together.
    pub(super) fn order(&self) -> (usize, usize, u16) {
        (self.claim_start, self.claim_end, self.detector)
    }

    /// The same match in other coordinates.
    pub fn shifted(self, place: impl Fn(usize) -> usize) -> Self {
        Self {
            start: place(self.start),
            end: place(self.end),
            claim_start: place(self.claim_start),
            claim_end: place(self.claim_end),
            ..self
        }
    }

    /// A match without a likelihood yet.
    pub(super) fn unweighed(
        detector: u16,
        value: Range<usize>,
        claim: Range<usize>,
        signals: Signals,
    ) -> Self {
        Self {
            detector,
            start: value.start,
            end: value.end,
            claim_start: claim.start,
            claim_end: claim.end,
            score: 0.0,
            signals,
            cell: 0,
        }
    }

    fn overlaps(&self, other: &Match) -> bool {
        self.claim_start < other.claim_end && self.claim_end > other.claim_start
    }
}

/// What a search changes: buffers and the lazily built states, one for each thread.
pub struct Scratch {
    starts: Option<States>,
    ats: Option<States>,
    ends: Vec<(u16, u32)>,
    hits: Vec<Match>,
    /// Scored matches of a component that is not closed, each with the offset of the window it speaks of.
    carried: Vec<(u64, Match)>,
    order: Vec<u32>,
    taken: Vec<Match>,
    context: ContextCache,
}

impl Scratch {
    pub(super) fn new(compiled: &Compiled) -> Self {
        Self {
            starts: compiled.starts.as_ref().map(Automaton::states),
            ats: compiled.ats.as_ref().map(Automaton::states),
            ends: Vec::new(),
            hits: Vec::new(),
            carried: Vec::new(),
            order: Vec::new(),
            taken: Vec::new(),
            context: ContextCache::default(),
        }
    }

    /// Takes out what is carried, so that another text can be searched in between.
    pub(super) fn set_aside(&mut self) -> Vec<(u64, Match)> {
        std::mem::take(&mut self.carried)
    }

    /// Undoes [`Scratch::set_aside`].
    pub(super) fn put_back(&mut self, carried: Vec<(u64, Match)>) {
        self.carried = carried;
    }

    /// Forgets what is carried from window to window; called between items.
    pub fn reset(&mut self) {
        self.carried.clear();
    }
}

/// The score of a match: what the detector starts from, raised or lowered by what speaks for and against it.
pub fn score(base: f32, signals: Signals, negative_field: bool) -> f32 {
    let mut doubt = 1.0 - base;
    if signals.has(Signals::HOTWORD) {
        doubt *= 0.35;
    }
    if signals.has(Signals::FIELD_NAME) {
        doubt *= 0.25;
    }
    let mut score = 1.0 - doubt;
    if signals.has(Signals::NEGATIVE_HOTWORD) {
        score *= 0.4;
    }
    if negative_field {
        score *= 0.4;
    }
    score
}

impl Compiled {
    /// Searches one window of running text. Matches come by ascending start of their component. Returns how far the
    /// text is settled: every match of a later window starts there or after it, in this window's coordinates.
    pub(super) fn text(
        &self,
        scratch: &mut Scratch,
        window: &TextWindow<'_>,
        found: &mut dyn FnMut(&Match),
    ) -> usize {
        scratch.hits.clear();
        scratch.context.clear();
        self.candidates(scratch, window.bytes, window.owned.clone());
        self.weigh(scratch, window.bytes, None);
        let carried = scratch
            .carried
            .drain(..)
            .map(|(base, m)| m.shifted(|at| (at as u64 + base - window.offset) as usize));
        scratch.hits.splice(0..0, carried);

        let closed_before = if window.last { usize::MAX } else { window.owned.end };
        let kept = self.resolve(scratch, closed_before, found);
        let open = &scratch.hits[kept..];
        let settled = open.first().map_or(window.owned.end, |m| m.claim_start);
        scratch.carried.extend(open.iter().map(|m| (window.offset, *m)));
        settled.min(window.owned.end)
    }

    /// Searches joined cells; `fields[cell.field]` says what each field's name speaks for.
    pub(super) fn cells(
        &self,
        scratch: &mut Scratch,
        text: &[u8],
        cells: &[Cell],
        fields: &[FieldContext],
        found: &mut dyn FnMut(&Match),
    ) {
        scratch.hits.clear();
        scratch.context.clear();
        self.candidates(scratch, text, 0..text.len());
        if self.whole_cells(scratch, text, cells, fields) {
            scratch.hits.sort_by_key(Match::order);
        }
        self.weigh(scratch, text, Some((cells, fields)));
        self.resolve(scratch, usize::MAX, found);
    }

    /// What one detector finds in a whole text by itself: its own overlaps resolved, decoys included.
    pub(super) fn alone(&self, scratch: &mut Scratch, text: &[u8], detector: u16) -> Vec<Match> {
        scratch.hits.clear();
        scratch.context.clear();
        self.candidates(scratch, text, 0..text.len());
        scratch.hits.retain(|m| m.detector == detector);
        self.weigh(scratch, text, None);
        let mut kept: Vec<Match> = Vec::new();
        for hit in std::mem::take(&mut scratch.hits) {
            match kept.last_mut() {
                Some(last) if hit.overlaps(last) => {
                    if hit.claim_end - hit.claim_start > last.claim_end - last.claim_start {
                        *last = hit;
                    }
                }
                _ => kept.push(hit),
            }
        }
        kept
    }

    /// Fills `scratch.hits` with every match that starts in `owned` and whose validators accept, by start.
    fn candidates(&self, scratch: &mut Scratch, text: &[u8], owned: Range<usize>) {
        if let Some(automaton) = &self.starts {
            tuned(|| {
                each_start(&self.filter, text, owned.clone(), |from| {
                    self.at_start(automaton, scratch, text, from);
                });
            });
        }
        if let Some(automaton) = &self.ats {
            let limit = (owned.end + MAX_LOCAL + 1).min(text.len());
            for at in memchr::memchr_iter(b'@', &text[owned.start..limit]).map(|i| owned.start + i) {
                let Some(from) = local_start(text, at).filter(|from| owned.contains(from)) else { continue };
                let states = scratch.ats.as_mut();
                let ends = &mut scratch.ends;
                self.walk(automaton, states, ends, text, from);
                ends.retain(|(_, end)| *end as usize > at);
                self.verify(scratch, text, from);
            }
        }
        // Nearly in order already, which the stable sort makes use of.
        scratch.hits.sort_by_key(Match::order);
        // Two `@` behind one local part lead to the same match.
        scratch.hits.dedup_by_key(|m| m.order());
    }

    /// Adds the cells that are values because their field's name says so; tells whether there were any.
    fn whole_cells(
        &self,
        scratch: &mut Scratch,
        text: &[u8],
        cells: &[Cell],
        fields: &[FieldContext],
    ) -> bool {
        let before = scratch.hits.len();
        let mut buffer = [0; 64];
        for &id in &self.of_cells {
            let detector = &self.detectors[usize::from(id)];
            let fits: Vec<bool> = fields
                .iter()
                .map(|f| f.positive.has(usize::from(id)) && !f.negative.has(usize::from(id)))
                .collect();
            if !fits.contains(&true) {
                continue;
            }
            for cell in cells.iter().filter(|c| fits.get(c.field.0 as usize) == Some(&true)) {
                let (start, end) = (cell.start as usize, cell.end as usize);
                let value = &text[start..end];
                let accepted = value.len() <= detector.max_len
                    && detector.is_whole(value)
                    && detector.validators.iter().all(|v| accepts(v, value, &mut buffer));
                if accepted {
                    let signals = match detector.validators.is_empty() {
                        true => Signals::default(),
                        false => Signals::CHECKSUM,
                    };
                    scratch.hits.push(Match::unweighed(id, start..end, start..end, signals));
                }
            }
        }
        scratch.hits.len() > before
    }

    #[inline(always)]
    fn at_start(&self, automaton: &Automaton, scratch: &mut Scratch, text: &[u8], from: usize) {
        self.walk(automaton, scratch.starts.as_mut(), &mut scratch.ends, text, from);
        if !scratch.ends.is_empty() {
            self.verify(scratch, text, from);
        }
    }

    /// The longest allowed end of each detector that matches at `from`.
    #[inline(always)]
    fn walk(
        &self,
        automaton: &Automaton,
        states: Option<&mut States>,
        ends: &mut Vec<(u16, u32)>,
        text: &[u8],
        from: usize,
    ) {
        ends.clear();
        let Some(states) = states else { return };
        automaton.walk(states, text, from, inside_number(text, from), |detectors, end| {
            let word = end_allowed(Boundary::Word, text, end);
            let number = word && end_allowed(Boundary::Number, text, end);
            for &id in detectors {
                let detector = &self.detectors[usize::from(id)];
                let allowed = detector.extend.is_some()
                    || match detector.def.boundary {
                        Boundary::None => true,
                        Boundary::Word => word,
                        Boundary::Number => number,
                    };
                if allowed {
                    match ends.iter_mut().find(|(d, _)| *d == id) {
                        Some(longest) => longest.1 = end as u32,
                        None => ends.push((id, end as u32)),
                    }
                }
            }
        });
    }

    fn verify(&self, scratch: &mut Scratch, text: &[u8], from: usize) {
        let mut buffer = [0; 64];
        scratch.ends.sort_unstable_by_key(|(id, end)| (*end, *id));
        for &(id, end) in &scratch.ends {
            let detector = &self.detectors[usize::from(id)];
            let mut end = end as usize;
            if !start_allowed(detector.def.boundary, text, from) {
                continue;
            }
            if let Some(class) = &detector.extend {
                let limit = text.len().min(end + usize::from(detector.def.extend_max));
                end += text[end..limit].iter().take_while(|b| class[usize::from(**b)]).count();
                if !end_allowed(detector.def.boundary, text, end) {
                    continue;
                }
            }
            let value = detector.value_range(&text[from..end]);
            let value = from + value.start..from + value.end;
            if detector.validators.iter().all(|v| accepts(v, &text[value.clone()], &mut buffer)) {
                let mut signals = Signals::default();
                if !detector.validators.is_empty() {
                    signals.add(Signals::CHECKSUM);
                }
                scratch.hits.push(Match::unweighed(id, value, from..end, signals));
            }
        }
    }

    /// Gives each hit its cell, signals and score; drops what is too unlikely to matter.
    fn weigh(&self, scratch: &mut Scratch, text: &[u8], cells: Option<(&[Cell], &[FieldContext])>) {
        let mut hits = std::mem::take(&mut scratch.hits);
        let mut cell = 0;
        hits.retain_mut(|hit| {
            let field = cells.and_then(|(cells, fields)| {
                while cells.get(cell).is_some_and(|c| c.end as usize <= hit.claim_start) {
                    cell += 1;
                }
                hit.cell = cell as u32;
                let found = cells.get(cell)?;
                if hit.start <= found.start as usize && hit.end >= found.end as usize {
                    hit.signals.add(Signals::WHOLE_VALUE);
                }
                fields.get(found.field.0 as usize)
            });
            let id = usize::from(hit.detector);
            let detector = &self.detectors[id];
            let mut against = false;
            if let Some(field) = field {
                if field.positive.has(id) {
                    hit.signals.add(Signals::FIELD_NAME);
                }
                against = field.negative.has(id);
            }
            // Around a value that fills its cell there is nothing.
            if detector.has_hotwords && !hit.signals.has(Signals::WHOLE_VALUE) {
                let window = usize::from(detector.def.hotword_window);
                let span = (hit.start, hit.end);
                let around = self.hotwords.around(&mut scratch.context, text, span, window, id);
                if around.positive {
                    hit.signals.add(Signals::HOTWORD);
                }
                if around.negative {
                    hit.signals.add(Signals::NEGATIVE_HOTWORD);
                }
            }
            let supported = hit.signals.has(Signals::HOTWORD) || hit.signals.has(Signals::FIELD_NAME);
            if detector.def.context == Context::Required && !supported {
                return false;
            }
            if is_test(detector, &text[hit.start..hit.end]) {
                hit.signals.add(Signals::LIKELY_TEST);
            }
            hit.score = score(detector.def.likelihood.base_score(), hit.signals, against);
            hit.score >= LOWEST_SCORE
        });
        scratch.hits = hits;
    }

    /// Reports the winners of every component that ends at or before `closed_before`; returns how many hits those
    /// components had. `scratch.hits` is sorted by start.
    fn resolve(&self, scratch: &mut Scratch, closed_before: usize, found: &mut dyn FnMut(&Match)) -> usize {
        let mut from = 0;
        while from < scratch.hits.len() {
            let first = scratch.hits[from].claim_start;
            let mut end = scratch.hits[from].claim_end;
            let mut to = from + 1;
            while let Some(hit) = scratch.hits.get(to) {
                if hit.claim_start >= end || hit.claim_start - first >= COMPONENT_SPAN {
                    break;
                }
                end = end.max(hit.claim_end);
                to += 1;
            }
            if end > closed_before && first.saturating_add(COMPONENT_SPAN) > closed_before {
                return from;
            }
            self.winners(scratch, from..to, found);
            from = to;
        }
        from
    }

    fn winners(&self, scratch: &mut Scratch, component: Range<usize>, found: &mut dyn FnMut(&Match)) {
        let report = |hit: &Match, found: &mut dyn FnMut(&Match)| {
            if !self.detectors[usize::from(hit.detector)].def.decoy {
                found(hit);
            }
        };
        let hits = &scratch.hits[component.clone()];
        if let [only] = hits {
            return report(only, found);
        }
        scratch.order.clear();
        scratch.order.extend(0..hits.len() as u32);
        let rank = |i: u32| {
            let hit = &hits[i as usize];
            let detector = &self.detectors[usize::from(hit.detector)];
            (
                std::cmp::Reverse(Likelihood::of(hit.score)),
                std::cmp::Reverse(hit.claim_end - hit.claim_start),
                detector.validators.is_empty(),
                hit.claim_start,
                hit.detector,
            )
        };
        scratch.order.sort_unstable_by_key(|i| rank(*i));
        scratch.taken.clear();
        let mut kept = 0;
        for n in 0..scratch.order.len() {
            let hit = &hits[scratch.order[n] as usize];
            if scratch.taken.iter().all(|taken| !hit.overlaps(taken)) {
                scratch.taken.push(*hit);
                scratch.order[kept] = scratch.order[n];
                kept += 1;
            }
        }
        scratch.order.truncate(kept);
        scratch.order.sort_unstable();
        for &i in &scratch.order {
            report(&hits[i as usize], found);
        }
    }
}

fn is_test(detector: &Detector, value: &[u8]) -> bool {
    let mut buffer = [0; 64];
    detector.likely_test.iter().any(|v| accepts(v, value, &mut buffer))
        || (!detector.test_values.is_empty()
            && detector.test_values.contains(super::compile::compact(value).as_slice()))
}
