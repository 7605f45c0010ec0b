//! What became of each deviation.
//!
//! A deviation is the same in two runs if test, system, class and item are. It is closed by the first completed run that
//! tested all of the same population and did not note it; a run that could not say so leaves it as not seen. A loss is
//! noted once and never closed by a later run: what is gone is in no later population.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{PeriodRun, days};
use crate::govern::outcome::{ControlOutcome, ControlResult, Deviation};

/// What makes a deviation the same: test, system, class, and what it is about.
pub(super) type Key = (String, Option<String>, Option<String>, String);

/// Tests that note what happened between two runs.
const LOSSES: [&str; 2] = ["DSP-04", "DSP-05"];

/// How a deviation stands at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Noted in the last run that could.
    Open,
    /// The same, under an exception or hold.
    Excepted,
    /// Not noted lately, and not tested either.
    NotSeen,
    /// Tested and not noted any more.
    Closed,
}

impl State {
    /// `open`, `excepted`, `not-seen` or `closed`.
    pub fn word(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Excepted => "excepted",
            State::NotSeen => "not-seen",
            State::Closed => "closed",
        }
    }
}

/// A deviation from the first run that noted it on.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// `RET-01`
    pub test_id: String,
    /// Declared system.
    pub system: Option<String>,
    /// Class.
    pub class: Option<String>,
    /// As the last run noted it.
    pub deviation: Deviation,
    /// Number and day of the first run that noted it.
    pub first: (u64, Date),
    /// It was there in the first run of the record: since when is not known.
    pub from_start: bool,
    /// Number and day of the last run that noted it.
    pub last: (u64, Date),
    /// Number and day of the run that showed it gone.
    pub closed: Option<(u64, Date)>,
    /// Number of the first run after `last` that could not say.
    pub not_seen: Option<u64>,
    /// Days from the first run that noted it to the one that showed it gone, else to the last run of all.
    pub days_open: i64,
}

impl Track {
    /// How it stands at the end.
    pub fn state(&self) -> State {
        match (self.closed, self.not_seen, &self.deviation.approved_exception) {
            (Some(_), _, _) => State::Closed,
            (None, Some(_), _) => State::NotSeen,
            (None, None, Some(_)) => State::Excepted,
            (None, None, None) => State::Open,
        }
    }
}

/// What a deviation of a run is about: its item, else its path, else what is wrong.
pub(super) fn key(run: u64, result: &ControlResult, deviation: &Deviation) -> Key {
    let said = match result.test_id.as_str() {
        // What is said about coverage holds numbers, which change from run to run.
        "MON-01" => deviation.reason.clone(),
        "MON-03" => deviation.detail.as_ref().map(|d| d.replace("this run", &format!("run {run}"))),
        _ => deviation.detail.clone(),
    };
    let about = deviation.item_id.clone().or_else(|| deviation.path.clone()).or(said);
    (result.test_id.clone(), result.system.clone(), result.class.clone(), about.unwrap_or_default())
}

/// The deviations of all runs that kept something, by the day they were first noted. Runs come in order.
pub fn tracks(runs: &[&PeriodRun]) -> Vec<Track> {
    let kept: Vec<&&PeriodRun> = runs.iter().filter(|r| r.kept.is_some()).collect();
    let mut open: BTreeMap<Key, Track> = BTreeMap::new();
    let mut done: Vec<Track> = Vec::new();
    for (at, run) in kept.iter().enumerate() {
        let here = (run.sequence, run.as_of);
        let results = || run.kept.iter().flat_map(|k| &k.results);
        let mut noted: BTreeMap<Key, &Deviation> = BTreeMap::new();
        for result in results() {
            for deviation in &result.deviating {
                let kept = noted.entry(key(run.sequence, result, deviation)).or_insert(deviation);
                // One that nothing covers speaks for all.
                if deviation.approved_exception.is_none() {
                    *kept = deviation;
                }
            }
        }
        type Place<'a> = (&'a str, Option<&'a str>, Option<&'a str>);
        let said: BTreeMap<Place<'_>, &ControlResult> =
            results().map(|r| ((r.test_id.as_str(), r.system.as_deref(), r.class.as_deref()), r)).collect();
        for key in open.keys().cloned().collect::<Vec<Key>>() {
            if noted.contains_key(&key) {
                continue;
            }
            let place = (key.0.as_str(), key.1.as_deref(), key.2.as_deref());
            let shown = run.completed && said.get(&place).is_some_and(|r| shows_all(r));
            match (shown, open.get_mut(&key)) {
                (true, Some(_)) => {
                    done.extend(open.remove(&key).map(|track| Track { closed: Some(here), ..track }));
                }
                (false, Some(track)) => {
                    track.not_seen.get_or_insert(run.sequence);
                }
                (_, None) => {}
            }
        }
        for (key, deviation) in noted {
            let (test_id, system, class, _) = key.clone();
            let track = open.entry(key).or_insert_with(|| Track {
                test_id,
                system,
                class,
                deviation: deviation.clone(),
                first: here,
                from_start: at == 0,
                last: here,
                closed: None,
                not_seen: None,
                days_open: 0,
            });
            track.deviation = deviation.clone();
            (track.last, track.not_seen) = (here, None);
        }
    }
    let end = kept.last().map(|r| r.as_of);
    done.extend(open.into_values());
    for track in &mut done {
        let until = track.closed.map(|(_, day)| day).or(end).unwrap_or(track.last.1);
        track.days_open = days(track.first.1, until);
    }
    let place = |t: &Track| (t.test_id.clone(), t.system.clone(), t.class.clone());
    done.sort_by(|a, b| {
        a.first
            .cmp(&b.first)
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| a.deviation.path.cmp(&b.deviation.path))
    });
    done
}

/// Whether a deviation that the result does not list is not there: its whole population was evaluated.
fn shows_all(result: &ControlResult) -> bool {
    match result.outcome {
        _ if LOSSES.contains(&result.test_id.as_str()) => false,
        ControlOutcome::NotEvaluated => false,
        ControlOutcome::NotApplicable => result.reason.as_deref() == Some("no-items"),
        ControlOutcome::Fail | ControlOutcome::Excepted | ControlOutcome::Pass => {
            result.not_evaluated.is_empty()
        }
    }
}
