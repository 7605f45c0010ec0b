//! One automaton over many patterns, walked from a start until it dies.
//!
//! A subset construction over the NFA that `regex-automata` builds, done lazily: a state exists once the data has led
//! there. Compared with that crate's own lazy DFA it knows the one question asked here ("which patterns end where, from
//! exactly this byte on"), so a step is one load and one compare, and a state carries its detectors ready for use.

use regex_automata::nfa::thompson::{self, NFA, State, WhichCaptures};
use regex_automata::util::primitives::{PatternID, StateID};
use regex_syntax::hir::Hir;
use rustc_hash::{FxHashMap, FxHashSet};

use super::filter::{Filter, first_word, has};

/// Memory for one thread's states, in bytes; then they are forgotten and built anew.
const CACHE_BYTES: usize = 6 << 20;
/// First words that are remembered.
const WORDS: usize = 512;
/// No transition: nothing can match from here.
const DEAD: u32 = u32::MAX - 1;
/// The transition has not been asked for yet.
const UNKNOWN: u32 = u32::MAX;
/// Set in a transition to a state in which patterns end.
const MATCH: u32 = 1 << 31;

/// The patterns of some detectors.
pub(super) struct Automaton {
    nfa: NFA,
    /// Class of each byte: bytes of one class are alike to every pattern.
    classes: [u8; 256],
    /// One byte of each class.
    members: Vec<u8>,
    /// Detector index by pattern.
    detectors: Vec<u16>,
    /// Where the patterns begin that may also begin inside of a number.
    joined: Vec<StateID>,
}

/// The states built so far; one for each thread.
pub(super) struct States {
    /// By state × class; states are named by where their row begins.
    next: Vec<u32>,
    /// Detectors that end in the state, by row.
    ends: Vec<Box<[u16]>>,
    /// NFA states behind each row.
    sets: Vec<Box<[u32]>>,
    rows: FxHashMap<Box<[u32]>, u32>,
    bytes: usize,
    limit: usize,
    /// Where first words led: up to 8 letters, and the row after them. Common words are walked once.
    words: Box<[(u64, u32); WORDS]>,
    /// Where every pattern begins.
    start: u32,
    /// Where those begin that may begin inside of a number.
    joined: u32,
}

impl Automaton {
    /// Patterns with the detector each belongs to and whether a match may begin inside of a number.
    pub fn build(patterns: &[(u16, &Hir, bool)]) -> Result<Option<Self>, String> {
        if patterns.is_empty() {
            return Ok(None);
        }
        let hirs: Vec<&Hir> = patterns.iter().map(|(_, h, _)| *h).collect();
        let nfa = thompson::Compiler::new()
            .configure(thompson::Config::new().utf8(false).which_captures(WhichCaptures::None))
            .build_many_from_hir(&hirs)
            .map_err(|e| e.to_string())?;
        let classes = std::array::from_fn(|b| nfa.byte_classes().get(b as u8));
        let count = usize::from(classes.iter().copied().max().unwrap_or(0)) + 1;
        let mut members = vec![0; count];
        (0..=255u8).for_each(|b| members[usize::from(classes[usize::from(b)])] = b);
        let joined = patterns
            .iter()
            .enumerate()
            .filter(|(_, (_, _, joined))| *joined)
            .filter_map(|(i, _)| nfa.start_pattern(PatternID::must(i)))
            .collect();
        let detectors = patterns.iter().map(|(d, _, _)| *d).collect();
        Ok(Some(Self { nfa, classes, members, detectors, joined }))
    }

    pub fn states(&self) -> States {
        let mut states = States {
            next: Vec::new(),
            ends: Vec::new(),
            sets: Vec::new(),
            rows: FxHashMap::default(),
            bytes: 0,
            limit: CACHE_BYTES,
            start: 0,
            joined: 0,
            words: Box::new([(0, UNKNOWN); WORDS]),
        };
        self.begin(&mut states);
        states
    }

    /// Calls `ends(detectors, end)` for every end of a match that begins at `from`, by ascending end; `inside_number`
    /// leaves out the patterns that may not begin there.
    #[inline(always)]
    pub fn walk(
        &self,
        states: &mut States,
        text: &[u8],
        from: usize,
        inside_number: bool,
        mut ends: impl FnMut(&[u16], usize),
    ) {
        let mut row = if inside_number { states.joined } else { states.start };
        let mut skip = 0;
        // Where the same first word led before.
        if !inside_number && let Some((letters, count)) = first_word(text, from) {
            let slot = letters.wrapping_mul(0x9e37_79b9_7f4a_7c15) as usize >> (usize::BITS - WORDS.ilog2());
            if states.words[slot].0 != letters {
                let led = self.learn(states, &text[from..from + count]);
                states.words[slot] = (letters, led);
            }
            match states.words[slot].1 {
                DEAD => return,
                UNKNOWN => {}
                led => (row, skip) = (led, count),
            }
        }
        for (i, byte) in text[from..].iter().enumerate().skip(skip) {
            let class = self.classes[usize::from(*byte)];
            let mut to = states.next[row as usize + usize::from(class)];
            if to >= MATCH {
                if to == UNKNOWN {
                    to = self.step(states, &mut row, class);
                }
                if to == DEAD {
                    return;
                }
                if to & MATCH != 0 {
                    to &= !MATCH;
                    ends(&states.ends[to as usize / self.members.len()], from + i + 1);
                }
            }
            row = to;
        }
    }

    /// Where a word leads from the start: a row, [`DEAD`], or [`UNKNOWN`] if a match ends within it.
    #[cold]
    fn learn(&self, states: &mut States, word: &[u8]) -> u32 {
        let mut row = states.start;
        for byte in word {
            match self.step(states, &mut row, self.classes[usize::from(*byte)]) {
                DEAD => return DEAD,
                to if to & MATCH != 0 => return UNKNOWN,
                to => row = to,
            }
        }
        row
    }

    /// What tells most starts apart from those where a match can begin.
    pub fn filter(&self) -> Filter {
        let mut filter = Filter::none();
        let mut states = States { limit: usize::MAX, ..self.states() };
        let start = states.start;
        let first = self.bytes_on(&states, start);
        for a in (0..=255u8).filter(|b| has(&first, *b)) {
            let mut row = states.start;
            let to = self.step(&mut states, &mut row, self.classes[usize::from(a)]);
            // A match of one byte counts whatever follows it.
            let second = if to & MATCH != 0 { [u64::MAX; 4] } else { self.bytes_on(&states, to & !MATCH) };
            (0..=255u8).filter(|b| has(&second, *b)).for_each(|b| filter.add_pair(a, b));
        }
        loop {
            self.add_words(&mut states, start, false, &mut Vec::new(), &mut filter);
            if !filter.is_crowded() {
                return filter;
            }
            filter.shorten();
        }
    }

    /// Adds every beginning of a match that is made of lower-case letters: those cut at the filter's depth, and shorter
    /// ones that something other than a lower-case letter can follow.
    fn add_words(&self, states: &mut States, row: u32, done: bool, word: &mut Vec<u8>, filter: &mut Filter) {
        let on = self.bytes_on(states, row);
        if word.len() == filter.depth {
            filter.add_word(word, None);
            return;
        }
        if !word.is_empty() {
            let next = (0..=255u8).filter(|b| !b.is_ascii_lowercase() && (done || has(&on, *b)));
            next.for_each(|b| filter.add_word(word, Some(b)));
        }
        let letters: Vec<u8> = (b'a'..=b'z').filter(|b| has(&on, *b)).collect();
        // Words of hex digits alone always pass: only what can still become another word is followed.
        if word.iter().all(|b| *b <= b'f') && !self.leaves_hex(states, row, filter.depth - word.len()) {
            return;
        }
        for letter in letters {
            if filter.is_crowded() {
                return;
            }
            let mut here = row;
            let to = self.step(states, &mut here, self.classes[usize::from(letter)]);
            // Rows of this throw-away set are never forgotten, so `row` keeps its name.
            word.push(letter);
            self.add_words(states, to & !MATCH, to & MATCH != 0, word, filter);
            word.pop();
        }
    }

    /// Whether a letter beyond `f` can come within `depth` letters.
    fn leaves_hex(&self, states: &mut States, row: u32, depth: usize) -> bool {
        let mut rows = vec![row];
        for _ in 0..depth {
            let mut next = Vec::new();
            for row in rows {
                let on = self.bytes_on(states, row);
                if (b'g'..=b'z').any(|b| has(&on, b)) {
                    return true;
                }
                for letter in (b'a'..=b'f').filter(|b| has(&on, *b)) {
                    let mut here = row;
                    next.push(self.step(states, &mut here, self.classes[usize::from(letter)]) & !MATCH);
                }
            }
            next.sort_unstable();
            next.dedup();
            rows = next;
        }
        false
    }

    /// The bytes that lead somewhere from a row: one bit each.
    fn bytes_on(&self, states: &States, row: u32) -> [u64; 4] {
        let mut on = [0u64; 4];
        let mut add = |first: u8, last: u8| {
            (first..=last).for_each(|b| on[usize::from(b) / 64] |= 1 << (b % 64));
        };
        for id in &states.sets[row as usize / self.members.len()] {
            match self.nfa.state(StateID::must(*id as usize)) {
                State::ByteRange { trans } => add(trans.start, trans.end),
                State::Sparse(sparse) => sparse.transitions.iter().for_each(|t| add(t.start, t.end)),
                State::Dense(dense) => {
                    (0..=255u8).filter(|b| dense.matches_byte(*b).is_some()).for_each(|b| add(b, b));
                }
                _ => {}
            }
        }
        on
    }

    fn begin(&self, states: &mut States) {
        states.next.clear();
        states.ends.clear();
        states.sets.clear();
        states.rows.clear();
        states.bytes = 0;
        states.words.fill((0, UNKNOWN));
        let mut set = FxHashSet::default();
        self.close(self.nfa.start_anchored(), &mut set);
        states.start = self.row(states, set) & !MATCH;
        let mut set = FxHashSet::default();
        self.joined.iter().for_each(|from| self.close(*from, &mut set));
        states.joined = self.row(states, set) & !MATCH;
    }

    /// Builds the transition of `row` on `class`. If memory ran out, all states are new and `row` is this one's new name.
    #[cold]
    fn step(&self, states: &mut States, row: &mut u32, class: u8) -> u32 {
        let known = states.next[*row as usize + usize::from(class)];
        if known != UNKNOWN {
            return known;
        }
        let stride = self.members.len();
        if states.bytes > states.limit {
            let here: FxHashSet<u32> = states.sets[*row as usize / stride].iter().copied().collect();
            self.begin(states);
            *row = self.row(states, here) & !MATCH;
        }
        let byte = self.members[usize::from(class)];
        let mut set = FxHashSet::default();
        for i in 0..states.sets[*row as usize / stride].len() {
            let id = StateID::must(states.sets[*row as usize / stride][i] as usize);
            let to = match self.nfa.state(id) {
                State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
                State::Sparse(sparse) => sparse.matches_byte(byte),
                State::Dense(dense) => dense.matches_byte(byte),
                _ => None,
            };
            if let Some(to) = to {
                self.close(to, &mut set);
            }
        }
        let to = if set.is_empty() { DEAD } else { self.row(states, set) };
        states.next[*row as usize + usize::from(class)] = to;
        to
    }

    /// Adds what is reached from `from` without a byte: only states that ask for one, or end a pattern, are kept.
    fn close(&self, from: StateID, set: &mut FxHashSet<u32>) {
        let mut seen = FxHashSet::default();
        let mut todo = vec![from];
        while let Some(id) = todo.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.nfa.state(id) {
                State::Union { alternates } => todo.extend(alternates.iter().copied()),
                State::BinaryUnion { alt1, alt2 } => todo.extend([*alt1, *alt2]),
                State::Capture { next, .. } | State::Look { next, .. } => todo.push(*next),
                State::Fail => {}
                _ => {
                    set.insert(id.as_u32());
                }
            }
        }
    }

    /// The row of a set of NFA states, made if it is new; with [`MATCH`] if patterns end there.
    fn row(&self, states: &mut States, set: FxHashSet<u32>) -> u32 {
        let mut set: Vec<u32> = set.into_iter().collect();
        set.sort_unstable();
        let set: Box<[u32]> = set.into();
        if let Some(row) = states.rows.get(&set) {
            return *row;
        }
        let mut ends: Vec<u16> = set
            .iter()
            .filter_map(|id| match self.nfa.state(StateID::must(*id as usize)) {
                State::Match { pattern_id } => Some(self.detectors[pattern_id.as_usize()]),
                _ => None,
            })
            .collect();
        ends.sort_unstable();
        let row = states.next.len() as u32 | if ends.is_empty() { 0 } else { MATCH };
        states.next.resize(states.next.len() + self.members.len(), UNKNOWN);
        states.bytes += self.members.len() * 4 + set.len() * 8 + ends.len() * 2 + 96;
        states.ends.push(ends.into());
        states.sets.push(set.clone());
        states.rows.insert(set, row);
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn automaton(patterns: &[&str]) -> Automaton {
        let hirs: Vec<(u16, Hir, bool)> = patterns
            .iter()
            .enumerate()
            .map(|(i, p)| (i as u16, regex_syntax::parse(p).expect("parses"), i == 1))
            .collect();
        let hirs: Vec<_> = hirs.iter().map(|(i, hir, joined)| (*i, hir, *joined)).collect();
        Automaton::build(&hirs).expect("builds").expect("has patterns")
    }

    #[test]
    fn every_end_of_every_pattern_is_told() {
        let automaton = automaton(&["[0-9]{2,4}", "12[0-9]x?", "ab"]);
        let mut states = automaton.states();
        let mut told = Vec::new();
        automaton.walk(&mut states, b"-1234x", 1, false, |d, end| told.push((d.to_vec(), end)));
        assert_eq!(told, [(vec![0], 3), (vec![0, 1], 4), (vec![0], 5)]);
        told.clear();
        automaton.walk(&mut states, b"-1234x", 1, true, |d, end| told.push((d.to_vec(), end)));
        assert_eq!(told, [(vec![1], 4)]);
        let filter = automaton.filter();
        let passes = |text: &str| {
            let mut eight = [b'\n'; 8];
            eight[..text.len()].copy_from_slice(text.as_bytes());
            let eight = u64::from_le_bytes(eight);
            let lower = text.starts_with(|c: char| c.is_ascii_lowercase());
            (if lower { filter.word_passes(eight) } else { filter.pair_passes(eight) }) == 1
        };
        assert!(passes("90") && passes("ab") && passes("ab-") && !passes("ax") && !passes("1x"));
    }

    #[test]
    fn forgetting_all_states_changes_no_answer() {
        let automaton = automaton(&["[a-d]{3,9}x", "(a|b[cd]){2,6}", "[0-9]{3}-[0-9]{3}"]);
        let text = b"abcdabcdx bcbdaab 123-456 aaaaaaaaax".repeat(3);
        let mut calm = automaton.states();
        let mut pressed = automaton.states();
        for from in 0..text.len() {
            let mut expected = Vec::new();
            automaton.walk(&mut calm, &text, from, false, |d, end| expected.push((d.to_vec(), end)));
            let mut got = Vec::new();
            pressed.bytes = CACHE_BYTES + 1;
            automaton.walk(&mut pressed, &text, from, false, |d, end| got.push((d.to_vec(), end)));
            assert_eq!(got, expected, "from {from}");
        }
    }
}
