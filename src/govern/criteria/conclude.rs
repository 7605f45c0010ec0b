//! Results of control tests to statements about criteria, which never say more than was tested.

use std::collections::BTreeMap;

use super::{Criteria, Criterion, Framework, Rating};
use crate::govern::outcome::{ControlOutcome, ControlResult, CriterionResult};

impl Criteria {
    /// What the results say about each criterion of these frameworks (of all, if none is named), in order.
    ///
    /// Criteria that no test tests are listed too, as not-evaluated: leaving them out would read as covered, and
    /// not-applicable would read as out of scope for the organization.
    pub fn conclude(&self, results: &[ControlResult], frameworks: &[String]) -> Vec<CriterionResult> {
        let mut by_test: BTreeMap<&str, Summed> = BTreeMap::new();
        for result in results {
            by_test.entry(&result.test_id).or_default().add(result);
        }
        self.all()
            .filter(|(f, _)| frameworks.is_empty() || frameworks.contains(&f.name))
            .map(|(f, c)| self.conclusion(f, c, &by_test))
            .collect()
    }

    fn conclusion(
        &self,
        framework: &Framework,
        criterion: &Criterion,
        by_test: &BTreeMap<&str, Summed>,
    ) -> CriterionResult {
        let none = Summed::default();
        let of = |supports: bool| -> Vec<Part<'_>> {
            let mut parts: Vec<Part<'_>> = criterion
                .links
                .iter()
                .filter(|link| (link.strength == Rating::Supports) == supports)
                .map(|link| Part {
                    test: &link.test_id,
                    counts: self.described(&link.test_id).map_or("items", |t| &t.counts),
                    sums: by_test.get(link.test_id.as_str()).unwrap_or(&none),
                })
                .collect();
            parts.sort_by_key(|part| part.test);
            parts
        };
        let (testing, supporting) = (of(false), of(true));
        let mut tests: Vec<String> = criterion.links.iter().map(|l| l.test_id.clone()).collect();
        tests.sort();
        let sum = |what: fn(&Summed) -> u64| testing.iter().map(|part| what(part.sums)).sum();
        CriterionResult {
            criterion: framework.full_id(criterion),
            framework: framework.name.clone(),
            edition: framework.edition.clone(),
            rating: criterion.rating.word().to_owned(),
            tests,
            outcome: testing.iter().map(|p| p.sums.outcome()).min().unwrap_or(ControlOutcome::NotEvaluated),
            population: sum(|s| s.population),
            evaluated: sum(|s| s.evaluated),
            deviations: sum(|s| s.deviations),
            statement: statement(criterion, &testing, &supporting),
        }
    }
}

/// All results of one test.
#[derive(Default)]
struct Summed {
    first: Option<ControlOutcome>,
    population: u64,
    evaluated: u64,
    deviations: u64,
    excepted: u64,
    /// How many were not evaluated, by reason; 0 where that was decided for no member in particular.
    not_evaluated: BTreeMap<String, u64>,
    /// Something can be said of what was evaluated.
    spoken: bool,
}

/// A test as it bears on one criterion.
struct Part<'a> {
    test: &'a str,
    counts: &'a str,
    sums: &'a Summed,
}

impl Summed {
    fn add(&mut self, result: &ControlResult) {
        self.first = Some(self.first.map_or(result.outcome, |first| first.min(result.outcome)));
        self.population += result.population;
        self.deviations += result.deviations;
        self.excepted += result.excepted;
        let reason = result.reason.clone().unwrap_or_else(|| "no-reason".to_owned());
        if result.outcome == ControlOutcome::NotEvaluated && !result.not_evaluated.contains_key(&reason) {
            // All of it is withheld (coverage, self-test, …): what was seen allows no statement.
            *self.not_evaluated.entry(reason).or_default() += result.population;
            return;
        }
        self.evaluated += result.evaluated;
        self.spoken |= result.outcome != ControlOutcome::NotApplicable
            && (result.evaluated > 0 || result.outcome != ControlOutcome::NotEvaluated);
        for (reason, n) in &result.not_evaluated {
            *self.not_evaluated.entry(reason.clone()).or_default() += n;
        }
    }

    /// A test without any result was not evaluated.
    fn outcome(&self) -> ControlOutcome {
        self.first.unwrap_or(ControlOutcome::NotEvaluated)
    }
}

fn statement(criterion: &Criterion, testing: &[Part<'_>], supporting: &[Part<'_>]) -> String {
    let evidence = criterion.evidence.as_deref().unwrap_or_default().trim_end_matches('.');
    match (testing.is_empty(), supporting.is_empty()) {
        _ if criterion.rating == Rating::None => Rating::None.meaning().to_owned(),
        (true, true) => format!("not evaluated: no control test bears on it; other evidence: {evidence}"),
        (true, false) => format!("not evaluated: only supported: {}", said(supporting)),
        (false, true) => said(testing),
        (false, false) => format!("{}; supported by: {}", said(testing), said(supporting)),
    }
}

/// What these tests noted, what was not evaluated and why, and what there was nothing to test of.
fn said(parts: &[Part<'_>]) -> String {
    // Most deviations first, then by test: tests with the same numbers share a sentence.
    let mut notes: Vec<(String, Vec<&str>)> = Vec::new();
    let mut spoken: Vec<&Part<'_>> = parts.iter().filter(|p| p.sums.spoken).collect();
    spoken.sort_by_key(|p| std::cmp::Reverse((p.sums.deviations, p.sums.excepted)));
    for part in spoken {
        let note = noted(part);
        match notes.iter_mut().find(|(n, _)| *n == note) {
            Some((_, tests)) => tests.push(part.test),
            None => notes.push((note, vec![part.test])),
        }
    }
    let mut sentences: Vec<String> =
        notes.into_iter().map(|(note, tests)| format!("{note} ({})", tests.join(", "))).collect();
    let mut reasons: Vec<String> = Vec::new();
    for part in parts {
        if part.sums.first.is_none() {
            reasons.push(format!("no result ({})", part.test));
        }
        for (reason, n) in &part.sums.not_evaluated {
            let count = if *n > 0 { format!(": {n}") } else { String::new() };
            reasons.push(format!("{reason}{count} ({})", part.test));
        }
    }
    if !reasons.is_empty() {
        sentences.push(format!("not evaluated: {}", reasons.join(", ")));
    }
    let empty: Vec<&str> = parts
        .iter()
        .filter(|p| p.sums.first == Some(ControlOutcome::NotApplicable))
        .map(|p| p.test)
        .collect();
    if !empty.is_empty() {
        sentences.push(format!("nothing in scope for {}", empty.join(", ")));
    }
    sentences.join("; ")
}

fn noted(part: &Part<'_>) -> String {
    let Summed { population, evaluated, deviations, excepted, .. } = part.sums;
    let deviations = match deviations {
        0 => "no deviations noted".to_owned(),
        1 => "1 deviation noted".to_owned(),
        n => format!("{n} deviations noted"),
    };
    let excepted = match excepted {
        0 => String::new(),
        n => format!(" beyond {n} under an approved exception or hold"),
    };
    format!("{deviations}{excepted} in {evaluated} of {population} {} evaluated", part.counts)
}

#[cfg(test)]
mod tests;
