//! What a period is told from: the runs of a record.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::tz::TimeZone;

use crate::cli::governed::{day, parse};
use crate::cli::population::Period;
use crate::govern::Policy;
use crate::govern::period::{KeptRun, Leave, PeriodRun, period};
use crate::record::{Event, Manifest, Record, Run, RunState};
use crate::report::Sheet;
use crate::report::views::{About, show_period};

/// The sheet of a period. Runs before it are read too: since when a deviation is open stands there.
pub(super) fn sheet(record: &Record, days: Period) -> Result<Sheet> {
    let mut policies: BTreeMap<String, Policy> = BTreeMap::new();
    let mut runs = Vec::new();
    for run in record.runs().iter().filter(|r| r.as_of <= days.last) {
        let kept = if run.is_kept() { Some(kept(record, run, &mut policies)?) } else { None };
        runs.push(PeriodRun {
            sequence: run.sequence,
            name: run.name.clone(),
            as_of: run.as_of,
            completed: run.state == RunState::Completed,
            state: run.state.word(),
            kept,
        });
    }
    let period = period(&runs, days.first, days.last);
    Ok(show_period(&period, &runs, &about(record, days)))
}

/// Items wholly read, and items that were not left out by decision.
pub(super) fn read(manifest: &Manifest) -> (u64, u64) {
    let items = |word: &str| -> u64 {
        manifest.coverage.outcomes.iter().filter(|o| o.outcome == word).map(|o| o.items).sum()
    };
    (items("scanned"), manifest.coverage.discovered.saturating_sub(items("skipped")))
}

fn kept(record: &Record, run: &Run, policies: &mut BTreeMap<String, Policy>) -> Result<KeptRun> {
    let manifest = record.manifest(run)?;
    let configuration = &manifest.configuration;
    let mut policy = None;
    if let Some(copy) = &configuration.policy {
        if !policies.contains_key(&copy.sha256)
            && let Some(text) = record.policy_text(run, &manifest)?
        {
            policies.insert(copy.sha256.clone(), parse(&text, "policy.toml")?);
        }
        policy = policies.get(&copy.sha256);
    }
    let (scanned, wanted) = read(&manifest);
    let results = match policy {
        Some(_) => record.assessment(run, &manifest)?.0.results,
        None => Vec::new(),
    };
    let end = record.lines().iter().find(|l| l.run == run.name && matches!(l.event, Event::End { .. }));
    Ok(KeptRun {
        items: manifest.coverage.discovered,
        wanted,
        scanned,
        head: end.map(|l| l.hash.clone()).unwrap_or_default(),
        tool: manifest.tool.version.clone(),
        binary: manifest.tool.binary_sha256.clone(),
        detectors: configuration.detectors_digest.clone(),
        policy: configuration.policy.as_ref().map(|p| (p.version.clone(), p.sha256.clone())),
        cadence: policy.and_then(|p| p.scope.cadence),
        settings: configuration.settings.clone(),
        self_test: manifest.self_test.clone(),
        leave: policy.map(leave).unwrap_or_default(),
        results,
    })
}

fn leave(policy: &Policy) -> BTreeMap<String, Leave> {
    let exceptions = policy.exceptions.iter().map(|e| {
        let leave = Leave { hold: false, approved_by: Some(e.approved_by.clone()), until: Some(e.expires) };
        (e.id.clone(), leave)
    });
    let holds = policy
        .holds
        .iter()
        .map(|h| (h.id.clone(), Leave { hold: true, approved_by: None, until: h.review_by }));
    exceptions.chain(holds).collect()
}

/// Decisions of the period by their day. Anchors that were noted after it hold its runs too.
fn about(record: &Record, days: Period) -> About {
    let anchors = record.anchors().iter().filter_map(|line| match &line.event {
        Event::Anchor { head, place } => {
            let day = day(line.at, &TimeZone::UTC);
            (days.first <= day).then(|| (day.to_string(), place.clone(), head.clone()))
        }
        _ => None,
    });
    About {
        reviews: record.reviews().filter(|r| days.holds(r.on)).cloned().collect(),
        anchors: anchors.collect(),
        broken: record.broken().to_vec(),
    }
}
