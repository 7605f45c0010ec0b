//! What may be disposed of: what is overdue as a whole, and what stands in the way of the rest.
//!
//! Pure, as all of this room. Only whole outermost files can go: who disposes of a file disposes of everything in it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::assess::{Assessing, Assessment, Globs, Member, may_match_inside};
use super::clock::{self, Days};
use super::disposal;
use super::outcome::{ControlOutcome, Deviation};
use super::policy::{Action, Class, Retention, Source};

/// An item that is overdue, or was to be gone.
#[derive(Clone, Debug)]
pub struct Due<'a> {
    /// Where it stands in [`Assessing::items`].
    pub at: usize,
    /// The declared system.
    pub system: &'a str,
    /// The class under which it is.
    pub class: Option<&'a Class>,
    /// Other classes that it, or what is in it, holds.
    pub also_holds: BTreeSet<&'a str>,
    /// The rule.
    pub rule: Option<&'a Retention>,
    /// What the control test says of it.
    pub deviation: Deviation,
    /// Each control test that names it, with its reason.
    pub why: Vec<String>,
    /// First and last of the dates of everything in it.
    pub dates: Option<(Date, Date)>,
    /// What to do instead of disposing of it; empty if nothing stands in the way.
    pub advice: Vec<String>,
}

/// Everything that RET-01 finds overdue without hold or exception, and that DSP-01 finds left over, by path.
pub fn list<'a>(assessing: &'a Assessing<'a>, assessment: &'a Assessment) -> Vec<Due<'a>> {
    let places: BTreeMap<String, usize> =
        assessing.items.iter().enumerate().map(|(at, m)| (m.record.item.id.to_string(), at)).collect();
    let inside = contents(assessing);
    // Whether that was right, RET-01 says.
    let refused = disposal::refused(assessing);
    let mut found: BTreeMap<usize, Due<'a>> = BTreeMap::new();
    for test in ["RET-01", "DSP-01"] {
        let results =
            assessment.results.iter().filter(|r| r.test_id == test && r.outcome == ControlOutcome::Fail);
        for (result, deviation) in results.flat_map(|r| r.deviating.iter().map(move |d| (r, d))) {
            let open = deviation.approved_exception.is_none();
            let at = deviation.item_id.as_ref().and_then(|id| places.get(id)).filter(|_| open);
            let (Some(at), Some(system)) = (at, result.system.as_deref()) else { continue };
            let reason = deviation.reason.as_deref().unwrap_or("overdue");
            if reason == "not-done" && refused.contains(&assessing.items[*at].record.item.id) {
                continue;
            }
            let why = match &result.class {
                Some(class) => format!("{test} {reason} ({class})"),
                None => format!("{test} {reason}"),
            };
            let due = found.entry(*at).or_insert_with(|| {
                let class = result.class.as_deref().and_then(|id| assessing.class(id));
                let rule = deviation.rule.as_ref();
                Due {
                    at: *at,
                    system,
                    class,
                    also_holds: BTreeSet::new(),
                    rule: rule.and_then(|id| assessing.policy.retention.iter().find(|r| r.id == *id)),
                    deviation: deviation.clone(),
                    why: Vec::new(),
                    dates: None,
                    advice: Vec::new(),
                }
            });
            due.why.push(why);
            if reason == "mixed" {
                advise(&mut due.advice, "redact or split");
            }
        }
    }
    let mut list: Vec<Due<'a>> = found.into_values().collect();
    for due in &mut list {
        weigh(assessing, &inside, due);
    }
    list
}

fn advise(advice: &mut Vec<String>, what: &str) {
    if !advice.iter().any(|a| a == what) {
        advice.push(what.to_owned());
    }
}

/// The entries of each outermost file, by its path.
fn contents<'a>(assessing: &'a Assessing<'a>) -> BTreeMap<&'a str, Vec<&'a Member<'a>>> {
    let mut inside: BTreeMap<&str, Vec<&Member<'_>>> = BTreeMap::new();
    for member in assessing.items.iter().filter(|m| !m.is_outermost()) {
        inside.entry(member.outermost()).or_default().push(member);
    }
    inside
}

/// What stands in the way: everything in the file has to be free to go.
fn weigh<'a>(assessing: &'a Assessing<'a>, inside: &BTreeMap<&str, Vec<&'a Member<'a>>>, due: &mut Due<'a>) {
    let item = &assessing.items[due.at];
    if !item.is_outermost() {
        advise(&mut due.advice, "redact or split");
    }
    if due.rule.is_some_and(|r| r.action == Action::Anonymise) {
        advise(&mut due.advice, "anonymise");
    }
    if due.rule.is_some_and(|r| r.action == Action::Transfer) {
        advise(&mut due.advice, "transfer");
    }
    if item.record.evidence.content_hash.is_none() {
        advise(&mut due.advice, "read: its content is not known");
    }
    let entries = if item.is_outermost() { inside.get(item.path.as_str()) } else { None };
    let all: Vec<&Member<'_>> = std::iter::once(item).chain(entries.into_iter().flatten().copied()).collect();
    let whole = all.iter().all(|m| m.record.outcome == crate::model::Outcome::Scanned);
    let mut days: Option<Days> = None;
    for member in &all {
        for class in member.classes.iter().map(|c| &assessing.policy.classes[*c]) {
            let overdue = due.class.is_some_and(|c| c.id == class.id);
            if !overdue {
                due.also_holds.insert(&class.id);
            }
            weigh_class(assessing, member, (class, overdue), &mut days, &mut due.advice);
        }
    }
    let classes: Vec<&str> =
        due.class.iter().map(|c| c.id.as_str()).chain(due.also_holds.iter().copied()).collect();
    due.dates = days.map(|d| (d.first, d.last));
    for path in all.iter().map(|m| m.path.as_str()) {
        let held = match whole {
            true => hold(assessing, path, &classes, due.dates),
            // Who knows what is in there: a hold on any class may be about it.
            false => assessing.hold_anywhere(path, due.dates.map(|(first, last)| Days { first, last })),
        };
        if let Some(id) = held {
            advise(&mut due.advice, &format!("hold {id}"));
        }
    }
}

/// One class of one part of the file. `overdue`: it is the class under which the file is to go.
fn weigh_class(
    assessing: &Assessing<'_>,
    member: &Member<'_>,
    (class, overdue): (&Class, bool),
    days: &mut Option<Days>,
    advice: &mut Vec<String>,
) {
    let (policy, as_of) = (assessing.policy, assessing.as_of);
    let Some(rule) = policy.rule(class) else { return };
    let start = match clock::trigger(assessing, member, class) {
        _ if rule.action == Action::Permanent => return advise(advice, "redact or split"),
        Ok(start) if start.source == Source::Event && start.bad > 0 => {
            return advise(advice, "redact or split");
        }
        Ok(start) => start,
        Err("no-event") => return advise(advice, "redact or split"),
        Err(_) => return,
    };
    for (day, _) in &start.dates {
        let possible = start.possible(*day);
        *days = Some(days.map_or(possible, |d| Days {
            first: d.first.min(possible.first),
            last: d.last.max(possible.last),
        }));
    }
    let over = |day: Date| clock::limit(day, rule, policy).is_some_and(|limit| as_of > limit);
    let youngest = start.youngest();
    let kept = match overdue {
        true => !over(youngest.last),
        false => clock::due(youngest.last, rule, policy).is_some_and(|due| as_of < due),
    };
    let early = clock::earliest(youngest.first, rule, policy).is_some_and(|day| as_of < day);
    let undated = start.by_row && start.bad_share() > policy.thresholds.bad_dates;
    match () {
        () if start.by_row && (kept || undated) && start.dates.iter().any(|(day, _)| over(day.last)) => {
            advise(advice, if member.is_outermost() { "rows" } else { "redact or split" });
        }
        () if kept || early => advise(advice, "redact or split"),
        () => {}
    }
}

/// The hold that fits a path and one of the classes of what is there, given its first and last date.
pub fn hold<'a>(
    assessing: &Assessing<'a>,
    path: &str,
    classes: &[&str],
    dates: Option<(Date, Date)>,
) -> Option<&'a str> {
    let days = dates.map(|(first, last)| Days { first, last });
    let classes = classes.iter().map(|c| Some(*c)).chain([None]);
    classes.into_iter().find_map(|class| assessing.hold_of_path_within(path, class, days))
}

/// A hold in force that a plan did not know of, and that may fit an item or something in it. What the plan knew of it is
/// no answer: of a file that was not read whole it knew neither all classes nor all dates.
pub fn unplanned_hold<'a>(assessing: &Assessing<'a>, path: &str, known: &[String]) -> Option<&'a str> {
    let force: Vec<&str> = holds(assessing).filter(|id| known.iter().all(|k| k != id)).collect();
    let mut holds = assessing.policy.holds.iter().filter(|h| force.contains(&h.id.as_str()));
    let fits = |glob: &String| {
        Globs::new(std::slice::from_ref(glob)).matches_path(path) || may_match_inside(glob, path)
    };
    holds.find(|h| h.matches.path.is_empty() || h.matches.path.iter().any(fits)).map(|h| h.id.as_str())
}

/// The exception from RET-01 that fits a path and class.
pub fn exception<'a>(assessing: &Assessing<'a>, path: &str, class: Option<&str>) -> Option<&'a str> {
    assessing.exception_of_path("RET-01", path, class)
}

/// Ids of the holds that are in force.
pub fn holds<'a>(assessing: &Assessing<'a>) -> impl Iterator<Item = &'a str> {
    let as_of = assessing.as_of;
    let holds = assessing.policy.holds.iter();
    holds.filter(move |h| h.placed <= as_of && h.released.is_none_or(|r| r > as_of)).map(|h| h.id.as_str())
}

/// Whether something under a rule with this trigger date is past due and grace.
pub fn is_over(assessing: &Assessing<'_>, rule: &str, trigger: Date) -> bool {
    let rule = assessing.policy.retention.iter().find(|r| r.id == rule);
    let limit = rule.and_then(|r| clock::limit(trigger, r, assessing.policy));
    limit.is_some_and(|limit| assessing.as_of > limit)
}
