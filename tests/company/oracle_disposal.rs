//! DSP-01 to DSP-07.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;

use super::clock::{Given, Start, Worth, start};
use super::run::{Entry, Item, Reach};
use super::{Case, Class, Member, System, Verdict, any_glob, names, said, tally};

/// Formats whose residue is read.
const READ: [&str; 7] = ["tar", "zip", "gzip", "zstd", "bzip2", "xz", "lzip"];
/// Formats of the company that keep residue which is not read.
const NOT_READ: [&str; 1] = ["sqlite"];

type Key = (Option<String>, Option<String>);
type Groups = BTreeMap<Key, Vec<Member>>;

pub fn judge(case: &Case<'_>, all: &mut Vec<Verdict>) {
    if case.registers.disposal.is_none() {
        for test in ["DSP-01", "DSP-02", "DSP-03"] {
            all.push(said(test, None, None, "not-evaluated", "no-register"));
        }
    } else {
        let add = |test, mut groups: Groups, all: &mut Vec<Verdict>| {
            for system in &case.policy.scope.systems {
                for class in &case.policy.classes {
                    groups.entry((Some(system.id.clone()), Some(class.id.clone()))).or_default();
                }
            }
            for ((system, class), members) in groups {
                all.push(tally(test, system.as_deref(), class.as_deref(), &members, false));
            }
        };
        add("DSP-01", still_there(case), all);
        add("DSP-02", absent(case), all);
        add("DSP-03", copies(case), all);
    }
    if case.previous.is_none() {
        all.push(said("DSP-04", None, None, "not-evaluated", "no-previous"));
    }
    for place in case.places() {
        for class in &case.policy.classes {
            if case.previous.is_some() {
                all.push(unexplained(case, place, class));
            }
            all.push(early(case, place, class));
        }
        all.push(residue(case, place));
    }
    all.push(erasure(case));
}

fn system_of(case: &Case<'_>, entry: &Entry) -> Option<String> {
    entry.system.clone().or_else(|| case.policy.system_of(&entry.item).map(|s| s.id.clone()))
}

fn plus_days(day: Date, days: i64) -> Date {
    day.checked_add(Span::new().days(days)).expect("a day")
}

/// DSP-01
fn still_there(case: &Case<'_>) -> Groups {
    let today = case.run.as_of;
    let mut groups = Groups::new();
    let entries = case.registers.disposal.iter().flatten();
    for entry in entries.clone() {
        let present = case.run.at(&entry.item).is_some_and(|i| !i.skipped());
        let same = case.run.at(&entry.item).is_some_and(|i| i.hash.is_some() && i.hash == entry.content_hash);
        let fails = match (entry.performed(), entry.approved()) {
            (Some(_), _) => same,
            (None, Some(day)) => present && today > plus_days(day, case.policy.thresholds.disposal_days),
            (None, None) => continue,
        };
        let member = case.member(fails, "DSP-01", &entry.item, entry.class.as_deref());
        groups.entry((system_of(case, entry), entry.class.clone())).or_default().push(member);
    }
    let quarantine = case.policy.disposal.iter().flat_map(|d| &d.quarantine);
    let globs: Vec<_> = quarantine.collect();
    let waits = |i: &&Item| !i.skipped() && globs.iter().any(|g| g.matches(&i.path) || g.matches(i.outer()));
    for item in case.run.items.iter().filter(waits) {
        let entry = entries.clone().find(|e| e.quarantine.as_deref() == Some(item.outer()));
        let mut classes: BTreeSet<Option<String>> =
            case.classes_of(item).iter().map(|c| Some(c.id.clone())).collect();
        if classes.is_empty() {
            classes.insert(entry.and_then(|e| e.class.clone()));
        }
        for class in classes {
            let known = class.as_ref().and_then(|id| case.policy.class(id));
            let rule = known.and_then(|c| case.policy.rule(c));
            let since = entry.and_then(Entry::performed).or(item.first_seen).expect("a day");
            let until = match rule.and_then(|r| r.grace.as_ref()) {
                Some(grace) => grace.after(since),
                None => plus_days(since, 30),
            };
            let member = case.member(today > until, "DSP-01", &item.path, class.as_deref());
            let system = case.policy.system_of(&item.path).map(|s| s.id.clone());
            groups.entry((system, class)).or_default().push(member);
        }
    }
    groups
}

/// DSP-02
fn absent(case: &Case<'_>) -> Groups {
    let mut groups = Groups::new();
    for (entry, _) in case.registers.performed() {
        let there = case.run.at(&entry.item).filter(|i| !i.skipped());
        let same =
            |i: &Item| i.hash.is_none() || entry.content_hash.is_none() || i.hash == entry.content_hash;
        let id = system_of(case, entry);
        let system = case.policy.scope.systems.iter().find(|s| Some(&s.id) == id.as_ref());
        let unreached = system.and_then(|s| match case.run.reach(s) {
            Reach::Missing => Some("root-missing"),
            Reach::Unmounted => Some("root-unmounted"),
            Reach::Unreadable => Some("root-unreadable"),
            Reach::Reached => {
                let few = (case.examined(Some(s)).len() as u64) < s.min_items.unwrap_or(1);
                few.then_some("below-min-items")
            }
        });
        let member = match unreached {
            _ if there.is_some_and(same) => case.deviating("DSP-02", &entry.item, entry.class.as_deref()),
            Some(reason) => Member::Unknown(reason),
            None => Member::Pass,
        };
        groups.entry((id, entry.class.clone())).or_default().push(member);
    }
    groups
}

/// DSP-03
fn copies(case: &Case<'_>) -> Groups {
    let mut groups = Groups::new();
    for (entry, performed) in case.registers.performed() {
        let prints = &entry.record_fingerprints;
        let same_key = entry.key_id.as_ref() == Some(&case.run.key_id);
        let member = match (&entry.content_hash, prints.is_empty()) {
            (None, true) => Member::Unknown("no-fingerprints"),
            (None, false) if !same_key => Member::Unknown("no-key"),
            (hash, _) => {
                let is_copy = |i: &&Item| {
                    let shared = prints.iter().filter(|p| i.fingerprints.contains(*p)).count();
                    let share = shared as f64 / prints.len().max(1) as f64;
                    i.path != entry.item
                        && i.examined()
                        && (hash.is_some() && i.hash == *hash
                            || same_key && !prints.is_empty() && share >= case.policy.thresholds.copy_share)
                };
                let disposal = case.policy.disposal.as_ref().expect("a register");
                let tolerated = |i: &Item| {
                    let backup = disposal.backups.as_ref().is_some_and(|b| {
                        any_glob(&b.roots, &i.path) && case.run.as_of <= b.expiry.after(performed)
                    });
                    backup || any_glob(&disposal.quarantine, &i.path)
                };
                let fails = case.run.items.iter().filter(is_copy).any(|i| !tolerated(i));
                case.member(fails, "DSP-03", &entry.item, entry.class.as_deref())
            }
        };
        groups.entry((system_of(case, entry), entry.class.clone())).or_default().push(member);
    }
    groups
}

/// The previous run's items of a system that hold a class.
fn held_before<'a>(case: &Case<'a>, place: Option<&System>, class: &Class) -> Vec<&'a Item> {
    let Some(previous) = case.previous else { return Vec::new() };
    let of = |i: &&Item| !i.skipped() && case.is_in(&i.path, place) && previous.holds(i, class);
    previous.items.iter().filter(of).collect()
}

fn usable(case: &Case<'_>, rule: &super::policy::Rule, item: &Item) -> Option<Start> {
    match start(case, rule, item) {
        Given::Usable(start) => Some(start),
        _ => None,
    }
}

fn is_gone(case: &Case<'_>, item: &Item) -> bool {
    case.run.at(&item.path).is_none()
}

/// DSP-04
fn unexplained(case: &Case<'_>, place: Option<&System>, class: &Class) -> Verdict {
    let (id, key) = (place.map(|s| s.id.as_str()), Some(class.id.as_str()));
    let reached = place.is_none_or(|s| case.run.reach(s) == Reach::Reached);
    let whole = reached && !case.run.interrupted;
    let members: Vec<Member> = held_before(case, place, class)
        .iter()
        .map(|item| {
            let moved = item.hash.is_some() && case.run.items.iter().any(|i| i.hash == item.hash);
            let registered =
                case.registers.performed().any(|(e, _)| e.item == item.path || e.item == item.outer());
            match () {
                () if !is_gone(case, item) || registered || moved => Member::Pass,
                () if !whole => Member::Unknown("partial-scan"),
                () => case.deviating("DSP-04", &item.path, key),
            }
        })
        .collect();
    tally("DSP-04", id, key, &members, false)
}

/// DSP-05
fn early(case: &Case<'_>, place: Option<&System>, class: &Class) -> Verdict {
    let (id, key) = (place.map(|s| s.id.as_str()), Some(class.id.as_str()));
    let rule = case.policy.rule(class);
    let keep = rule.and_then(|r| r.keep_min.as_ref());
    let gone: Vec<&Item> = held_before(case, place, class).into_iter().filter(|i| is_gone(case, i)).collect();
    let of = |e: &Entry| system_of(case, e).as_deref() == id && e.class.as_deref() == key;
    let entries: Vec<(&Entry, Date)> = case.registers.performed().filter(|(e, _)| of(e)).collect();
    let mut paths: BTreeSet<&str> = gone.iter().map(|i| i.path.as_str()).collect();
    paths.extend(entries.iter().map(|(e, _)| e.item.as_str()));
    let members: Vec<Member> = paths
        .into_iter()
        .filter_map(|path| {
            let item = gone.iter().find(|i| i.path == path);
            let entry = entries.iter().find(|(e, _)| e.item == path);
            let started = item.zip(rule).and_then(|(i, r)| usable(case, r, i));
            let written = entry.and_then(|(e, _)| e.trigger_date);
            let trigger = started.as_ref().map(Start::oldest).or(written.map(|d| (d, d)));
            if case.on_hold(path, &[&class.id], trigger) {
                return Some(case.deviating("DSP-05", path, key));
            }
            let keep = keep?;
            let firm = started.filter(|s| s.worth > Worth::Weak).map(|s| s.youngest());
            let Some(first) = firm.or(written) else {
                return Some(Member::Unknown("no-date"));
            };
            let lost = entry.map_or(case.run.as_of, |(_, day)| *day);
            Some(case.member(lost < keep.after(first), "DSP-05", path, key))
        })
        .collect();
    tally("DSP-05", id, key, &members, false)
}

/// DSP-06
fn erasure(case: &Case<'_>) -> Verdict {
    let today = case.run.as_of;
    let Some(requests) = &case.registers.erasure else {
        return said("DSP-06", None, None, "not-applicable", "no-register");
    };
    let asked = requests.iter().filter(|r| r.due.is_some_and(|d| d <= today) || r.completed_on.is_some());
    let members: Vec<Member> = asked
        .map(|request| {
            if request.key_id.as_ref() != Some(&case.run.key_id) {
                return Member::Unknown("no-key");
            }
            let meets = |i: &&Item| {
                i.examined()
                    && request.fingerprints.iter().any(|p| i.fingerprints.contains(p))
                    && !held(case, i)
            };
            match case.run.items.iter().find(meets) {
                Some(item) => case.deviating("DSP-06", &item.path, None),
                None => Member::Pass,
            }
        })
        .collect();
    let mut verdict = tally("DSP-06", None, None, &members, false);
    if members.is_empty() {
        verdict.reason = Some("no-request".to_owned());
    }
    verdict
}

fn held(case: &Case<'_>, item: &Item) -> bool {
    let classes = case.classes_of(item);
    classes.iter().any(|c| {
        let trigger = case.policy.rule(c).and_then(|r| usable(case, r, item)).map(|s| s.oldest());
        case.on_hold(&item.path, &[&c.id], trigger)
    }) || classes.is_empty() && case.on_hold(&item.path, &[], None)
}

/// DSP-07
fn residue(case: &Case<'_>, place: Option<&System>) -> Verdict {
    let of_a_class =
        |c: &String| case.policy.classes.iter().any(|k| k.names().iter().any(|name| names(name, c)));
    let items = case.examined(place);
    let keeps = |i: &&&Item| READ.contains(&i.format.as_str()) || NOT_READ.contains(&i.format.as_str());
    let members: Vec<Member> = items
        .iter()
        .filter(keeps)
        .map(|container| {
            if NOT_READ.contains(&container.format.as_str()) {
                return Member::Unknown("no-residue-support");
            }
            let inner = format!("{}!/", container.path);
            let inside = items.iter().filter(|i| i.path == container.path || i.path.starts_with(&inner));
            let (left, open): (Vec<&Item>, Vec<&Item>) = inside.copied().partition(|i| i.residue);
            let of = |items: &[&Item]| -> BTreeSet<String> {
                items.iter().flat_map(|i| case.run.counted(i)).collect()
            };
            let (left, open) = (of(&left), of(&open));
            let fails = left.iter().any(|c| of_a_class(c) && !open.contains(c));
            case.member(fails, "DSP-07", &container.path, None)
        })
        .collect();
    tally("DSP-07", place.map(|s| s.id.as_str()), None, &members, false)
}
