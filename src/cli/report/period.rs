//! What a period is told from: the runs of a record.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::tz::TimeZone;

use crate::classify::Taxonomy;
use crate::cli::governed::{day, parse};
use crate::cli::population::Period;
use crate::govern::Policy;
use crate::govern::period::{KeptRun, Leave, PeriodRun, period};
use crate::record::verify::{Checks, Depth, verify};
use crate::record::{Event, Manifest, Record, Run, RunState, Want};
use crate::report::Sheet;
use crate::report::views::{self, About, Anchored, Looked, show_period};

/// The sheet of a period. Runs before it are read too: since when a deviation is open stands there.
pub(super) fn sheet(record: &Record, days: Period) -> Result<Sheet> {
    let mut policies: BTreeMap<String, Policy> = BTreeMap::new();
    let (mut runs, mut zone) = (Vec::new(), TimeZone::UTC);
    for run in record.runs().iter().filter(|r| r.as_of <= days.last) {
        let mut kept = None;
        if run.is_kept() {
            let manifest = record.manifest(run)?;
            // Aborted runs kept none: theirs is that of the run before.
            zone = TimeZone::get(&manifest.identity.time_zone).unwrap_or(TimeZone::UTC);
            kept = Some(self::kept(record, run, &manifest, &mut policies)?);
        }
        runs.push(PeriodRun {
            started: day(run.started_at, &zone),
            sequence: run.sequence,
            name: run.name.clone(),
            as_of: run.as_of,
            completed: run.state == RunState::Completed,
            state: run.state.word(),
            kept,
        });
    }
    let period = period(&runs, days.first, days.last);
    Ok(show_period(&period, &runs, &about(record, days)?))
}

/// Items wholly read, and items that were not left out by decision.
fn read(manifest: &Manifest) -> (u64, u64) {
    let items = |word: &str| -> u64 {
        manifest.coverage.outcomes.iter().filter(|o| o.outcome == word).map(|o| o.items).sum()
    };
    (items("scanned"), manifest.coverage.discovered.saturating_sub(items("skipped")))
}

fn kept(
    record: &Record,
    run: &Run,
    manifest: &Manifest,
    policies: &mut BTreeMap<String, Policy>,
) -> Result<KeptRun> {
    let configuration = &manifest.configuration;
    let mut policy = None;
    if let Some(copy) = &configuration.policy {
        if !policies.contains_key(&copy.sha256)
            && let Some(text) = record.policy_text(run, manifest)?
        {
            policies.insert(copy.sha256.clone(), parse(&text, "policy.toml")?);
        }
        policy = policies.get(&copy.sha256);
    }
    let (scanned, wanted) = read(manifest);
    let results = match policy {
        Some(_) => record.assessment(run, manifest)?.0.results,
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

/// Decisions of the period by the day that they name. Anchors that were noted after it hold its runs too.
fn about(record: &Record, days: Period) -> Result<About> {
    let anchors = record.anchors().iter().filter_map(|line| match &line.event {
        Event::Anchor { head, place } => {
            let day = day(line.at, &TimeZone::UTC);
            (days.first <= day).then(|| (day.to_string(), place.clone(), head.clone()))
        }
        _ => None,
    });
    let reviews = record.dated_reviews().filter(|(_, r)| days.holds(r.on));
    // What `verify` says of the newest anchor, without the files of runs.
    let checks = Checks { depth: Depth::Files(0), ..Checks::default() };
    let anchored = verify(record.dir(), &checks)?.anchor.map(|anchor| match anchor.of_line {
        None => Anchored::Differs,
        Some(line) => {
            let before = |r: &&Run| r.end_line.is_some_and(|end| end <= line);
            let last = record.runs().iter().rev().find(before).map(|r| r.sequence);
            Anchored::UpTo { last, since: anchor.runs_since }
        }
    });
    Ok(About {
        reviews: reviews.map(|(at, review)| (day(at, &TimeZone::UTC), review.clone())).collect(),
        anchors: anchors.collect(),
        anchored: anchored.unwrap_or_default(),
        broken: record.broken().to_vec(),
    })
}

/// What may be told of a run in public.
pub(super) fn looked_at(
    record: &Record,
    run: &Run,
    manifest: &Manifest,
    policy: &Policy,
) -> Result<Vec<Looked>> {
    let items = record.items(run, manifest, Want::Findings)?;
    Ok(views::looked_at(policy, &manifest.run_facts(), &items, &Taxonomy::builtin()?))
}
