//! A period of runs: was the cadence kept, what changed between runs, what each test said over time, and what became of
//! each deviation.
//!
//! Pure functions over what runs kept. `docs/controls.md` says what counts.

mod series;
#[cfg(test)]
mod tests;
mod tracks;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::facts::SelfTest;
use super::outcome::ControlResult;
use super::policy;

pub use series::{Series, letter};
pub use tracks::{State, Track, tracks};

/// A run of the record, as far as a report over a period speaks of it.
#[derive(Clone, Debug, Default)]
pub struct PeriodRun {
    /// Its number.
    pub sequence: u64,
    /// Name of its folder.
    pub name: String,
    /// Its "today".
    pub as_of: Date,
    /// Day on which it was started, in the zone whose days it counts.
    pub started: Date,
    /// It came to its end, and not early.
    pub completed: bool,
    /// `completed`, `interrupted`, `aborted` or `open`.
    pub state: &'static str,
    /// What it kept; `None` for aborted runs.
    pub kept: Option<KeptRun>,
}

/// What a run kept.
#[derive(Clone, Debug, Default)]
pub struct KeptRun {
    /// Items discovered.
    pub items: u64,
    /// Items that were not left out by decision.
    pub wanted: u64,
    /// Of these, wholly read.
    pub scanned: u64,
    /// Hash of the log's line that ended the run, hex.
    pub head: String,
    /// Version of the tool.
    pub tool: String,
    /// SHA-256 of the program file, hex.
    pub binary: Option<String>,
    /// Hash over the detectors in force.
    pub detectors: String,
    /// Version and SHA-256 of its policy.
    pub policy: Option<(String, String)>,
    /// Longest time between two runs by that policy.
    pub cadence: Option<policy::Period>,
    /// Every setting after defaults.
    pub settings: BTreeMap<String, String>,
    /// What the detectors' self-test came to.
    pub self_test: Option<SelfTest>,
    /// Exceptions and holds of its policy, by id.
    pub leave: BTreeMap<String, Leave>,
    /// What the control tests said.
    pub results: Vec<ControlResult>,
}

/// An exception or hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leave {
    /// It is a hold.
    pub hold: bool,
    /// A role.
    pub approved_by: Option<String>,
    /// Last day of an exception; day by which a hold has to be looked at again.
    pub until: Option<Date>,
}

/// What a period came to.
#[derive(Clone, Debug, Default)]
pub struct Period {
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
    /// Positions of its runs in what was given, aborted ones too.
    pub runs: Vec<usize>,
    /// Times between two completed runs that end in the period and were no longer than the cadence.
    pub kept: u64,
    /// Times that were longer.
    pub gaps: Vec<Gap>,
    /// The cadence that held last; `None`: no policy states one.
    pub cadence: Option<policy::Period>,
    /// What differs between one run and the next.
    pub changes: Vec<Changed>,
    /// What each test said in each run that kept something, in the order of `runs`.
    pub series: Vec<Series>,
    /// Deviations that were there on a day of the period.
    pub tracks: Vec<Track>,
    /// Exceptions and holds that covered something.
    pub used: Vec<Used>,
}

/// A time without completed run that is longer than the cadence.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// Number of the run before; `None`: the period began without one.
    pub from: Option<u64>,
    /// Its day, or the period's first.
    pub from_day: Date,
    /// Number of the run after; `None`: the period ended without one.
    pub to: Option<u64>,
    /// Its day, or the period's last.
    pub to_day: Date,
    /// Days between.
    pub days: i64,
    /// What was allowed.
    pub cadence: policy::Period,
}

/// Something that differs between a run and the one before it that kept something.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// Number of the later run.
    pub sequence: u64,
    /// Its day.
    pub as_of: Date,
    /// `tool`, `detectors`, `policy`, `self-test`, or the name of a setting.
    pub what: String,
    /// What it was.
    pub from: String,
    /// What it is.
    pub to: String,
}

/// An exception or hold, as it was used in a period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Used {
    /// Its id.
    pub id: String,
    /// What the last policy that has it says.
    pub leave: Leave,
    /// Tests.
    pub tests: BTreeSet<String>,
    /// Systems and classes, `system/class`.
    pub places: BTreeSet<String>,
    /// Different deviations that it covered.
    pub deviations: u64,
    /// Number of the first run it was used in.
    pub first: u64,
    /// Number of the last one.
    pub last: u64,
}

/// What the runs of a record say about a period. `runs` are all runs of the record in order: those before the period say
/// since when something is so, those after it are passed over.
pub fn period(runs: &[PeriodRun], first: Date, last: Date) -> Period {
    let until: Vec<&PeriodRun> = runs.iter().filter(|r| r.as_of <= last).collect();
    let inside = |run: &PeriodRun| first <= run.as_of && run.as_of <= last;
    let in_period: Vec<usize> = (0..runs.len()).filter(|at| inside(&runs[*at])).collect();
    let kept: Vec<&PeriodRun> = in_period.iter().map(|at| &runs[*at]).filter(|r| r.kept.is_some()).collect();
    let (kept_times, gaps) = cadence(&until, first, last);
    let tracked = tracks(&until);
    Period {
        first,
        last,
        runs: in_period,
        kept: kept_times,
        gaps,
        cadence: until.iter().rev().find_map(|r| r.kept.as_ref().and_then(|k| k.cadence)),
        changes: changes(&until).into_iter().filter(|c| first <= c.as_of).collect(),
        series: series::series(&kept),
        tracks: tracked.into_iter().filter(|t| t.closed.is_none_or(|(_, day)| first <= day)).collect(),
        used: used(&kept),
    }
}

fn days(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

/// How often the cadence was kept, and where not. Each completed run of the period is judged by its own policy; the time
/// that is left at the end of the period by that of the last.
fn cadence(runs: &[&PeriodRun], first: Date, last: Date) -> (u64, Vec<Gap>) {
    let stated = |run: &PeriodRun| run.kept.as_ref().and_then(|k| k.cadence);
    let (mut kept, mut gaps) = (0, Vec::new());
    let mut before: Option<&PeriodRun> = None;
    for run in runs.iter().filter(|r| r.completed) {
        let from = before.map_or((None, first), |b| (Some(b.sequence), b.as_of));
        let allowed = stated(run).filter(|_| first <= run.as_of);
        if let Some(cadence) = allowed {
            match over(from, (Some(run.sequence), run.as_of), cadence) {
                Some(gap) => gaps.push(gap),
                None => kept += u64::from(before.is_some()),
            }
        }
        before = Some(run);
    }
    let end = before.and_then(|b| Some((b, stated(b)?)));
    if let Some((run, cadence)) = end {
        let from = if run.as_of < first { (None, first) } else { (Some(run.sequence), run.as_of) };
        gaps.extend(over(from, (None, last), cadence));
    }
    (kept, gaps)
}

fn over(from: (Option<u64>, Date), to: (Option<u64>, Date), cadence: policy::Period) -> Option<Gap> {
    let limit = from.1.checked_add(cadence.0).ok()?;
    (to.1 > limit).then(|| Gap {
        from: from.0,
        from_day: from.1,
        to: to.0,
        to_day: to.1,
        days: days(from.1, to.1),
        cadence,
    })
}

/// What differs between each kept run and the one before it.
fn changes(runs: &[&PeriodRun]) -> Vec<Changed> {
    let kept: Vec<(&PeriodRun, &KeptRun)> =
        runs.iter().filter_map(|r| Some((*r, r.kept.as_ref()?))).collect();
    kept.windows(2).flat_map(|pair| differences(pair[0].1, pair[1].0, pair[1].1)).collect()
}

fn differences(then: &KeptRun, run: &PeriodRun, now: &KeptRun) -> Vec<Changed> {
    let mut all = Vec::new();
    let mut add = |what: &str, from: String, to: String| {
        let what = what.to_owned();
        all.push(Changed { sequence: run.sequence, as_of: run.as_of, what, from, to });
    };
    let begins = |hash: &str| hash.chars().take(12).collect::<String>();
    if (&then.tool, &then.binary) != (&now.tool, &now.binary) {
        let told =
            |k: &KeptRun| format!("{} ({})", k.tool, k.binary.as_deref().map_or_else(String::new, begins));
        add("tool", told(then), told(now));
    }
    if then.detectors != now.detectors {
        add("detectors", begins(&then.detectors), begins(&now.detectors));
    }
    if then.policy != now.policy {
        let told = |k: &KeptRun| {
            let told = |(version, hash): &(String, String)| format!("{version} ({})", begins(hash));
            k.policy.as_ref().map_or_else(|| "none".to_owned(), told)
        };
        add("policy", told(then), told(now));
    }
    let missed = |k: &KeptRun| k.self_test.as_ref().map(|s| s.missed.clone());
    if missed(then) != missed(now) {
        let told = |k: &KeptRun| {
            k.self_test.as_ref().map_or_else(
                || "not run".to_owned(),
                |s| format!("{} of {} pairs missed", s.missed.len(), s.hit + s.missed.len() as u64),
            )
        };
        add("self-test", told(then), told(now));
    }
    let names: BTreeSet<&String> = then.settings.keys().chain(now.settings.keys()).collect();
    for name in names {
        let value = |k: &KeptRun| k.settings.get(name).cloned().unwrap_or_default();
        if value(then) != value(now) {
            add(name, value(then), value(now));
        }
    }
    all
}

/// Exceptions and holds that covered a deviation in one of the runs.
fn used(runs: &[&PeriodRun]) -> Vec<Used> {
    let mut all: BTreeMap<String, Used> = BTreeMap::new();
    let mut covered: BTreeMap<String, BTreeSet<tracks::Key>> = BTreeMap::new();
    for run in runs {
        let Some(kept) = &run.kept else { continue };
        for result in &kept.results {
            for deviation in &result.deviating {
                let Some(id) = &deviation.approved_exception else { continue };
                let entry = all.entry(id.clone()).or_insert_with(|| Used {
                    id: id.clone(),
                    first: run.sequence,
                    ..Used::default()
                });
                entry.last = run.sequence;
                entry.tests.insert(result.test_id.clone());
                let part = |name: &Option<String>| name.clone().unwrap_or_else(|| "-".to_owned());
                entry.places.insert(format!("{}/{}", part(&result.system), part(&result.class)));
                if let Some(leave) = kept.leave.get(id) {
                    entry.leave = leave.clone();
                }
                covered.entry(id.clone()).or_default().insert(tracks::key(run.sequence, result, deviation));
            }
        }
    }
    for (id, keys) in covered {
        if let Some(entry) = all.get_mut(&id) {
            entry.deviations = keys.len() as u64;
        }
    }
    all.into_values().collect()
}
