//! What an assessment adds up to, grouped and in the order in which people want to know it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::text::{counted, printable, thousands, width};
use crate::govern::outcome::CriterionResult;
use crate::govern::{Assessment, ControlOutcome, ControlResult, Deviation};

/// Groups of overdue items that a summary shows.
const LATEST: usize = 5;

/// What stands in the place of a system for items outside all of them.
pub(super) const OUTSIDE: &str = "(no system)";

/// Tests whose results are about the whole run.
const WHOLE: [&str; 5] = ["DSP-06", "MON-03", "MON-05", "MON-06", "MON-07"];

/// The system and class of a result, where it has any: `crm / customer`.
pub(super) fn place(test: &str, system: Option<&str>, class: Option<&str>) -> String {
    let system = system.or_else(|| (!WHOLE.contains(&test)).then_some(OUTSIDE));
    let parts: Vec<&str> = system.into_iter().chain(class).collect();
    parts.join(" / ")
}

/// An assessment, summed up.
#[derive(Clone, Debug, Default)]
pub(super) struct Controls {
    pub as_of: Date,
    /// Tests that have a result.
    pub tests: usize,
    pub by_outcome: BTreeMap<ControlOutcome, u64>,
    /// Sums over all results: an item counts once for each test, class and system.
    pub population: u64,
    pub evaluated: u64,
    pub deviations: u64,
    pub excepted: u64,
    /// RET-01.
    pub overdue: Sum,
    /// The latest of it.
    pub latest: Vec<Late>,
    /// Groups and items beyond `latest`.
    pub more_overdue: (u64, u64),
    /// COL-01: items with each undeclared category, by system.
    pub undeclared: BTreeMap<String, BTreeMap<String, u64>>,
    /// COL-01: items outside all systems.
    pub outside: u64,
    /// All other tests that deviate, the most deviations first within a family.
    pub others: Vec<Sum>,
    /// What was not evaluated, by reason; the most results first.
    pub silent: Vec<Silent>,
    /// Criteria that are tested, all or a part; those of which the same is said together.
    pub criteria: Vec<(Vec<String>, String)>,
    /// Their framework.
    pub framework: String,
}

/// All results of one test.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    pub test: String,
    pub population: u64,
    pub evaluated: u64,
    pub deviations: u64,
    pub excepted: u64,
    /// Deviations by class, else by system; the most first.
    pub places: Vec<(String, u64)>,
}

/// Items of one file that are overdue in the same way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Late {
    pub path: String,
    pub items: u64,
    pub class: String,
    pub deviation: Deviation,
}

/// What was not evaluated for one reason.
#[derive(Clone, Debug, Default)]
pub(super) struct Silent {
    pub reason: String,
    pub results: u64,
    /// Results by test.
    pub tests: BTreeMap<String, u64>,
}

impl Controls {
    pub(super) fn of(assessment: &Assessment, criteria: &[CriterionResult]) -> Self {
        let results = &assessment.results;
        let mut controls = Self { as_of: assessment.as_of, ..Self::default() };
        let mut sums: BTreeMap<&str, Vec<&ControlResult>> = BTreeMap::new();
        let mut silent: BTreeMap<String, Silent> = BTreeMap::new();
        for result in results {
            *controls.by_outcome.entry(result.outcome).or_default() += 1;
            controls.population += result.population;
            controls.evaluated += result.evaluated;
            controls.deviations += result.deviations;
            controls.excepted += result.excepted;
            sums.entry(&result.test_id).or_default().push(result);
            if result.outcome == ControlOutcome::NotEvaluated {
                let reason = result.reason.clone().unwrap_or_default();
                let silent = silent.entry(reason.clone()).or_insert(Silent { reason, ..Silent::default() });
                silent.results += 1;
                *silent.tests.entry(result.test_id.clone()).or_default() += 1;
            }
            if result.test_id == "COL-01" {
                controls.undeclared(result);
            }
        }
        controls.tests = sums.len();
        controls.silent = silent.into_values().collect();
        controls.silent.sort_by_key(|s| Reverse(s.results));
        let sums: Vec<Sum> = sums.into_iter().map(|(test, results)| Sum::of(test, &results)).collect();
        controls.overdue = sums.iter().find(|s| s.test == "RET-01").cloned().unwrap_or_default();
        let told = ["RET-01", "COL-01"];
        controls.others =
            sums.into_iter().filter(|s| s.deviations > 0 && !told.contains(&s.test.as_str())).collect();
        let late = late(results);
        let more = late.get(LATEST..).unwrap_or_default();
        controls.more_overdue = (more.len() as u64, more.iter().map(|l| l.items).sum());
        controls.latest = late.into_iter().take(LATEST).collect();
        controls.conclude(criteria);
        controls
    }

    pub(super) fn count(&self, outcome: ControlOutcome) -> u64 {
        self.by_outcome.get(&outcome).copied().unwrap_or(0)
    }

    fn undeclared(&mut self, result: &ControlResult) {
        let Some(system) = &result.system else {
            self.outside = result.population;
            return;
        };
        for deviation in result.deviating.iter().filter(|d| d.approved_exception.is_none()) {
            let categories = self.undeclared.entry(system.clone()).or_default();
            for (category, _) in deviation.categories() {
                *categories.entry(category.to_owned()).or_default() += 1;
            }
        }
    }

    /// The criteria of SOC 2, where they were asked for; else those of the first framework.
    fn conclude(&mut self, criteria: &[CriterionResult]) {
        let soc2 = criteria.iter().find(|c| c.framework == "soc2");
        let Some(first) = soc2.or(criteria.first()) else { return };
        self.framework = if soc2.is_some() { "SOC 2".to_owned() } else { first.framework.clone() };
        let tested = |c: &&CriterionResult| {
            c.framework == first.framework && matches!(c.rating.as_str(), "tests" | "tests-part")
        };
        for criterion in criteria.iter().filter(tested) {
            let said = stated(criterion);
            match self.criteria.iter_mut().find(|(_, other)| *other == said) {
                Some((ids, _)) => ids.push(short_id(criterion).to_owned()),
                None => self.criteria.push((vec![short_id(criterion).to_owned()], said)),
            }
        }
    }
}

/// `P4.2` of `soc2:P4.2`.
pub(super) fn short_id(criterion: &CriterionResult) -> &str {
    criterion.criterion.split_once(':').map_or(criterion.criterion.as_str(), |(_, id)| id)
}

/// What may be said of a criterion in one line: numbers and no opinion.
pub(super) fn stated(criterion: &CriterionResult) -> String {
    let of = format!("{} of {} evaluated", thousands(criterion.evaluated), thousands(criterion.population));
    let part = if criterion.rating == "tests-part" { "tested in part: " } else { "tested: " };
    let said = match criterion.outcome {
        ControlOutcome::Fail => {
            format!("{} noted in {of}", counted(criterion.deviations, "deviation", "deviations"))
        }
        ControlOutcome::Excepted => format!("all deviations noted in {of} are under an exception or hold"),
        ControlOutcome::NotEvaluated if criterion.evaluated > 0 => {
            format!("no deviations noted in {of}, the rest not evaluated")
        }
        ControlOutcome::NotEvaluated => "not evaluated".to_owned(),
        ControlOutcome::Pass => format!("no deviations noted in {of}"),
        ControlOutcome::NotApplicable => "nothing in scope".to_owned(),
    };
    format!("{part}{said}")
}

impl Sum {
    pub(super) fn of(test: &str, results: &[&ControlResult]) -> Self {
        let sum = |what: fn(&ControlResult) -> u64| results.iter().map(|r| what(r)).sum();
        let mut places: BTreeMap<String, u64> = BTreeMap::new();
        for result in results.iter().filter(|r| r.deviations > 0) {
            let system = || place(test, result.system.as_deref(), None);
            *places.entry(result.class.clone().unwrap_or_else(system)).or_default() += result.deviations;
        }
        let mut places: Vec<(String, u64)> = places.into_iter().filter(|(p, _)| !p.is_empty()).collect();
        places.sort_by_key(|(_, n)| Reverse(*n));
        Self {
            test: test.to_owned(),
            population: sum(|r| r.population),
            evaluated: sum(|r| r.evaluated),
            deviations: sum(|r| r.deviations),
            excepted: sum(|r| r.excepted),
            places,
        }
    }
}

/// What is overdue and not excepted, entries of one file with the same rule and dates together; the latest first.
pub(super) fn late(results: &[ControlResult]) -> Vec<Late> {
    type Key<'a> = (&'a str, &'a str, Option<i64>, Option<Date>, Option<Date>);
    let mut groups: BTreeMap<Key<'_>, Late> = BTreeMap::new();
    for result in results.iter().filter(|r| r.test_id == "RET-01") {
        let class = result.class.as_deref().unwrap_or_default();
        for deviation in result.deviating.iter().filter(|d| d.approved_exception.is_none()) {
            let path = deviation.path.as_deref().unwrap_or_default();
            let file = path.split("!/").next().unwrap_or(path);
            let key = (file, class, deviation.days_over, deviation.trigger_date, deviation.due);
            let late = groups.entry(key).or_insert_with(|| Late {
                path: path.to_owned(),
                items: 0,
                class: class.to_owned(),
                deviation: deviation.clone(),
            });
            late.items += 1;
            if late.items > 1 {
                late.path = file.to_owned();
                let rows = late.deviation.rows.into_iter().chain(deviation.rows).reduce(|a, b| a + b);
                late.deviation.rows = rows;
            }
        }
    }
    let mut all: Vec<Late> = groups.into_values().collect();
    all.sort_by(|a, b| b.deviation.days_over.cmp(&a.deviation.days_over).then_with(|| a.path.cmp(&b.path)));
    all
}

/// `COL-02 7, RET-01 4, 3 more`: as many as go into so many columns, at least one.
pub(super) fn numbered<'a>(named: impl Iterator<Item = (&'a String, &'a u64)>, columns: usize) -> String {
    let all: Vec<String> =
        named.map(|(name, n)| format!("{}\u{a0}{}", printable(name), thousands(*n))).collect();
    let said = |shown: usize| match all.len() - shown {
        0 => all.join(", "),
        more => format!("{}, {more}\u{a0}more", all[..shown].join(", ")),
    };
    let fits = (1..=all.len()).rev().map(said).find(|text| width(text) <= columns);
    fits.unwrap_or_else(|| said(all.len().min(1)))
}
