//! RET-01 to RET-04.

use jiff::civil::Date;

use super::clock::{Given, Span, Start, Worth, start};
use super::policy::{Class, Period, Rule};
use super::run::Item;
use super::{Case, Member, Verdict, any_glob, any_name, said, tally};

pub fn judge(case: &Case<'_>, all: &mut Vec<Verdict>) {
    let policy = case.policy;
    for place in case.places() {
        let id = place.map(|s| s.id.as_str());
        for class in &policy.classes {
            let key = Some(class.id.as_str());
            let items = case.holding(place, class);
            if place.is_none() && items.is_empty() {
                continue;
            }
            let Some(rule) = policy.rule(class) else {
                for test in ["RET-01", "RET-03", "RET-04"] {
                    all.push(said(test, id, key, "not-applicable", "no-rule"));
                }
                continue;
            };
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
        let items = case.examined(place).into_iter().filter(|i| !case.personal(i).is_empty());
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

/// Why there is no date, in the words of results.
fn why(rule: &Rule, given: &Given) -> &'static str {
    match given {
        _ if rule.trigger.source == "event" => "no-event",
        Given::OnlyBad => "bad-date",
        _ => "no-date",
    }
}

/// What is wrong with the rows of a date that proves nothing else.
fn unsure(case: &Case<'_>, rule: &Rule, start: &Start) -> Option<Member> {
    let of_event = rule.trigger.source == "event";
    let limit = case.policy.thresholds.bad_dates;
    match () {
        () if start.worth == Worth::Weak => Some(Member::Unknown("weak-date")),
        () if start.bad as f64 > limit * start.rows as f64 => {
            Some(Member::Unknown(if of_event { "no-event" } else { "bad-date" }))
        }
        () => None,
    }
}

/// What an overdue item's deviation says: the oldest of the rows that are not on hold.
#[derive(Clone, Debug, PartialEq, PartialOrd, Eq, Ord)]
pub struct Overdue {
    pub path: String,
    pub class: String,
    pub trigger: Date,
    pub due: Date,
    pub days_over: i64,
    pub rows: u64,
    pub mixed: bool,
}

/// All deviations of RET-01, those under an exception or a hold too.
pub fn all_overdue(case: &Case<'_>) -> Vec<Overdue> {
    let mut all = Vec::new();
    for place in case.places() {
        for class in &case.policy.classes {
            let Some(rule) = case.policy.rule(class) else { continue };
            let items = case.holding(place, class);
            all.extend(items.into_iter().filter_map(|i| detail(case, rule, i, &class.id)));
        }
    }
    all.sort();
    all
}

fn detail(case: &Case<'_>, rule: &Rule, item: &Item, class: &str) -> Option<Overdue> {
    if !matches!(overdue(case, rule, item, class), Member::Fail | Member::Excepted) {
        return None;
    }
    let Given::Usable(start) = start(case, rule, item) else { return None };
    let late = late(case, rule, &start);
    let open: Vec<&Span> =
        late.iter().copied().filter(|d| !case.on_hold(&item.path, &[class], Some(**d))).collect();
    let about = if open.is_empty() { late } else { open };
    let oldest = *about.iter().map(|d| &d.1).min()?;
    let due = rule.keep_max.as_ref()?.after(case.policy.align(rule, oldest));
    let over = rule.grace.as_ref().map_or(due, |g| g.after(due));
    let others = case.classes_of(item).into_iter().filter(|c| c.id != class);
    Some(Overdue {
        path: item.path.clone(),
        class: class.to_owned(),
        trigger: oldest,
        due,
        days_over: i64::from(case.run.as_of.since(over).ok()?.get_days()),
        rows: about.iter().map(|d| start.rows_of(d)).sum(),
        mixed: others.into_iter().any(|c| still_kept(case, c, item)),
    })
}

/// Whether a class of an item still has to be kept.
fn still_kept(case: &Case<'_>, class: &Class, item: &Item) -> bool {
    let Some(rule) = case.policy.rule(class) else { return false };
    let given = start(case, rule, item);
    let Given::Usable(start) = &given else { return rule.trigger.source == "event" };
    let youngest = case.policy.align(rule, start.youngest_end());
    let before = |keep: &Option<Period>| keep.as_ref().is_some_and(|k| case.run.as_of < k.after(youngest));
    rule.action.as_deref() == Some("permanent") || before(&rule.keep_max) || before(&rule.keep_min)
}

fn late<'s>(case: &Case<'_>, rule: &Rule, start: &'s Start) -> Vec<&'s Span> {
    let Some(keep) = &rule.keep_max else { return Vec::new() };
    let late = |day: &&Span| {
        let due = keep.after(case.policy.align(rule, day.1));
        case.run.as_of > rule.grace.as_ref().map_or(due, |g| g.after(due))
    };
    start.days.iter().filter(late).collect()
}

fn overdue(case: &Case<'_>, rule: &Rule, item: &Item, class: &str) -> Member {
    let (Some(_), false) = (&rule.keep_max, rule.action.as_deref() == Some("permanent")) else {
        return Member::Pass;
    };
    let given = start(case, rule, item);
    let Given::Usable(start) = &given else { return Member::Unknown(why(rule, &given)) };
    let late = late(case, rule, start);
    if !late.is_empty() {
        if late.iter().all(|d| case.on_hold(&item.path, &[class], Some(**d))) {
            return Member::Excepted;
        }
        return case.deviating("RET-01", &item.path, Some(class));
    }
    unsure(case, rule, start).unwrap_or(Member::Pass)
}

fn no_date(
    case: &Case<'_>,
    rule: &Rule,
    items: &[&Item],
    system: Option<&str>,
    class: Option<&str>,
) -> Verdict {
    let usable = |i: &Item| matches!(start(case, rule, i), Given::Usable(_));
    let members: Vec<Member> =
        items.iter().map(|i| case.member(!usable(i), "RET-03", &i.path, class)).collect();
    let verdict = tally("RET-03", system, class, &members, false);
    let few = verdict.deviations as f64 <= case.policy.thresholds.no_date * verdict.population as f64;
    match verdict.outcome == "fail" && few {
        true => tally("RET-03", system, class, &vec![Member::Pass; members.len()], false),
        false => verdict,
    }
}

/// `None` for what is past the last phase.
fn phase(case: &Case<'_>, rule: &Rule, item: &Item, class: &str) -> Option<Member> {
    let given = start(case, rule, item);
    let Given::Usable(start) = &given else { return Some(Member::Unknown(why(rule, &given))) };
    let past = rule.phases.len();
    let at = |day| {
        rule.phases
            .iter()
            .position(|p| case.run.as_of <= p.until.after(case.policy.align(rule, day)))
            .unwrap_or(past)
    };
    let wrong = |n: usize| {
        let elsewhere = rule.phases.iter().any(|p| any_glob(&p.location, &item.path));
        match rule.phases[n].location.is_empty() {
            true => elsewhere,
            false => !any_glob(&rule.phases[n].location, &item.path),
        }
    };
    // Of each row the phases from that of its last day to that of its first.
    let rows: Vec<(usize, usize)> = start.days.iter().map(|(first, last)| (at(*last), at(*first))).collect();
    if rows.iter().all(|(from, _)| *from == past) {
        return None;
    }
    if start.worth == Worth::Weak {
        return Some(Member::Unknown("weak-date"));
    }
    let deviates = rows.iter().any(|(from, to)| *to < past && (*from..=*to).all(wrong));
    match deviates {
        true => Some(case.deviating("RET-04", &item.path, Some(class))),
        false => Some(unsure(case, rule, start).unwrap_or(Member::Pass)),
    }
}
