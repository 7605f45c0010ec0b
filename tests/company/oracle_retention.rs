//! RET-01 to RET-04.

use super::clock::{Given, Start, Worth, start};
use super::policy::Rule;
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

fn overdue(case: &Case<'_>, rule: &Rule, item: &Item, class: &str) -> Member {
    let (Some(keep), false) = (&rule.keep_max, rule.action.as_deref() == Some("permanent")) else {
        return Member::Pass;
    };
    let given = start(case, rule, item);
    let Given::Usable(start) = &given else { return Member::Unknown(why(rule, &given)) };
    let today = case.run.as_of;
    let late = |day: &&(jiff::civil::Date, jiff::civil::Date)| {
        let due = keep.after(day.1);
        today > rule.grace.as_ref().map_or(due, |g| g.after(due))
    };
    let late: Vec<_> = start.days.iter().filter(late).collect();
    if !late.is_empty() {
        let held = |d: &(jiff::civil::Date, jiff::civil::Date)| case.on_hold(&item.path, &[class], Some(*d));
        if late.iter().all(|d| held(d)) {
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
    let at = |day| rule.phases.iter().position(|p| case.run.as_of <= p.until.after(day)).unwrap_or(past);
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
