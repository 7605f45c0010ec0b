//! Whether this program finds what it says it finds: made-up values of every kind planted in every format, and looked for
//! by the same detectors, readers and rules as any scan.
//!
//! The values are the examples that each detector carries; a seed decides their order, their neighbours and what else
//! stands in the files. Nothing is written anywhere.

mod plant;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{PathStyle, ScanPlan, Scanner};
use crate::detect::definition::Anchor;
use crate::govern::facts::SelfTest;
use crate::model::{ItemRecord, Outcome, Place};
use plant::{Canary, Format, Planted};

/// What was planted of one kind in one format, and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Info type.
    pub info_type: String,
    /// Format of the file.
    pub format: &'static str,
    /// Values planted.
    pub planted: u64,
    /// Of these, found as this info type.
    pub found: u64,
}

impl Pair {
    /// A pair holds when at least one planted value was found: the rest are weak spellings that other info types may
    /// claim, and are counted.
    pub fn holds(&self) -> bool {
        self.found > 0
    }
}

/// The whole self-test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    /// Seed of everything that was made up.
    pub seed: u64,
    /// By info type and format.
    pub pairs: Vec<Pair>,
    /// Values planted that no detector may take for what they imitate.
    pub decoys: u64,
    /// Of these, taken.
    pub false_alarms: u64,
    /// Formats asked for that nothing can be planted in.
    pub without_generator: Vec<String>,
}

impl Matrix {
    /// The counts that a control test looks at.
    pub fn summary(&self) -> SelfTest {
        let missed = self.pairs.iter().filter(|p| !p.holds());
        SelfTest {
            hit: self.pairs.iter().filter(|p| p.holds()).count() as u64,
            missed: missed.map(|p| format!("{} × {}", p.info_type, p.format)).collect(),
            without_generator: self.without_generator.clone(),
            false_alarms: self.false_alarms,
            decoys: self.decoys,
            seed: self.seed,
        }
    }
}

/// Formats that values can be planted in, in the order of the matrix.
pub fn formats() -> impl Iterator<Item = &'static str> {
    plant::FORMATS.iter().map(|f| f.name)
}

/// The self-test of a run: in the formats of what it examined, with values that its name decides, so that no two runs try
/// the same and each can be tried again.
pub fn of_run(plan: &ScanPlan, items: &[ItemRecord], run: &str) -> Matrix {
    let examined = items.iter().filter(|i| matches!(i.outcome, Outcome::Scanned | Outcome::Partial(_)));
    // No values can stand in what is empty, and `binary` is what has no known format: such items are partial.
    let formats = examined.filter_map(|i| i.format.clone()).filter(|f| f != "empty" && f != "binary");
    let wanted = formats.collect();
    self_test(plan, &wanted, seed_of(run), Effort::Enough)
}

/// The seed that a run's name gives: 48 bits, which any reader of JSON takes for what they are.
pub fn seed_of(run: &str) -> u64 {
    Sha256::digest(run).iter().take(6).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

/// How much is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Every value of every detector in every format.
    Whole,
    /// Enough to tell whether each pair holds: one value of each kind, all of a kind if that one was missed; decoys in
    /// one format.
    Enough,
}

/// Plants values of every enabled detector in the formats of `wanted` and looks for them with the plan's knowledge and
/// likelihood. Kinds are those of enabled detectors.
pub fn self_test(plan: &ScanPlan, wanted: &BTreeSet<String>, seed: u64, effort: Effort) -> Matrix {
    let mut scanner = Scanner::new(ScanPlan {
        targets: Vec::new(),
        detectors: plan.detectors.clone(),
        taxonomy: plan.taxonomy.clone(),
        protector: plan.protector.clone(),
        selection: plan.selection.clone(),
        limits: crate::read::Limits::default(),
        threads: 1,
        min_likelihood: plan.min_likelihood,
        occurrences: usize::MAX,
        paths: PathStyle::Masked,
        totals: false,
        interrupted: plan.interrupted.clone(),
        evidence: None,
        reuse: None,
    });
    let canaries = canaries(plan, seed);
    let mut matrix = Matrix {
        seed,
        without_generator: wanted.iter().filter(|w| formats().all(|f| f != *w)).cloned().collect(),
        ..Matrix::default()
    };
    let formats = || plant::FORMATS.iter().filter(|f| wanted.contains(f.name));
    // In a table every decoy can stand.
    let for_decoys = formats().find(|f| f.is_table).or_else(|| formats().next()).map(|f| f.name);
    for format in formats() {
        let suited: Vec<&Canary> = canaries.iter().filter(|c| format.is_table || c.field.is_none()).collect();
        let mut pairs = BTreeMap::new();
        if effort == Effort::Whole {
            matrix.plant(&mut scanner, format, &suited, &mut pairs);
        } else {
            let (decoys, values): (Vec<&Canary>, Vec<&Canary>) = suited.into_iter().partition(|c| c.decoy);
            let first = one_of_each(&values);
            matrix.plant(&mut scanner, format, &first, &mut pairs);
            let missed: BTreeSet<&str> =
                values.iter().map(|c| c.info_type.as_str()).filter(|kind| !pairs[*kind].holds()).collect();
            if !missed.is_empty() {
                // Among others again: a file of few values is another file.
                let others = first.into_iter().filter(|c| !missed.contains(c.info_type.as_str()));
                let all = values.iter().filter(|c| missed.contains(c.info_type.as_str())).copied();
                let mut again = BTreeMap::new();
                matrix.plant(&mut scanner, format, &others.chain(all).collect::<Vec<_>>(), &mut again);
                let of_missed = again.into_iter().filter(|(kind, _)| missed.contains(kind.as_str()));
                pairs.extend(of_missed);
            }
            if for_decoys == Some(format.name) {
                matrix.plant(&mut scanner, format, &decoys, &mut pairs);
            }
        }
        matrix.pairs.extend(pairs.into_values());
    }
    matrix.pairs.sort_by(|a, b| (&a.info_type, a.format).cmp(&(&b.info_type, b.format)));
    matrix
}

impl Matrix {
    /// Plants values in one file and counts what is found of them.
    fn plant(
        &mut self,
        scanner: &mut Scanner,
        format: &Format,
        canaries: &[&Canary],
        pairs: &mut BTreeMap<String, Pair>,
    ) {
        let planted = (format.plant)(canaries);
        let found = found(scanner, format.file, &planted);
        for (canary, at) in canaries.iter().zip(&planted.places) {
            let taken = found.get(at);
            if canary.decoy {
                self.decoys += 1;
                self.false_alarms += u64::from(taken.is_some_and(|t| t.detectors.contains(&canary.detector)));
                continue;
            }
            let pair = pairs.entry(canary.info_type.clone()).or_insert_with(|| Pair {
                info_type: canary.info_type.clone(),
                format: format.name,
                planted: 0,
                found: 0,
            });
            pair.planted += 1;
            pair.found += u64::from(taken.is_some_and(|t| t.info_types.contains(&canary.info_type)));
        }
    }
}

/// The first value of each kind.
fn one_of_each<'a>(canaries: &[&'a Canary]) -> Vec<&'a Canary> {
    let mut seen = BTreeSet::new();
    canaries.iter().filter(|c| seen.insert(c.info_type.as_str())).copied().collect()
}

/// The examples and counterexamples of all enabled detectors, in an order that the seed decides.
fn canaries(plan: &ScanPlan, seed: u64) -> Vec<Canary> {
    let mut all = Vec::new();
    for definition in plan.detectors.definitions().filter(|d| !d.decoy) {
        let texts = definition.examples.iter().map(|t| (t, false));
        for (text, decoy) in texts.chain(definition.counterexamples.iter().map(|t| (t, true))) {
            let (text, _) = crate::detect::check::unmark(text);
            let (field, text) = match (definition.anchor, text.split_once(": ")) {
                (Anchor::Cell, Some((field, value))) => (Some(field.to_owned()), value.to_owned()),
                (Anchor::Cell, None) => continue,
                _ => (None, text),
            };
            all.push(Canary {
                detector: definition.id.clone(),
                info_type: definition.info_type.clone(),
                field,
                text,
                decoy,
            });
        }
    }
    plant::shuffle(&mut all, seed);
    all
}

/// What was found at one place.
#[derive(Default)]
struct Taken {
    info_types: BTreeSet<String>,
    detectors: BTreeSet<String>,
}

/// Everything found, by the line or row it stands in.
fn found(scanner: &mut Scanner, file: &str, planted: &Planted) -> BTreeMap<u64, Taken> {
    let mut found: BTreeMap<u64, Taken> = BTreeMap::new();
    let records: Vec<ItemRecord> = scanner.bytes(file, &planted.bytes);
    for finding in records.iter().flat_map(|r| &r.findings) {
        for occurrence in finding.occurrences.iter().filter(|o| o.place == Place::Content) {
            // A place counts from 0, whether it is a row or a line.
            let lines = || occurrence.line.map(|l| planted.place_of_line(l - 1));
            let Some(place) = occurrence.row.or_else(lines) else { continue };
            let taken = found.entry(place).or_default();
            taken.info_types.insert(finding.info_type.clone());
            taken.detectors.insert(finding.detector.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_formats() -> BTreeSet<String> {
        formats().map(str::to_owned).collect()
    }

    #[test]
    fn every_kind_is_found_in_every_format_and_no_decoy_is() {
        let plan = ScanPlan::builtin().expect("sound");
        let matrix = self_test(&plan, &all_formats(), 7, Effort::Whole);
        let missed: Vec<String> = matrix.summary().missed;
        assert!(missed.is_empty(), "{} of {}: {missed:?}", missed.len(), matrix.pairs.len());
        let kinds: BTreeSet<&str> = matrix.pairs.iter().map(|p| p.info_type.as_str()).collect();
        let detectors = plan.detectors.definitions().filter(|d| !d.decoy);
        let expected: BTreeSet<&str> = detectors.map(|d| d.info_type.as_str()).collect();
        assert_eq!(kinds, expected);
        assert_eq!(matrix.false_alarms, 0, "of {}", matrix.decoys);
        // The self-test of a run decides the same pairs with less.
        let planted = |m: &Matrix| m.pairs.iter().map(|p| p.planted).sum::<u64>();
        for seed in 0..8 {
            let less = self_test(&plan, &all_formats(), seed, Effort::Enough);
            assert!(less.summary().missed.is_empty(), "seed {seed}: {:?}", less.summary().missed);
            assert_eq!(less.pairs.len(), matrix.pairs.len(), "seed {seed}");
            assert!(less.decoys > 0 && less.decoys < matrix.decoys / 3);
            assert_eq!(less.false_alarms, 0);
            assert!(planted(&less) < planted(&matrix) / 2, "{} {}", planted(&less), planted(&matrix));
        }
    }

    #[test]
    fn a_detector_that_is_off_is_missed_nowhere_and_a_format_without_generator_is_named() {
        let plan = ScanPlan::builtin().expect("sound");
        let wanted = BTreeSet::from(["text".to_owned(), "sqlite".to_owned()]);
        let matrix = self_test(&plan, &wanted, 1, Effort::Enough);
        assert_eq!(matrix.without_generator, ["sqlite"]);
        assert!(matrix.pairs.iter().all(|p| p.format == "text"));
    }
}
