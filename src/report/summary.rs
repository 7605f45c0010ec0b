//! What the items of a run add up to, in bounded memory and independent of their order.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Finding, ItemRecord, Ledger, Outcome, Reason};

/// How many places and no more are kept.
pub const TOP_PLACES: usize = 5;

/// How many example paths are kept per reason.
const EXAMPLES: usize = 3;

const LIKELY_TEST: &str = "likely_test";

/// Sums over item records. Add each record once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Items by outcome and reason, and bytes examined.
    pub ledger: Ledger,
    /// All findings but those in published test values.
    pub total: Tally,
    /// Findings in published test or documentation values.
    pub likely_test: Tally,
    /// The same as `total` by tier and category, the most sensitive tier first.
    pub groups: BTreeMap<Group, Tally>,
    /// The same as `total` by info type.
    pub info_types: BTreeMap<String, Tally>,
    /// What was not, or not wholly, read: by outcome word and reason.
    pub unread: BTreeMap<(&'static str, Reason), Unread>,
    places: Vec<Place>,
}

/// A tier and a category of data. Sorted from the most sensitive tier down.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    rank: u8,
    /// The tier.
    pub tier: String,
    /// The category, dotted.
    pub category: String,
}

/// Counts of findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Findings: an info type in a field of an item.
    pub findings: u64,
    /// Matches of these findings.
    pub matches: u64,
    /// Items with such findings.
    pub items: u64,
    /// Info types among them.
    pub info_types: BTreeSet<String>,
}

/// Items with one reason for not having been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many items.
    pub items: u64,
    /// The first few of their paths, in path order.
    pub examples: BTreeSet<String>,
}

/// An item that holds much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    weight: u64,
    /// The item's path as it may be printed.
    pub path: String,
    /// Highest tier in it.
    pub tier: String,
    /// Matches in it, without test values.
    pub matches: u64,
    /// Matches by info type, what weighs most first.
    pub info_types: Vec<(String, u64)>,
}

impl Summary {
    /// Counts one item.
    pub fn add(&mut self, record: &ItemRecord) {
        self.ledger.add(record.outcome, record.bytes_examined);
        self.add_unread(record);

        let (mut tested, mut found) = (false, false);
        let mut groups = BTreeSet::new();
        let mut info_types = BTreeSet::new();
        for finding in &record.findings {
            if is_test(finding) {
                self.likely_test.add(finding, !tested);
                tested = true;
                continue;
            }
            let group = Group {
                rank: rank(&finding.tier),
                tier: finding.tier.clone(),
                category: finding.category.clone(),
            };
            self.total.add(finding, !found);
            self.groups.entry(group.clone()).or_default().add(finding, groups.insert(group));
            let new = info_types.insert(finding.info_type.as_str());
            self.info_types.entry(finding.info_type.clone()).or_default().add(finding, new);
            found = true;
        }
        if found {
            self.add_place(record);
        }
    }

    /// The items that hold most, by matches weighted by tier; each step in tier weighs ten times as much.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The most sensitive tier found, without test values.
    pub fn highest_tier(&self) -> Option<&str> {
        self.groups.keys().next().map(|g| g.tier.as_str())
    }

    fn add_unread(&mut self, record: &ItemRecord) {
        let reasons: BTreeSet<Reason> =
            record.outcome.reason().into_iter().chain(record.gaps.iter().map(|g| g.reason)).collect();
        // A gap in an item that counts as read is still something not read.
        let word = match record.outcome {
            Outcome::Scanned => "partial",
            other => other.word(),
        };
        for reason in reasons {
            let unread = self.unread.entry((word, reason)).or_default();
            unread.items += 1;
            // The smallest paths, not the first to come: workers finish in any order.
            if unread.examples.len() < EXAMPLES
                || unread.examples.last().is_some_and(|l| record.printed_path < *l)
            {
                unread.examples.insert(record.printed_path.clone());
                if unread.examples.len() > EXAMPLES {
                    unread.examples.pop_last();
                }
            }
        }
    }

    fn add_place(&mut self, record: &ItemRecord) {
        let counted = || record.findings.iter().filter(|f| !is_test(f));
        let weight = counted().fold(0u64, |sum, f| sum.saturating_add(weight(f)));
        let better = |p: &Place| (p.weight, &record.printed_path) > (weight, &p.path);
        let at = self.places.partition_point(better);
        if at >= TOP_PLACES {
            return;
        }
        let mut types: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for finding in counted() {
            let (weights, matches) = types.entry(&finding.info_type).or_default();
            *weights = weights.saturating_add(self::weight(finding));
            *matches = matches.saturating_add(finding.count);
        }
        let mut types: Vec<_> = types.into_iter().collect();
        types.sort_by_key(|(_, (weights, _))| std::cmp::Reverse(*weights));
        let place = Place {
            weight,
            path: record.printed_path.clone(),
            tier: counted().map(|f| &f.tier).min_by_key(|t| rank(t)).cloned().unwrap_or_default(),
            matches: counted().fold(0u64, |sum, f| sum.saturating_add(f.count)),
            info_types: types.into_iter().map(|(name, (_, n))| (name.to_owned(), n)).collect(),
        };
        self.places.insert(at, place);
        self.places.truncate(TOP_PLACES);
    }
}

impl Tally {
    fn add(&mut self, finding: &Finding, new_item: bool) {
        self.findings += 1;
        self.matches = self.matches.saturating_add(finding.count);
        self.items += u64::from(new_item);
        if !self.info_types.contains(&finding.info_type) {
            self.info_types.insert(finding.info_type.clone());
        }
    }
}

fn is_test(finding: &Finding) -> bool {
    finding.flags.iter().any(|f| f == LIKELY_TEST)
}

fn rank(tier: &str) -> u8 {
    match tier {
        "restricted" => 0,
        "confidential" => 1,
        "internal" => 2,
        "public" => 3,
        _ => 4,
    }
}

fn weight(finding: &Finding) -> u64 {
    finding.count.saturating_mul(10u64.pow(3 - u32::from(rank(&finding.tier).min(3))))
}
