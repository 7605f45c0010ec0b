//! Findings and occurrences: what was found, how sure we are, and where, without the value.

use super::content::Place;
use super::evidence::Evidence;
use super::item::{Gap, Item, Outcome};

/// How likely a finding is what it says; the five words of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Likelihood {
    /// Score below 0.2.
    VeryUnlikely,
    /// Score from 0.2.
    Unlikely,
    /// Score from 0.45.
    Possible,
    /// Score from 0.7.
    Likely,
    /// Score from 0.9.
    VeryLikely,
}

impl Likelihood {
    /// From the lowest to the highest.
    pub const ALL: [Likelihood; 5] = [
        Likelihood::VeryUnlikely,
        Likelihood::Unlikely,
        Likelihood::Possible,
        Likelihood::Likely,
        Likelihood::VeryLikely,
    ];

    /// The level of a score between 0 and 1.
    pub fn of(score: f32) -> Self {
        match score {
            s if s >= 0.9 => Likelihood::VeryLikely,
            s if s >= 0.7 => Likelihood::Likely,
            s if s >= 0.45 => Likelihood::Possible,
            s if s >= 0.2 => Likelihood::Unlikely,
            _ => Likelihood::VeryUnlikely,
        }
    }

    /// The score a detector of this base level starts from.
    pub fn base_score(self) -> f32 {
        match self {
            Likelihood::VeryUnlikely => 0.1,
            Likelihood::Unlikely => 0.3,
            Likelihood::Possible => 0.5,
            Likelihood::Likely => 0.75,
            Likelihood::VeryLikely => 0.95,
        }
    }

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Likelihood::VeryUnlikely => "very_unlikely",
            Likelihood::Unlikely => "unlikely",
            Likelihood::Possible => "possible",
            Likelihood::Likely => "likely",
            Likelihood::VeryLikely => "very_likely",
        }
    }

    /// The level that a word of the contract names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|l| l.word() == word)
    }
}

/// Reasons for a likelihood, as a small set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signals(pub u16);

impl Signals {
    /// A validator (checksum, structure, range) accepted the value.
    pub const CHECKSUM: Signals = Signals(1);
    /// A hotword stands near.
    pub const HOTWORD: Signals = Signals(2);
    /// The field's name speaks of it.
    pub const FIELD_NAME: Signals = Signals(4);
    /// A word stands near that speaks against it.
    pub const NEGATIVE_HOTWORD: Signals = Signals(8);
    /// The value fills its whole cell.
    pub const WHOLE_VALUE: Signals = Signals(16);
    /// A published test or documentation value.
    pub const LIKELY_TEST: Signals = Signals(32);
    /// Found in a dictionary.
    pub const DICTIONARY: Signals = Signals(64);

    const WORDS: [(Signals, &'static str); 7] = [
        (Signals::CHECKSUM, "checksum"),
        (Signals::HOTWORD, "hotword"),
        (Signals::FIELD_NAME, "field_name"),
        (Signals::NEGATIVE_HOTWORD, "negative_hotword"),
        (Signals::WHOLE_VALUE, "whole_value"),
        (Signals::LIKELY_TEST, "likely_test"),
        (Signals::DICTIONARY, "dictionary"),
    ];

    /// Whether all of `other` is in this set.
    pub fn has(self, other: Signals) -> bool {
        self.0 & other.0 == other.0
    }

    /// Adds `other`.
    pub fn add(&mut self, other: Signals) {
        self.0 |= other.0;
    }

    /// The one signal that a word of the contract names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, w)| *w == word).map(|(signal, _)| *signal)
    }

    /// The words of the contract, in a fixed order.
    pub fn words(self) -> Vec<&'static str> {
        Self::WORDS.iter().filter(|(s, _)| self.has(*s)).map(|(_, w)| *w).collect()
    }
}

/// How a field and an info type relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The values of the field are this.
    Is,
    /// Some values, or running text, contain it.
    Contains,
}

impl Relation {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Relation::Is => "is",
            Relation::Contains => "contains",
        }
    }
}

/// One info type in one field of one item, with counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Hex of SHA-256 over item id, field, detector and test flag, 32 digits.
    pub finding_id: String,
    /// Name of the field with what was found in it masked; `None` for running text, names and comments.
    pub field: Option<String>,
    /// 0-based index of the field.
    pub field_index: Option<u32>,
    /// `UPPER_SNAKE` info type.
    pub info_type: String,
    /// Detector id.
    pub detector: String,
    /// Dotted data category.
    pub category: String,
    /// `public`, `internal`, `confidential` or `restricted`.
    pub tier: String,
    /// Legal and handling flags, sorted; `likely_test` among them.
    pub flags: Vec<String>,
    /// Is or contains.
    pub relation: Relation,
    /// Highest likelihood among the counted matches.
    pub likelihood: Likelihood,
    /// The score behind it, 0 to 1.
    pub score: f32,
    /// Matches at or above the run's minimum likelihood.
    pub count: u64,
    /// Non-empty values of the field that were examined; `None` where there are no fields.
    pub values_examined: Option<u64>,
    /// Estimated number of distinct values among `count`.
    pub distinct_estimate: u64,
    /// Kept occurrences, the first in item order.
    pub occurrences: Vec<Occurrence>,
}

/// A located, masked sample of a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// Where in the item.
    pub place: Place,
    /// Byte offset in the innermost decoded content.
    pub offset: Option<u64>,
    /// Length in bytes.
    pub length: Option<u64>,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Column in code points, from 1.
    pub column: Option<u64>,
    /// 0-based data row.
    pub row: Option<u64>,
    /// The masked value.
    pub mask: String,
    /// Keyed fingerprint, 32 hex digits of HMAC-SHA-256.
    pub fingerprint: String,
    /// Likelihood of this match.
    pub likelihood: Likelihood,
    /// Why.
    pub signals: Signals,
}

/// Everything that is kept of one item: its outcome, gaps and findings.
#[derive(Clone, Debug)]
pub struct ItemRecord {
    /// The item. Its path is raw: only `printed_path` may leave the process.
    pub item: Item,
    /// The path as it may be printed.
    pub printed_path: String,
    /// Format, where it was identified.
    pub format: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What was not examined.
    pub gaps: Vec<Gap>,
    /// Non-empty values examined in fields.
    pub values_examined: u64,
    /// Bytes of decoded content examined.
    pub bytes_examined: u64,
    /// Data rows or records read.
    pub rows: Option<u64>,
    /// Findings, by field index, info type, detector.
    pub findings: Vec<Finding>,
    /// Which categories meet in one row or record, and in how many rows: sorted category names joined by `+`.
    pub co_occurrence: Vec<(String, u64)>,
    /// What a policy may ask about.
    pub evidence: Evidence,
}
