//! Verdicts of a test about members of a population, counted into one result.

use std::collections::{BTreeMap, BTreeSet};

use super::assess::{Assessing, Member};
use super::outcome::{ControlOutcome, ControlResult, Deviation};

/// What a test says of one member of a population.
pub enum Verdict {
    /// No deviation.
    Pass,
    /// A deviation; excepted if it names an exception or hold, or if a live exception covers it.
    Deviates(Box<Deviation>),
    /// Nothing can be said: a kebab-case reason.
    NotEvaluated(&'static str),
}

/// Counts verdicts into one result.
pub struct Tally<'a> {
    assessing: &'a Assessing<'a>,
    test: &'static str,
    system: Option<String>,
    class: Option<String>,
    population: u64,
    passed: u64,
    failed: u64,
    excepted: u64,
    not_evaluated: BTreeMap<String, u64>,
    deviating: Vec<Deviation>,
}

impl<'a> Tally<'a> {
    /// Begins a result.
    pub fn new(
        assessing: &'a Assessing<'a>,
        test: &'static str,
        system: Option<usize>,
        class: Option<usize>,
    ) -> Self {
        Self {
            assessing,
            test,
            system: system.map(|s| assessing.system(s).id.clone()),
            class: class.map(|c| assessing.policy.classes[c].id.clone()),
            population: 0,
            passed: 0,
            failed: 0,
            excepted: 0,
            not_evaluated: BTreeMap::new(),
            deviating: Vec::new(),
        }
    }

    /// Begins a result about a declared set, whose name stands in the place of the class.
    pub fn of_set(assessing: &'a Assessing<'a>, test: &'static str, set: &str) -> Self {
        Self { class: Some(set.to_owned()), ..Self::new(assessing, test, None, None) }
    }

    /// Counts one member; `member` is the item it is about, if it is about one.
    pub fn count(&mut self, member: Option<&Member<'_>>, verdict: Verdict) {
        self.population += 1;
        match verdict {
            Verdict::Pass => self.passed += 1,
            Verdict::NotEvaluated(reason) => *self.not_evaluated.entry(reason.to_owned()).or_default() += 1,
            Verdict::Deviates(mut deviation) => {
                if deviation.approved_exception.is_none() {
                    let exception = self.assessing.exception(self.test, member, self.class.as_deref());
                    deviation.approved_exception = exception.map(str::to_owned);
                }
                match deviation.approved_exception {
                    Some(_) => self.excepted += 1,
                    None => self.failed += 1,
                }
                self.deviating.push(*deviation);
            }
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.population == 0
    }

    /// The result; an empty population is not-applicable(no-items).
    pub fn finish(self) -> ControlResult {
        self.finish_or(ControlOutcome::NotApplicable, Some("no-items"))
    }

    /// The result of a test whose subject is absence: an empty population passes, if coverage lets it.
    pub fn finish_absence(self) -> ControlResult {
        self.finish_or(ControlOutcome::Pass, None)
    }

    fn finish_or(self, empty: ControlOutcome, reason: Option<&str>) -> ControlResult {
        let not_evaluated =
            self.not_evaluated.iter().max_by_key(|(_, n)| **n).map(|(reason, _)| reason.clone());
        let (outcome, reason) = match () {
            () if self.failed > 0 => {
                let reasons: BTreeSet<_> = self
                    .deviating
                    .iter()
                    .filter(|d| d.approved_exception.is_none())
                    .map(|d| d.reason.clone())
                    .collect();
                // One word for all of them, or none.
                let reason = if reasons.len() == 1 { reasons.into_iter().next().flatten() } else { None };
                (ControlOutcome::Fail, reason)
            }
            () if self.excepted > 0 => {
                let id = self.deviating.iter().find_map(|d| d.approved_exception.clone());
                (ControlOutcome::Excepted, id)
            }
            () if not_evaluated.is_some() => (ControlOutcome::NotEvaluated, not_evaluated),
            () if self.population == 0 => (empty, reason.map(str::to_owned)),
            () => (ControlOutcome::Pass, None),
        };
        ControlResult {
            test_id: self.test.to_owned(),
            criteria: Vec::new(),
            system: self.system,
            class: self.class,
            outcome,
            reason,
            population: self.population,
            evaluated: self.passed + self.failed + self.excepted,
            deviations: self.failed,
            excepted: self.excepted,
            not_evaluated: self.not_evaluated,
            note: None,
            deviating: self.deviating,
        }
    }
}

/// One result per declared system, and one for what was examined outside of them, of a test whose subject is absence.
pub fn absence_by_system<'a>(
    assessing: &'a Assessing<'a>,
    test: &'static str,
    judge: impl Fn(&Member<'a>) -> Verdict,
) -> Vec<ControlResult> {
    let one = |system| {
        let mut tally = Tally::new(assessing, test, system, None);
        assessing.examined(system).for_each(|member| tally.count(Some(member), judge(member)));
        tally.finish_absence()
    };
    assessing.systems().map(one).collect()
}

/// One result per class and system, over the items that hold the class.
pub fn by_class_and_system<'a>(
    assessing: &'a Assessing<'a>,
    test: &'static str,
    judge: impl Fn(usize, &Member<'a>) -> Verdict,
) -> Vec<ControlResult> {
    let one = |((class, system), members): (_, Vec<&Member<'a>>)| {
        let mut tally = Tally::new(assessing, test, system, Some(class));
        members.into_iter().for_each(|member| tally.count(Some(member), judge(class, member)));
        tally.finish()
    };
    assessing.by_class_and_system().into_iter().map(one).collect()
}

/// A result that is decided without looking at members.
pub fn decided(
    test: &'static str,
    system: Option<&str>,
    class: Option<&str>,
    outcome: ControlOutcome,
    reason: &str,
) -> ControlResult {
    ControlResult {
        test_id: test.to_owned(),
        criteria: Vec::new(),
        system: system.map(str::to_owned),
        class: class.map(str::to_owned),
        outcome,
        reason: Some(reason.to_owned()),
        population: 0,
        evaluated: 0,
        deviations: 0,
        excepted: 0,
        not_evaluated: BTreeMap::new(),
        note: None,
        deviating: Vec::new(),
    }
}
