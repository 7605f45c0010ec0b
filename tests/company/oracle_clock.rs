//! When the clock of a rule starts for an item.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::Case;
use super::policy::Rule;
use super::run::Item;

/// How much a date is worth.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Worth {
    Weak,
    Medium,
    Strong,
}

/// What the sources of a rule give for an item.
#[derive(Clone, Debug)]
pub enum Given {
    Usable(Start),
    /// Nothing.
    Nothing,
    /// Dates were there, none of them of use.
    OnlyBad,
}

/// First and last day that a date can mean.
pub type Span = (Date, Date);

/// A usable date.
#[derive(Clone, Debug)]
pub struct Start {
    pub worth: Worth,
    /// First and last day that each row can mean, once for each pair.
    pub days: Vec<Span>,
    /// How many rows say each of these; 0 where there are no rows.
    counts: Vec<u64>,
    /// All rows, and those whose date is empty, unreadable, ambiguous or in the future.
    pub rows: u64,
    pub bad: u64,
}

impl Start {
    /// The day from which earliness counts: the first that the youngest row can mean.
    pub fn youngest(&self) -> Date {
        self.days.iter().map(|d| d.0).max().expect("a day")
    }

    /// The last day that the youngest row can mean.
    pub fn youngest_end(&self) -> Date {
        self.days.iter().map(|d| d.1).max().expect("a day")
    }

    pub fn rows_of(&self, day: &Span) -> u64 {
        self.days.iter().zip(&self.counts).filter(|(d, _)| *d == day).map(|(_, n)| n).sum()
    }

    /// The oldest row.
    pub fn oldest(&self) -> (Date, Date) {
        *self.days.iter().min().expect("a day")
    }

    fn once(worth: Worth, first: Date, last: Date) -> Self {
        Self { worth, days: vec![(first, last)], counts: vec![0], rows: 1, bad: 0 }
    }
}

/// When the clock of a rule starts for an item.
pub fn start(case: &Case<'_>, rule: &Rule, item: &Item) -> Given {
    let trigger = &rule.trigger;
    let least = match trigger.min_confidence.as_deref() {
        Some("weak") => Worth::Weak,
        Some("strong") => Worth::Strong,
        _ => Worth::Medium,
    };
    let mut only_bad = false;
    for source in std::iter::once(&trigger.source).chain(&trigger.fallback) {
        match source_of(case, rule, item, source) {
            Given::Usable(start) => {
                let future = start.days.iter().all(|d| d.0 > case.run.as_of);
                return match () {
                    () if future && source != "event" && start.worth > Worth::Weak => Given::OnlyBad,
                    () if start.worth >= least => Given::Usable(start),
                    () => Given::Nothing,
                };
            }
            Given::OnlyBad => only_bad = true,
            Given::Nothing => {}
        }
    }
    if only_bad { Given::OnlyBad } else { Given::Nothing }
}

fn source_of(case: &Case<'_>, rule: &Rule, item: &Item, source: &str) -> Given {
    let trigger = &rule.trigger;
    match source {
        "record-date" => {
            let field = trigger.field.as_ref().expect("a field");
            let Some(dates) = item.dates.iter().find(|d| d.field.eq_ignore_ascii_case(field)) else {
                return Given::Nothing;
            };
            let future: u64 = dates.days.iter().filter(|(d, _)| **d > case.run.as_of).map(|(_, n)| n).sum();
            let bad = dates.empty + dates.unparsed + dates.ambiguous + future;
            let rows = dates.days.values().sum::<u64>() + dates.empty + dates.unparsed + dates.ambiguous;
            if dates.days.is_empty() {
                return if rows > 0 { Given::OnlyBad } else { Given::Nothing };
            }
            let days = dates.days.keys().map(|d| (*d, *d)).collect();
            let counts = dates.days.values().copied().collect();
            Given::Usable(Start { worth: Worth::Strong, days, counts, rows, bad })
        }
        "event" => {
            let empty = BTreeMap::new();
            let register =
                case.registers.events.get(trigger.event.as_ref().expect("an event")).unwrap_or(&empty);
            let none = Vec::new();
            let keys = item.keys.get(trigger.key.as_ref().expect("a key")).unwrap_or(&none);
            let days: Vec<(Date, Date)> =
                keys.iter().filter_map(|k| register.get(k)).map(|d| (*d, *d)).collect();
            if days.is_empty() {
                return if keys.is_empty() { Given::Nothing } else { Given::OnlyBad };
            }
            let (rows, bad) = (keys.len() as u64, (keys.len() - days.len()) as u64);
            let counts = vec![1; days.len()];
            Given::Usable(Start { worth: Worth::Strong, days, counts, rows, bad })
        }
        "path-date" => match path_date(&item.path) {
            Some((first, last)) => Given::Usable(Start::once(Worth::Medium, first, last)),
            None => Given::Nothing,
        },
        "modified" => match item.modified {
            Some(day) => Given::Usable(Start::once(Worth::Weak, day, day)),
            None => Given::Nothing,
        },
        other => panic!("the company uses no {other}"),
    }
}

/// First and last day that the most exact date of a path can mean; of equally exact ones the innermost. Only the forms that
/// the company uses: days, months and years in one component, years and months over two.
fn path_date(path: &str) -> Option<(Date, Date)> {
    let parts: Vec<&str> = path.split('/').collect();
    let mut best: Option<(usize, usize, Date, Date)> = None;
    let mut offer = |exactness, part, numbers: &[&str]| {
        if let Some((first, last)) = days_of(numbers)
            && best.is_none_or(|b| (b.0, b.1) <= (exactness, part))
        {
            best = Some((exactness, part, first, last));
        }
    };
    for (n, part) in parts.iter().enumerate() {
        let words: Vec<&str> = part.split(['-', '_', '.', ' ']).collect();
        for at in 0..words.len() {
            for exactness in 1..=3.min(words.len() - at) {
                offer(exactness, n, &words[at..at + exactness]);
            }
        }
        let whole = |p: &str| p.split('.').next().unwrap_or(p).to_owned();
        if let Some(next) = parts.get(n + 1) {
            offer(2, n + 1, &[part, &whole(next)]);
        }
    }
    best.map(|b| (b.2, b.3))
}

/// What year, month and day in digits mean, as far as they are given.
fn days_of(numbers: &[&str]) -> Option<(Date, Date)> {
    let number = |n: usize, digits: usize| -> Option<i16> {
        let word = numbers.get(n).filter(|w| w.len() == digits && w.bytes().all(|b| b.is_ascii_digit()))?;
        word.parse().ok()
    };
    let year = number(0, 4).filter(|y| (1970..=2100).contains(y))?;
    if numbers.len() == 1 {
        return Some((date(year, 1, 1), date(year, 12, 31)));
    }
    let month = i8::try_from(number(1, 2)?).ok()?;
    let first = Date::new(year, month, 1).ok()?;
    if numbers.len() == 2 {
        return Some((first, first.last_of_month()));
    }
    let day = Date::new(year, month, i8::try_from(number(2, 2)?).ok()?).ok()?;
    Some((day, day))
}
