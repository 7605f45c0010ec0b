//! What an assessment adds up to, for the summary.

use std::collections::BTreeMap;

use super::text::counted;
use crate::govern::{Assessment, ControlOutcome};

/// Counts over all results of an assessment.
#[derive(Clone, Debug, Default)]
pub(super) struct Controls {
    as_of: String,
    by_outcome: BTreeMap<ControlOutcome, u64>,
    overdue: u64,
    overdue_excepted: u64,
    /// Results by reason, and the tests they are of.
    not_evaluated: BTreeMap<String, (u64, Vec<String>)>,
}

impl Controls {
    pub(super) fn of(assessment: &Assessment) -> Self {
        let mut controls = Self { as_of: assessment.as_of.to_string(), ..Self::default() };
        for result in &assessment.results {
            *controls.by_outcome.entry(result.outcome).or_default() += 1;
            if result.test_id == "RET-01" {
                controls.overdue += result.deviations;
                controls.overdue_excepted += result.excepted;
            }
            if result.outcome == ControlOutcome::NotEvaluated {
                let reason = result.reason.clone().unwrap_or_default();
                let (results, tests) = controls.not_evaluated.entry(reason).or_default();
                *results += 1;
                if !tests.contains(&result.test_id) {
                    tests.push(result.test_id.clone());
                }
            }
        }
        controls
    }

    /// Lines with their indent; 0 for the title.
    pub(super) fn lines(&self) -> Vec<(usize, String)> {
        let mut lines = vec![(0, format!("Controls, as of {}", self.as_of))];
        let count = |outcome: ControlOutcome| self.by_outcome.get(&outcome).copied().unwrap_or(0);
        let outcomes = ControlOutcome::ALL.map(|o| format!("{}\u{a0}{}", o.word(), count(o)));
        let results = counted(self.by_outcome.values().sum(), "result", "results");
        lines.push((2, format!("{results}: {}.", outcomes.join(", "))));
        let excepted = match self.overdue_excepted {
            0 => String::new(),
            n => format!(", and {n} under a hold or an approved exception"),
        };
        lines.push((2, format!("{} overdue{excepted}.", counted(self.overdue, "item is", "items are"))));
        for (reason, (results, tests)) in &self.not_evaluated {
            let results = counted(*results, "result", "results");
            lines.push((2, format!("Not evaluated, {reason}: {results} of {}.", tests.join(", "))));
        }
        lines
    }
}
