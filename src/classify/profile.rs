//! What was counted in one item: mergeable tallies per field and detector.

use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};

use super::sketch::Sketch;
use super::taxonomy::CategoryIndex;
use crate::model::{FieldId, Occurrence};

/// Combinations of categories that are told apart per item; rows with further ones are counted together.
const MAX_COMBINATIONS: usize = 256;

/// A field and what was seen of its values.
#[derive(Clone, Debug, Default)]
pub struct FieldTally {
    /// Verbatim name.
    pub name: Vec<u8>,
    /// The name as it may be printed.
    pub shown: String,
    /// 0-based index.
    pub index: u32,
    /// Non-empty values examined.
    pub values: u64,
}

/// What one tally is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// `None` for running text, names and comments.
    pub field: Option<FieldId>,
    /// Index of the detector.
    pub detector: u16,
    /// Published test values are counted apart.
    pub test: bool,
}

/// Counts of one detector in one field.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Matches that count.
    pub count: u64,
    /// Of these, how many fill their cell.
    pub whole: u64,
    /// Highest score.
    pub best: f32,
    pub(super) distinct: Sketch,
    /// Kept occurrences.
    pub kept: Vec<Occurrence>,
}

/// One match as the profile counts it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What it is about.
    pub key: Key,
    /// Its score.
    pub score: f32,
    /// How often the value stands there.
    pub times: u64,
    /// Whether it fills its cell.
    pub whole: bool,
    /// The value in the form that equality means.
    pub normalized: &'a [u8],
}

/// Everything counted in one item, or in a part of it.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    fields: Vec<FieldTally>,
    tallies: FxHashMap<Key, Tally>,
    combinations: FxHashMap<u128, u64>,
    other_combinations: u64,
}

impl Profile {
    /// Declares a field; ids count from 0.
    pub fn field(&mut self, name: &[u8], shown: String, index: u32) -> FieldId {
        self.fields.push(FieldTally { name: name.to_vec(), shown, index, values: 0 });
        FieldId(self.fields.len() as u32 - 1)
    }

    /// Counts examined values of a field.
    pub fn examined(&mut self, field: FieldId, values: u64) {
        if let Some(field) = self.fields.get_mut(field.0 as usize) {
            field.values += values;
        }
    }

    /// Non-empty values examined in all fields.
    pub fn values_examined(&self) -> u64 {
        self.fields.iter().map(|f| f.values).sum()
    }

    /// Counts a match. Returns whether an occurrence of it is still wanted, given how many are kept.
    pub fn count(&mut self, seen: &Seen<'_>, keep: usize) -> bool {
        let tally = self.tallies.entry(seen.key).or_default();
        tally.count += seen.times;
        tally.whole += if seen.whole { seen.times } else { 0 };
        tally.best = tally.best.max(seen.score);
        tally.distinct.add(hash(seen.normalized));
        tally.kept.len() < keep
    }

    /// Keeps an occurrence of a match counted before.
    pub fn keep(&mut self, key: Key, occurrence: Occurrence) {
        self.tallies.entry(key).or_default().kept.push(occurrence);
    }

    /// Counts rows in which the categories of `mask` (bit = [`CategoryIndex`]) meet.
    pub fn combination(&mut self, mask: u128, rows: u64) {
        if mask.count_ones() < 2 {
            return;
        }
        if self.combinations.len() < MAX_COMBINATIONS || self.combinations.contains_key(&mask) {
            *self.combinations.entry(mask).or_default() += rows;
        } else {
            self.other_combinations += rows;
        }
    }

    /// Category combinations by name, most frequent first; `name` gives the name of a category.
    pub fn co_occurrence(&self, name: &dyn Fn(CategoryIndex) -> String) -> Vec<(String, u64)> {
        let mut all: Vec<(String, u64)> = self
            .combinations
            .iter()
            .map(|(mask, rows)| {
                let mut names: Vec<String> =
                    (0..128).filter(|i| mask >> i & 1 == 1).map(|i| name(CategoryIndex(i))).collect();
                names.sort();
                (names.join("+"), *rows)
            })
            .collect();
        if self.other_combinations > 0 {
            all.push(("other".to_owned(), self.other_combinations));
        }
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all
    }

    /// Adds what was counted in another part of the same item, with the same fields; `keep` as in [`Profile::count`].
    pub fn merge(&mut self, other: Profile, keep: usize) {
        if self.fields.is_empty() {
            self.fields = other.fields;
        } else {
            self.fields.iter_mut().zip(&other.fields).for_each(|(a, b)| a.values += b.values);
        }
        for (key, theirs) in other.tallies {
            let ours = self.tallies.entry(key).or_default();
            ours.count += theirs.count;
            ours.whole += theirs.whole;
            ours.best = ours.best.max(theirs.best);
            ours.distinct.merge(theirs.distinct);
            ours.kept.extend(theirs.kept);
            ours.kept.truncate(keep);
        }
        for (mask, rows) in other.combinations {
            self.combination(mask, rows);
        }
        self.other_combinations += other.other_combinations;
    }

    pub(super) fn into_parts(self) -> (Vec<FieldTally>, FxHashMap<Key, Tally>) {
        (self.fields, self.tallies)
    }
}

fn hash(value: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(value);
    let h = hasher.finish();
    // Fx leaves weak high bits, which the sketch takes its register from.
    let h = (h ^ (h >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    h ^ (h >> 29)
}
