//! A period of runs, for a reader who asks whether controls operated throughout.

mod people;

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::Sheet;
use super::super::controls::place;
use super::super::schema::Cell;
use super::super::text::{counted, left, printable, shorten, thousands};
use super::figures::{numbered, share};
use super::{day, int, maybe, shown, text};
use crate::govern::facts::Review;
use crate::govern::period::{KeptRun, Period, PeriodRun, Series, State, Track, letter};

/// Runs that stand side by side.
const RUNS: usize = 26;
/// Deviations that the page lists, the longest open first; rows hold all.
const LISTED: usize = 15;

/// What the record holds besides runs.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Decisions of the period, each with the day on which it was kept.
    pub reviews: Vec<(Date, Review)>,
    /// When and where the log's head was noted outside, with the head.
    pub anchors: Vec<(String, String, String)>,
    /// What the newest anchor of the record holds.
    pub anchored: Anchored,
    /// What of the log's chain does not hold.
    pub broken: Vec<String>,
}

/// What the newest anchor of a record holds, as `verify` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anchored {
    /// There is none.
    #[default]
    Not,
    /// It is the hash of no line before it.
    Differs,
    /// It holds the log up to a line.
    UpTo {
        /// Number of the last run that had ended there.
        last: Option<u64>,
        /// Runs that have ended since.
        since: u64,
    },
}

/// Shows a period.
pub fn show(period: &Period, runs: &[PeriodRun], about: &About) -> Sheet {
    let columns = [
        "part",
        "run",
        "day",
        "state",
        "test_id",
        "system",
        "class",
        "item_id",
        "path",
        "outcome",
        "population",
        "evaluated",
        "deviations",
        "excepted",
        "first_run",
        "last_run",
        "closed_run",
        "days",
        "what",
        "from",
        "to",
        "started",
    ];
    let mut sheet = Sheet::new("period", &columns);
    let mut page = Page { sheet: &mut sheet, columns: &columns, period, runs };
    page.head(about);
    page.population();
    page.cadence();
    page.changes();
    page.tests();
    page.deviations();
    page.exceptions();
    page.reviews(about);
    page.anchors(about);
    sheet
}

struct Page<'a> {
    sheet: &'a mut Sheet,
    columns: &'a [&'static str],
    period: &'a Period,
    runs: &'a [PeriodRun],
}

impl Page<'_> {
    /// A row with these columns, and nothing in the others.
    fn row(&mut self, part: &'static str, cells: Vec<(&str, Cell<'static>)>) {
        let mut by_name: BTreeMap<&str, Cell<'static>> = cells.into_iter().collect();
        by_name.insert("part", text(part));
        let row = self.columns.iter().map(|c| by_name.remove(c).unwrap_or(Cell::Null)).collect();
        self.sheet.row(row);
    }

    fn in_period(&self) -> Vec<&PeriodRun> {
        self.period.runs.iter().map(|at| &self.runs[*at]).collect()
    }

    fn head(&mut self, about: &About) {
        let period = self.period;
        self.sheet.title(&format!("Period {} to {}", period.first, period.last));
        let runs = self.in_period();
        let completed = runs.iter().filter(|r| r.completed).count() as u64;
        let others = runs.len() as u64 - completed;
        let others =
            if others == 0 { String::new() } else { format!(", {} not completed", thousands(others)) };
        let total = counted(runs.len() as u64, "run", "runs");
        self.sheet.line(0, &format!("{total}: {} completed{others}.", thousands(completed)));
        if about.broken.is_empty() {
            self.sheet.line(0, "The log's chain holds; `privascan verify` checks what each run kept.");
        }
        for broken in &about.broken {
            self.sheet.line(0, &format!("The log does not hold: {}", printable(broken)));
        }
    }

    fn population(&mut self) {
        self.sheet.title("Population of runs");
        let mut lines = Vec::new();
        let runs: Vec<PeriodRun> = self.in_period().into_iter().cloned().collect();
        for run in &runs {
            let kept = run.kept.as_ref();
            let read = kept.map_or_else(|| "-".to_owned(), |k| share(k.scanned, k.wanted));
            let items = kept.map_or_else(|| "-".to_owned(), |k| thousands(k.items));
            let missed = kept.and_then(|k| k.self_test.as_ref()).map(|s| s.missed.len());
            let policy = kept.and_then(|k| k.policy.as_ref()).map(|(version, _)| version.as_str());
            lines.push(vec![
                run.sequence.to_string(),
                run.as_of.to_string(),
                run.state.to_owned(),
                items,
                read,
                shown(policy),
                missed.map_or_else(
                    || "-".to_owned(),
                    |n| if n == 0 { "held".to_owned() } else { format!("{n} missed") },
                ),
                kept.map_or_else(|| "-".to_owned(), |k| k.head.chars().take(12).collect()),
            ]);
            self.row(
                "run",
                vec![
                    ("run", int(run.sequence)),
                    ("day", day(Some(run.as_of))),
                    ("state", text(run.state)),
                    ("population", kept.map_or(Cell::Null, |k| int(k.wanted))),
                    ("evaluated", kept.map_or(Cell::Null, |k| int(k.scanned))),
                    ("what", text(&run.name)),
                    ("to", maybe(kept.map(|k| k.head.as_str()))),
                    ("started", day(Some(run.started))),
                ],
            );
        }
        match lines.is_empty() {
            true => self.sheet.line(2, "There is none."),
            false => {
                let head = [">Run", "As of", "State", ">Items", ">Read", "Policy", "Self-test", "Head"];
                self.sheet.grid(&head, &lines);
                self.sheet.line(2, "Read: share of the items not left out by decision that was read wholly.");
                self.started(&runs);
            }
        }
    }

    /// Runs whose today was given: what they say of a day was not seen on that day.
    fn started(&mut self, runs: &[PeriodRun]) {
        let other: Vec<&PeriodRun> = runs.iter().filter(|r| r.started != r.as_of).collect();
        if other.is_empty() {
            return;
        }
        let (n, all) = (thousands(other.len() as u64), counted(runs.len() as u64, "run was", "runs were"));
        let text = format!("{n} of {all} started on another day than the one they speak of (--as-of):");
        self.sheet.line(2, &text);
        let line = |r: &&PeriodRun| vec![r.sequence.to_string(), r.as_of.to_string(), r.started.to_string()];
        let lines: Vec<Vec<String>> = other.iter().map(line).collect();
        self.sheet.grid(&[">Run", "As of", "Started"], &lines);
    }

    /// How many runs of the period were held against a policy, and how many members were evaluated in them.
    fn evaluated(&self) -> (usize, u64) {
        let kept: Vec<&KeptRun> = self.in_period().iter().filter_map(|r| r.kept.as_ref()).collect();
        let governed = kept.iter().filter(|k| k.policy.is_some()).count();
        (governed, kept.iter().flat_map(|k| &k.results).map(|r| r.evaluated).sum())
    }

    fn cadence(&mut self) {
        let period = self.period;
        self.sheet.title("Cadence (MON-03)");
        let Some(cadence) = period.cadence else {
            self.sheet.line(2, "No policy of these runs states one, so nothing can be said.");
            return;
        };
        let missed = period.gaps.len() as u64;
        self.sheet.line(
            2,
            &format!(
                "At most {cadence} between runs: kept {} times, missed {}.",
                thousands(period.kept),
                thousands(missed)
            ),
        );
        for gap in &period.gaps {
            let from = gap.from.map_or_else(|| "the period's start".to_owned(), |n| format!("run {n}"));
            let to = gap.to.map_or_else(|| "the period's end".to_owned(), |n| format!("run {n}"));
            let days = counted(gap.days.unsigned_abs(), "day", "days");
            self.sheet.line(
                4,
                &format!(
                    "{days} from {from} on {} to {to} on {}, longer than {}",
                    gap.from_day, gap.to_day, gap.cadence
                ),
            );
            self.row(
                "gap",
                vec![
                    ("first_run", gap.from.map_or(Cell::Null, int)),
                    ("last_run", gap.to.map_or(Cell::Null, int)),
                    ("from", text(&gap.from_day.to_string())),
                    ("to", text(&gap.to_day.to_string())),
                    ("days", Cell::Int(gap.days)),
                    ("what", text(&gap.cadence.to_string())),
                ],
            );
        }
    }

    fn changes(&mut self) {
        self.sheet.title("Changes between runs");
        let compared = self.in_period().iter().filter(|r| r.kept.is_some()).count();
        let before = self.runs.iter().any(|r| r.as_of < self.period.first && r.kept.is_some());
        if compared + usize::from(before && compared > 0) < 2 {
            self.sheet.line(2, "There are no two runs to compare, so nothing can be said.");
        } else if self.period.changes.is_empty() {
            self.sheet.line(2, "None in tool, detectors, policy, settings and self-test.");
        }
        for change in &self.period.changes {
            let value = |text: &str| {
                if text.is_empty() { "nothing".to_owned() } else { printable(text).into_owned() }
            };
            let (from, to) = (value(&change.from), value(&change.to));
            let text_of = format!("{}: {from} → {to}", printable(&change.what));
            self.sheet.entry(&format!("run {} on {}", change.sequence, change.as_of), 21, &text_of);
            self.row(
                "change",
                vec![
                    ("run", int(change.sequence)),
                    ("day", day(Some(change.as_of))),
                    ("what", text(&change.what)),
                    ("from", text(&change.from)),
                    ("to", text(&change.to)),
                ],
            );
        }
    }

    fn tests(&mut self) {
        self.sheet.title("Control tests over time");
        let kept: Vec<(u64, Date)> =
            self.in_period().iter().filter(|r| r.kept.is_some()).map(|r| (r.sequence, r.as_of)).collect();
        if self.period.series.is_empty() {
            self.sheet.line(2, "No run of the period kept a result with a population.");
            return;
        }
        self.sheet.line(
            2,
            "F deviations noted, e all under an exception or hold, n not evaluated, p no deviations noted, · nothing in \
             scope. One letter per run, in the order of the population.",
        );
        for (block, runs) in kept.chunks(RUNS).enumerate() {
            let from = block * RUNS;
            if kept.len() > RUNS {
                let (first, last) = (runs[0].0, runs[runs.len() - 1].0);
                self.sheet.line(2, &format!("Runs {first} to {last}"));
            }
            let room = 78 - 1 - runs.len();
            for line in numbered(runs.iter().map(|(n, _)| *n)) {
                self.sheet
                    .line(0, &format!("  {}\u{a0}{}", "\u{a0}".repeat(room), line.replace(' ', "\u{a0}")));
            }
            for series in &self.period.series {
                let letters: String =
                    series.said[from..from + runs.len()].iter().map(|s| letter(*s)).collect();
                let label = left(&shorten(&label(series), room), room);
                let line = format!("  {label} {letters}").trim_end().replace(' ', "\u{a0}");
                self.sheet.line(0, &line);
            }
        }
        for series in &self.period.series {
            for ((run, as_of), said) in kept.iter().zip(&series.said) {
                let Some(said) = said else { continue };
                self.row(
                    "result",
                    vec![
                        ("run", int(*run)),
                        ("day", day(Some(*as_of))),
                        ("test_id", text(&series.test_id)),
                        ("system", maybe(series.system.as_deref())),
                        ("class", maybe(series.class.as_deref())),
                        ("outcome", text(said.outcome.word())),
                        ("population", int(said.population)),
                        ("evaluated", int(said.evaluated)),
                        ("deviations", int(said.deviations)),
                        ("excepted", int(said.excepted)),
                    ],
                );
            }
        }
    }

    fn deviations(&mut self) {
        let period = self.period;
        self.sheet.title("Deviations");
        let tracks = &period.tracks;
        if tracks.is_empty() {
            let text = match self.evaluated() {
                (0, _) => "Nothing was evaluated: no run of the period was held against a policy.",
                (_, 0) => "Nothing was evaluated in the runs of the period, so nothing can be said.",
                _ => "None was noted in what was evaluated.",
            };
            self.sheet.line(2, text);
            return;
        }
        let count = |wanted: &dyn Fn(&Track) -> bool| tracks.iter().filter(|t| wanted(t)).count() as u64;
        let before = |t: &Track| t.first.1 < period.first;
        let carried = count(&before);
        let at_start = count(&|t| !before(t) && t.from_start);
        let opened = count(&|t| !before(t) && !t.from_start);
        let state = |state: State| count(&|t| t.state() == state);
        self.sheet.line(
            2,
            &format!(
                "{} when the period began, {} in the record's first run, {} opened; at its end {} open, {} excepted, {} not \
                 seen in what was tested since, {} closed.",
                thousands(carried),
                thousands(at_start),
                thousands(opened),
                thousands(state(State::Open)),
                thousands(state(State::Excepted)),
                thousands(state(State::NotSeen)),
                thousands(state(State::Closed)),
            ),
        );
        let mut by_test: BTreeMap<&str, Vec<&Track>> = BTreeMap::new();
        tracks.iter().for_each(|t| by_test.entry(&t.test_id).or_default().push(t));
        let lines: Vec<Vec<String>> = by_test
            .iter()
            .map(|(test, tracks)| {
                let of = |wanted: &dyn Fn(&Track) -> bool| {
                    thousands(tracks.iter().filter(|t| wanted(t)).count() as u64)
                };
                let aged = |from: i64, to: i64| {
                    of(&|t: &Track| t.state() == State::Open && from <= t.days_open && t.days_open <= to)
                };
                let oldest = tracks.iter().filter(|t| t.state() == State::Open).map(|t| t.days_open).max();
                vec![
                    (*test).to_owned(),
                    of(&|t| t.state() == State::Open),
                    of(&|t| t.state() == State::Excepted),
                    of(&|t| t.state() == State::NotSeen),
                    of(&|t| t.state() == State::Closed),
                    aged(0, 30),
                    aged(31, 90),
                    aged(91, 180),
                    aged(181, i64::MAX),
                    oldest.map_or_else(|| "-".to_owned(), |days| thousands(days.unsigned_abs())),
                ]
            })
            .collect();
        let head = [
            "Test",
            ">Open",
            ">Excepted",
            ">Not seen",
            ">Closed",
            ">≤30",
            ">≤90",
            ">≤180",
            ">more",
            ">Oldest",
        ];
        self.sheet.grid(&head, &lines);
        self.sheet.line(2, "Days open are those from the first run that noted it, for what is open.");
        let mut open: Vec<&Track> = tracks.iter().filter(|t| t.state() == State::Open).collect();
        open.sort_by_key(|t| std::cmp::Reverse(t.days_open));
        if !open.is_empty() {
            self.sheet.title("Open the longest");
        }
        for track in open.iter().take(LISTED) {
            let what = track.deviation.path.as_deref().or(track.deviation.detail.as_deref()).unwrap_or("-");
            self.sheet.line(2, &shorten(&printable(what), 78));
            let since = if track.from_start { "at least " } else { "" };
            self.sheet.line(
                4,
                &format!(
                    "{} {}, {since}{} since run {} on {}, owner {}",
                    track.test_id,
                    printable(&place(&track.test_id, track.system.as_deref(), track.class.as_deref())),
                    counted(track.days_open.unsigned_abs(), "day", "days"),
                    track.first.0,
                    track.first.1,
                    shown(track.deviation.owner.as_deref()),
                ),
            );
        }
        if open.len() > LISTED {
            let more = counted((open.len() - LISTED) as u64, "more is open", "more are open");
            self.sheet.line(2, &format!("{more}; --format csv gives all."));
        }
        for track in &period.tracks {
            self.row(
                "deviation",
                vec![
                    ("state", text(track.state().word())),
                    ("test_id", text(&track.test_id)),
                    ("system", maybe(track.system.as_deref())),
                    ("class", maybe(track.class.as_deref())),
                    ("item_id", maybe(track.deviation.item_id.as_deref())),
                    ("path", maybe(track.deviation.path.as_deref())),
                    ("first_run", int(track.first.0)),
                    ("from", text(&track.first.1.to_string())),
                    ("last_run", int(track.last.0)),
                    ("closed_run", track.closed.map_or(Cell::Null, |(n, _)| int(n))),
                    ("to", maybe(track.closed.map(|(_, day)| day.to_string()).as_deref())),
                    ("days", Cell::Int(track.days_open)),
                    ("what", maybe(track.deviation.detail.as_deref())),
                ],
            );
        }
    }
}

/// `RET-01  finance / invoice`
fn label(series: &Series) -> String {
    let place = place(&series.test_id, series.system.as_deref(), series.class.as_deref());
    printable(format!("{}  {place}", series.test_id).trim_end()).into_owned()
}
