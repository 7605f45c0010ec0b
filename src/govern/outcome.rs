//! What a control test says: five outcomes, the population, and each deviation.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::policy::Source;

/// The five outcomes, in the order in which one stands for many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControlOutcome {
    /// Deviations were noted.
    Fail,
    /// All deviations are covered by a live, approved exception or a hold.
    Excepted,
    /// Nothing can be said, for a reason.
    NotEvaluated,
    /// No deviations noted.
    Pass,
    /// There is nothing that the test is about.
    NotApplicable,
}

impl ControlOutcome {
    /// All, in order.
    pub const ALL: [ControlOutcome; 5] = [
        ControlOutcome::Fail,
        ControlOutcome::Excepted,
        ControlOutcome::NotEvaluated,
        ControlOutcome::Pass,
        ControlOutcome::NotApplicable,
    ];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            ControlOutcome::Fail => "fail",
            ControlOutcome::Excepted => "excepted",
            ControlOutcome::NotEvaluated => "not-evaluated",
            ControlOutcome::Pass => "pass",
            ControlOutcome::NotApplicable => "not-applicable",
        }
    }

    /// The outcome that a word names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.word() == word)
    }
}

/// One result: a test, over a class in a system.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlResult {
    /// `RET-01`
    pub test_id: String,
    /// Criteria it bears on, `framework:id`.
    pub criteria: Vec<String>,
    /// Declared system; `None`: the whole run, or what is in no system.
    pub system: Option<String>,
    /// Class; `None`: the system as such.
    pub class: Option<String>,
    /// The first of fail, excepted, not-evaluated, pass, not-applicable among the population.
    pub outcome: ControlOutcome,
    /// Why, where the outcome needs one; kebab-case.
    pub reason: Option<String>,
    /// What the result is about.
    pub population: u64,
    /// Of these, what was evaluated.
    pub evaluated: u64,
    /// Of these, what deviates without exception.
    pub deviations: u64,
    /// Of these, what deviates under a live exception or hold.
    pub excepted: u64,
    /// What was not evaluated, by reason.
    pub not_evaluated: BTreeMap<String, u64>,
    /// What a reader has to know besides.
    pub note: Option<String>,
    /// Every deviation, excepted ones too.
    pub deviating: Vec<Deviation>,
}

impl ControlResult {
    /// Takes back what it says about absence: not evaluated, for a kebab-case reason.
    pub(super) fn withhold(&mut self, reason: &str) {
        self.outcome = ControlOutcome::NotEvaluated;
        self.reason = Some(reason.to_owned());
    }
}

/// One member of a population that deviates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deviation {
    /// The item; `None` where it is not about one.
    pub item_id: Option<String>,
    /// Its path as it may be printed.
    pub path: Option<String>,
    /// Who answers: of the class, else of the system, else of the file.
    pub owner: Option<String>,
    /// Tier of the item.
    pub tier: Option<String>,
    /// Retention rule.
    pub rule: Option<String>,
    /// Where the trigger date comes from.
    pub trigger_source: Option<Source>,
    /// Trigger date; of many rows the oldest.
    pub trigger_date: Option<Date>,
    /// Due day, without grace.
    pub due: Option<Date>,
    /// Days since due + grace.
    pub days_over: Option<i64>,
    /// Rows it is about.
    pub rows: Option<u64>,
    /// Kebab-case word for what is wrong, where the test has several.
    pub reason: Option<String>,
    /// What is wrong, in our own words, names of the policy and categories.
    pub detail: Option<String>,
    /// Id of the exception or hold that covers it.
    pub approved_exception: Option<String>,
}

impl Deviation {
    /// The categories that the detail names, with their number of matches; none where it is about something else.
    pub fn categories(&self) -> Vec<(&str, u64)> {
        let Some((named, _)) = self.detail.as_deref().and_then(|d| d.split_once(": ")) else {
            return Vec::new();
        };
        named.split(", ").map(counted).collect::<Option<Vec<_>>>().unwrap_or_default()
    }
}

/// `contact.email (3)`
fn counted(part: &str) -> Option<(&str, u64)> {
    let (category, count) = part.strip_suffix(')')?.split_once(" (")?;
    Some((category, count.parse().ok()?))
}

/// What the results of a run say about one criterion of a framework.
#[derive(Clone, Debug, PartialEq)]
pub struct CriterionResult {
    /// `framework:id`, as in [`ControlResult::criteria`]: `soc2:P4.2`.
    pub criterion: String,
    /// Short name of the framework: `soc2`.
    pub framework: String,
    /// Its edition.
    pub edition: String,
    /// `tests`, `tests-part`, `supports` or `none`.
    pub rating: String,
    /// Control tests that bear on it, those that only support it too.
    pub tests: Vec<String>,
    /// The first of fail, excepted, not-evaluated, pass, not-applicable among the results of tests that test it, all or
    /// a part; not-evaluated where none does.
    pub outcome: ControlOutcome,
    /// Sum over these results: an item counts once for each test and class.
    pub population: u64,
    /// Sum over these results, without those that are withheld.
    pub evaluated: u64,
    /// Sum over these results.
    pub deviations: u64,
    /// What may be said and what not.
    pub statement: String,
}
