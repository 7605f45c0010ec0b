//! When the clock of a rule starts for an item, how sure that is, and when it runs out.
//!
//! Pure: dates come from evidence, path and registers, "today" from the run. `docs/controls.md`, section "Clock", is followed to the letter.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::assess::{Assessing, Member};
use super::policy::{Class, Confidence, Policy, Retention, Source};
use crate::model::{DateField, DateSource};

mod calendar;
mod path_dates;
#[cfg(test)]
pub(super) mod tests;

pub use calendar::{age, align, due, earliest, limit};

/// The days that a date leaves open: one, or all of a month, a quarter or a year that a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days {
    /// Decides where earliness is judged.
    pub first: Date,
    /// Decides where lateness is judged.
    pub last: Date,
}

impl Days {
    /// One day.
    pub fn on(day: Date) -> Self {
        Self { first: day, last: day }
    }

    fn around(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// What starts the clock of one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Where the dates come from.
    pub source: Source,
    /// Dates and the rows of each, ascending; never empty. One date with one row where `by_row` is false.
    pub dates: Vec<(Days, u64)>,
    /// Whether each row has its own date.
    pub by_row: bool,
    /// Rows without usable date: empty, no date, ambiguous, or in the future; for an event, keys without register row.
    pub bad: u64,
}

impl Start {
    fn once(source: Source, days: Days) -> Self {
        Self { source, dates: vec![(days, 1)], by_row: false, bad: 0 }
    }

    /// A date that can prove overdue and nothing else.
    pub fn is_weak(&self) -> bool {
        self.source.confidence() == Confidence::Weak
    }

    /// Share of the rows that have no usable date.
    pub fn bad_share(&self) -> f64 {
        let good: u64 = self.dates.iter().map(|(_, rows)| rows).sum();
        self.bad as f64 / (good + self.bad) as f64
    }

    /// What keeps rows without usable date from being evaluated.
    pub fn bad_reason(&self) -> &'static str {
        if self.source == Source::Event { "no-event" } else { "bad-date" }
    }

    /// Days on which the clock may have started if `days` is its date: for a weak one any day before, too.
    pub fn possible(&self, days: Days) -> Days {
        if self.is_weak() { Days { first: Date::MIN, last: days.last } } else { days }
    }

    /// The latest date: the youngest row's.
    pub fn youngest(&self) -> Days {
        self.dates.last().map_or(Days::on(Date::MAX), |(days, _)| *days)
    }
}

/// What starts the clock of the class's rule for the item; else the reason for not-evaluated: `no-date`, `bad-date`, or
/// `no-event` for an event rule whose event is not registered, whatever its fallbacks.
pub fn trigger(assessing: &Assessing<'_>, member: &Member<'_>, class: &Class) -> Result<Start, &'static str> {
    let found = dated(assessing, member, class);
    let by_event = assessing.policy.rule(class).is_some_and(|rule| rule.trigger.source == Source::Event);
    match found {
        found if !by_event => found,
        Ok(start) if start.source == Source::Event => Ok(start),
        _ => Err("no-event"),
    }
}

/// The same without the exception for event rules: the date of a fallback counts (RET-03).
pub(super) fn dated(
    assessing: &Assessing<'_>,
    member: &Member<'_>,
    class: &Class,
) -> Result<Start, &'static str> {
    let rule = assessing.policy.rule(class).ok_or("no-rule")?;
    let mut reason = "no-date";
    for source in std::iter::once(rule.trigger.source).chain(rule.trigger.fallback.iter().copied()) {
        match look(assessing, member, rule, source) {
            Found::Start(start) if source.confidence() >= rule.trigger.min_confidence => return Ok(start),
            Found::Start(_) => break,
            // Whoever writes dates in the future cannot be overruled by a guess.
            Found::Future => return Err("bad-date"),
            Found::Bad => reason = "bad-date",
            Found::Nothing => {}
        }
    }
    Err(reason)
}

/// The first day on which an item may be gone, by `keep_min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lawful {
    /// That day: of the youngest row, and of a date that names a year or a month by its first day.
    pub day: Date,
    /// The date that it follows from.
    pub trigger_date: Date,
    /// Where that comes from.
    pub source: Source,
}

impl Lawful {
    /// Whether a loss on that day is early. A weak date proves that something was kept long enough, never that it was
    /// not: `None` then.
    pub fn is_early(&self, lost: Date) -> Option<bool> {
        let early = lost < self.day;
        (!early || self.source.confidence() > Confidence::Weak).then_some(early)
    }
}

/// The first lawful day of loss for an item of a class (DSP-05); else the reason for not-evaluated, as in [`trigger`].
/// `None`: the class has no rule, or the rule no `keep_min`.
pub fn earliest_loss(
    assessing: &Assessing<'_>,
    member: &Member<'_>,
    class: &Class,
) -> Option<Result<Lawful, &'static str>> {
    let rule = assessing.policy.rule(class)?;
    rule.keep_min.as_ref()?;
    let lawful = trigger(assessing, member, class).map(|start| {
        let trigger_date = start.youngest().first;
        let day = earliest(trigger_date, rule, assessing.policy).unwrap_or(trigger_date);
        Lawful { day, trigger_date, source: start.source }
    });
    Some(lawful)
}

/// What one source has to say.
enum Found {
    Start(Start),
    /// It is there and gives no date.
    Bad,
    /// It gives none but in the future.
    Future,
    Nothing,
}

fn look(assessing: &Assessing<'_>, member: &Member<'_>, rule: &Retention, source: Source) -> Found {
    let record = member.record;
    let day = |instant: Option<jiff::Timestamp>| match instant {
        Some(instant) => {
            Found::Start(Start::once(source, Days::on(zone(assessing.policy).to_datetime(instant).date())))
        }
        None => Found::Nothing,
    };
    match source {
        Source::RecordDate => record_dates(assessing, member, rule),
        Source::Event => events(assessing, member, rule),
        Source::PathDate => match path_dates::find(&member.path) {
            Some(days) if days.first > assessing.as_of => Found::Future,
            Some(days) => Found::Start(Start::once(source, days)),
            None => Found::Nothing,
        },
        Source::DocMetadata => document_dates(assessing, member),
        // No format that is read says when it was labelled.
        Source::Labelled => Found::Nothing,
        Source::Created => day(record.item.meta.created),
        Source::Modified => day(record.item.meta.modified),
        Source::Accessed => day(record.item.meta.accessed),
        Source::FirstSeen => match record.evidence.first_seen {
            Some(first) => Found::Start(Start::once(source, Days::on(first))),
            None => Found::Nothing,
        },
    }
}

/// The zone whose days count. A name that no zone has is for `policy check` to refuse.
pub(super) fn zone(policy: &Policy) -> TimeZone {
    policy.policy.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// Rows of all fields, counted together; dates after `until` are bad.
fn rows<'a>(source: Source, fields: impl Iterator<Item = &'a DateField>, until: Date) -> Found {
    let (mut days, mut bad, mut future) = (BTreeMap::<Date, u64>::new(), 0, 0);
    for field in fields {
        bad += field.empty + field.unparsed + field.ambiguous;
        for (day, rows) in field.days.iter().filter(|(_, rows)| **rows > 0) {
            match *day > until {
                true => future += rows,
                false => *days.entry(*day).or_default() += rows,
            }
        }
    }
    let dates: Vec<_> = days.into_iter().map(|(day, rows)| (Days::on(day), rows)).collect();
    match () {
        () if !dates.is_empty() => Found::Start(Start { source, dates, by_row: true, bad: bad + future }),
        () if future > 0 => Found::Future,
        () if bad > 0 => Found::Bad,
        () => Found::Nothing,
    }
}

fn record_dates(assessing: &Assessing<'_>, member: &Member<'_>, rule: &Retention) -> Found {
    let Some(name) = rule.trigger.field.as_deref() else { return Found::Nothing };
    let dates = member.record.evidence.dates.iter();
    let fields = dates.filter(|d| d.source == DateSource::Values && d.is_named(name));
    rows(Source::RecordDate, fields, assessing.as_of)
}

/// Register rows by the values of the key field; for a rule without `key` by a component of the path.
fn events(assessing: &Assessing<'_>, member: &Member<'_>, rule: &Retention) -> Found {
    let Some(name) = rule.trigger.event.as_deref() else { return Found::Nothing };
    if let Some(key) = rule.trigger.key.as_deref() {
        let about =
            |d: &&DateField| matches!(&d.source, DateSource::Event(n) if n == name) && d.is_named(key);
        return rows(Source::Event, member.record.evidence.dates.iter().filter(about), Date::MAX);
    }
    let Some(register) = assessing.facts.registers.events.get(name) else { return Found::Nothing };
    let components = member.path.rsplit('/').map(|c| c.trim_end_matches('!'));
    let stem = |c: &str| c.rsplit_once('.').and_then(|(stem, _)| register.get(stem)).copied();
    let found = components.map(|c| register.get(c).copied().or_else(|| stem(c))).find_map(|day| day);
    found.map_or(Found::Nothing, |day| Found::Start(Start::once(Source::Event, Days::on(day))))
}

/// From the document's creation to its last change: which of both the rule means, it does not say.
fn document_dates(assessing: &Assessing<'_>, member: &Member<'_>) -> Found {
    let own = |d: &&DateField| matches!(d.source, DateSource::DocumentCreated | DateSource::DocumentModified);
    match rows(Source::DocMetadata, member.record.evidence.dates.iter().filter(own), assessing.as_of) {
        Found::Start(start) => {
            let days = start.dates.iter().map(|(days, _)| *days).reduce(Days::around);
            days.map_or(Found::Nothing, |days| Found::Start(Start::once(Source::DocMetadata, days)))
        }
        other => other,
    }
}
