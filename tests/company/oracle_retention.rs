//! RET-01 to RET-04, and when a clock starts.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::policy::{Phase, Rule};
use super::run::{Item, Registers};
use super::{Case, Member, Verdict, any_glob, any_name, said, tally};

/// How much a date is worth.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Worth {
    Weak,
    Medium,
    Strong,
}

/// What the sources of a rule give for an item.
#[derive(Clone, Debug)]
pub struct Start {
    pub worth: Worth,
    /// Rows per day; where a year or month is named, its last day.
    pub days: BTreeMap<Date, u64>,
    /// The earliest day that it can mean.
    pub earliest: Date,
    /// Rows whose date is empty, unreadable or ambiguous.
    bad: u64,
    /// Keys without a row in the register.
    without_event: u64,
}

impl Start {
    /// The trigger date: the oldest.
    pub fn oldest(&self) -> Date {
        *self.days.keys().next().expect("a day")
    }

    fn once(worth: Worth, first: Date, last: Date) -> Self {
        Self { worth, days: BTreeMap::from([(last, 1)]), earliest: first, bad: 0, without_event: 0 }
    }
}

/// When the clock of a rule starts for an item; `None` where no source gives a usable date.
pub fn start(rule: &Rule, item: &Item, registers: &Registers) -> Option<Start> {
    let trigger = &rule.trigger;
    let given = std::iter::once(&trigger.source).chain(&trigger.fallback).find_map(|source| match source
        .as_str()
    {
        "record-date" => {
            let field = trigger.field.as_ref().expect("a field");
            let dates = item.dates.iter().find(|d| d.field.eq_ignore_ascii_case(field))?;
            let earliest = *dates.days.keys().next()?;
            let bad = dates.empty + dates.unparsed + dates.ambiguous;
            Some(Start { worth: Worth::Strong, days: dates.days.clone(), earliest, bad, without_event: 0 })
        }
        "event" => {
            let register = registers.events.get(trigger.event.as_ref().expect("an event"))?;
            let keys = item.keys.get(trigger.key.as_ref().expect("a key"))?;
            let mut days = BTreeMap::new();
            keys.iter().filter_map(|k| register.get(k)).for_each(|d| *days.entry(*d).or_default() += 1);
            let without_event = keys.iter().filter(|k| !register.contains_key(*k)).count() as u64;
            let earliest = *days.keys().next()?;
            Some(Start { worth: Worth::Strong, days, earliest, bad: 0, without_event })
        }
        "path-date" => path_date(&item.path).map(|(first, last)| Start::once(Worth::Medium, first, last)),
        "modified" => item.modified.map(|day| Start::once(Worth::Weak, day, day)),
        other => panic!("the company uses no {other}"),
    })?;
    let least = match trigger.min_confidence.as_deref() {
        Some("weak") => Worth::Weak,
        Some("strong") => Worth::Strong,
        _ => Worth::Medium,
    };
    Some(given).filter(|s| s.worth >= least)
}

/// First and last day that a year, month or day in a path can mean.
fn path_date(path: &str) -> Option<(Date, Date)> {
    path.split('/').find_map(|part| {
        let stem = part.split('.').next().unwrap_or(part);
        let numbers: Vec<&str> = stem.split('-').collect();
        if numbers.iter().any(|n| n.is_empty() || !n.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        let year: i16 = numbers.first().filter(|y| y.len() == 4)?.parse().ok()?;
        match numbers.len() {
            1 => Some((date(year, 1, 1), date(year, 12, 31))),
            2 => {
                let first = Date::new(year, numbers[1].parse().ok()?, 1).ok()?;
                Some((first, first.last_of_month()))
            }
            3 => {
                let day = Date::new(year, numbers[1].parse().ok()?, numbers[2].parse().ok()?).ok()?;
                Some((day, day))
            }
            _ => None,
        }
    })
}

pub fn judge(case: &Case<'_>, all: &mut Vec<Verdict>) {
    let policy = case.policy;
    for system in &policy.scope.systems {
        let id = Some(system.id.as_str());
        for class in &policy.classes {
            let key = Some(class.id.as_str());
            let Some(rule) = policy.rule(class) else {
                for test in ["RET-01", "RET-03", "RET-04"] {
                    all.push(said(test, id, key, "not-applicable", "no-rule"));
                }
                continue;
            };
            let items = case.holding(system, class);
            let members: Vec<Member> = items.iter().map(|i| overdue(case, rule, i, &class.id)).collect();
            all.push(tally("RET-01", id, key, &members, false));
            all.push(no_date(case, rule, &items, id, key));
            all.push(match rule.phases.is_empty() {
                true => said("RET-04", id, key, "not-applicable", "no-phases"),
                false => {
                    let members: Vec<Member> =
                        items.iter().filter_map(|i| phase(case, rule, i, &class.id)).collect();
                    tally("RET-04", id, key, &members, false)
                }
            });
        }
        let items = case.examined(system).into_iter().filter(|i| !case.personal(i).is_empty());
        let members: Vec<Member> = items
            .map(|i| {
                let ruled = case.classes_of(i).into_iter().filter(|c| c.retention.is_some());
                let ruled: Vec<_> = ruled.map(|c| &c.categories).collect();
                let covers =
                    |c: &String| ruled.iter().any(|list| list.as_ref().is_none_or(|l| any_name(l, c)));
                case.member(case.personal(i).iter().any(|c| !covers(c)), "RET-02", &i.path, None)
            })
            .collect();
        all.push(tally("RET-02", id, None, &members, false));
    }
}

fn overdue(case: &Case<'_>, rule: &Rule, item: &Item, class: &str) -> Member {
    let (Some(keep), false) = (&rule.keep_max, rule.action.as_deref() == Some("permanent")) else {
        return Member::Pass;
    };
    let of_event = rule.trigger.source == "event";
    let Some(start) = start(rule, item, case.registers) else {
        return Member::Unknown(if of_event { "no-event" } else { "no-date" });
    };
    let today = case.run.as_of;
    let late = |day: &Date| {
        let due = keep.after(*day);
        today > rule.grace.as_ref().map_or(due, |g| g.after(due))
    };
    if start.days.keys().any(late) {
        if case.on_hold(&item.path, &[class], Some(start.oldest())) {
            return Member::Excepted;
        }
        return case.deviating("RET-01", &item.path, Some(class));
    }
    let future: u64 = start.days.iter().filter(|(d, _)| **d > today).map(|(_, n)| n).sum();
    let rows: u64 = start.days.values().sum::<u64>() + start.bad;
    match () {
        () if start.worth == Worth::Weak => Member::Unknown("weak-date"),
        () if start.without_event > 0 => Member::Unknown("no-event"),
        () if (start.bad + future) as f64 > case.policy.thresholds.bad_dates * rows as f64 => {
            Member::Unknown("bad-date")
        }
        () => Member::Pass,
    }
}

fn no_date(
    case: &Case<'_>,
    rule: &Rule,
    items: &[&Item],
    system: Option<&str>,
    class: Option<&str>,
) -> Verdict {
    let members: Vec<Member> = items
        .iter()
        .map(|i| case.member(start(rule, i, case.registers).is_none(), "RET-03", &i.path, class))
        .collect();
    let mut verdict = tally("RET-03", system, class, &members, false);
    if verdict.outcome == "fail"
        && verdict.deviations as f64 <= case.policy.thresholds.no_date * verdict.population as f64
    {
        (verdict.outcome, verdict.counts_open) = ("pass", true);
    }
    verdict
}

/// `None` for what is past the last phase.
fn phase(case: &Case<'_>, rule: &Rule, item: &Item, class: &str) -> Option<Member> {
    let Some(start) = start(rule, item, case.registers) else { return Some(Member::Unknown("no-date")) };
    let mut phases = rule.phases.iter();
    let now = phases.find(|p| case.run.as_of <= p.until.after(start.oldest()))?;
    if start.worth == Worth::Weak {
        return Some(Member::Unknown("weak-date"));
    }
    let elsewhere = |p: &Phase| any_glob(&p.location, &item.path);
    let right = match now.location.is_empty() {
        true => !rule.phases.iter().any(elsewhere),
        false => any_glob(&now.location, &item.path),
    };
    Some(case.member(!right, "RET-04", &item.path, Some(class)))
}
