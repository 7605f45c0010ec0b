//! What is absent was only looked for where coverage held, by detectors that were on and work.

use std::collections::BTreeSet;

use super::Assessing;
use crate::govern::outcome::{ControlOutcome, ControlResult};

/// Tests whose results without a class say that nothing of any kind is there.
const OF_ANY_KIND: &[&str] = &["COL-01", "COL-05", "RET-02", "DIS-05", "DIS-06", "DSP-07"];

/// Withholds what is said about absence where coverage or the detectors did not hold.
pub(super) fn apply(results: &mut [ControlResult], assessing: &Assessing<'_>) {
    let systems = |test: &str, wanted: &dyn Fn(ControlOutcome) -> bool| -> BTreeSet<Option<String>> {
        let fits = |r: &&ControlResult| r.test_id == test && wanted(r.outcome);
        results.iter().filter(fits).map(|r| r.system.clone()).collect()
    };
    let fails = |o: ControlOutcome| o == ControlOutcome::Fail;
    let uncovered: BTreeSet<Option<String>> = &systems("MON-01", &fails) | &systems("MON-02", &fails);
    let covered = systems("MON-01", &|o| o == ControlOutcome::Pass);
    let unseen = systems("MON-01", &|o| o == ControlOutcome::NotEvaluated);
    let self_test = !systems("MON-06", &fails).is_empty();
    for result in results.iter_mut().filter(|r| !r.test_id.starts_with("MON-")) {
        let passes = result.outcome == ControlOutcome::Pass;
        let none =
            result.outcome == ControlOutcome::NotApplicable && result.reason.as_deref() == Some("no-items");
        if !passes && !none {
            continue;
        }
        let uncovered = match &result.system {
            None => !uncovered.is_empty(),
            // Nothing at all in a system is worth as much as the proof that it was looked at.
            system => {
                let empty = none || result.population == 0;
                uncovered.contains(system) || unseen.contains(system) || empty && !covered.contains(system)
            }
        };
        let class = result.class.as_deref().and_then(|id| assessing.class_index(id));
        match () {
            () if class.is_some_and(|c| !assessing.detected[c]) => result.withhold("detector-off"),
            () if assessing.facts.run.detectors_left_out
                && class.is_none()
                && OF_ANY_KIND.contains(&result.test_id.as_str()) =>
            {
                result.withhold("detector-off");
            }
            () if uncovered => result.withhold("coverage"),
            () if self_test => result.withhold("self-test"),
            () => {}
        }
    }
}
