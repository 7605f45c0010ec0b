//! What each test said over time.

use std::collections::BTreeMap;

use super::PeriodRun;
use crate::govern::outcome::{ControlOutcome, ControlResult};

/// A test over a class in a system, run by run.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// `RET-01`
    pub test_id: String,
    /// Declared system.
    pub system: Option<String>,
    /// Class.
    pub class: Option<String>,
    /// For each run: what was said, the population and its deviations; `None`: this was not asked then.
    pub said: Vec<Option<Said>>,
}

/// What one run said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// The outcome.
    pub outcome: ControlOutcome,
    /// What it is about.
    pub population: u64,
    /// Of these, what was evaluated.
    pub evaluated: u64,
    /// Of these, what deviates without exception.
    pub deviations: u64,
    /// Of these, what deviates under an exception or hold.
    pub excepted: u64,
}

/// One letter for an outcome: `F`, `e`, `n`, `p` or `·`; a space where nothing was said.
pub fn letter(said: Option<Said>) -> char {
    match said.map(|s| s.outcome) {
        Some(ControlOutcome::Fail) => 'F',
        Some(ControlOutcome::Excepted) => 'e',
        Some(ControlOutcome::NotEvaluated) => 'n',
        Some(ControlOutcome::Pass) => 'p',
        Some(ControlOutcome::NotApplicable) => '·',
        None => ' ',
    }
}

/// Every test, system and class that had a population in one of the runs, or whose absence passed or failed.
pub(super) fn series(runs: &[&PeriodRun]) -> Vec<Series> {
    type Key<'a> = (&'a str, Option<&'a str>, Option<&'a str>);
    let mut all: BTreeMap<Key<'_>, Vec<Option<Said>>> = BTreeMap::new();
    for (at, run) in runs.iter().enumerate() {
        for result in run.kept.iter().flat_map(|k| &k.results) {
            let key = (result.test_id.as_str(), result.system.as_deref(), result.class.as_deref());
            all.entry(key).or_insert_with(|| vec![None; runs.len()])[at] = Some(said(result));
        }
    }
    all.into_iter()
        .filter(|(_, said)| said.iter().flatten().any(|s| s.population > 0 || s.deviations > 0))
        .map(|((test, system, class), said)| Series {
            test_id: test.to_owned(),
            system: system.map(str::to_owned),
            class: class.map(str::to_owned),
            said,
        })
        .collect()
}

fn said(result: &ControlResult) -> Said {
    Said {
        outcome: result.outcome,
        population: result.population,
        evaluated: result.evaluated,
        deviations: result.deviations,
        excepted: result.excepted,
    }
}
