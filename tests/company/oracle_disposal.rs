//! DSP-01 to DSP-05: what was to go, and what went.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;

use super::clock::{Given, Start, Worth, start};
use super::policy::Rule;
use super::run::{Entry, Item, Reach};
use super::{Case, Class, Member, Verdict, any_glob, said, tally};

/// System and class.
type Key = (Option<String>, Option<String>);
type Groups = BTreeMap<Key, Vec<Member>>;

pub fn judge(case: &Case<'_>, all: &mut Vec<Verdict>) {
    let mut add = |test, groups: Groups| {
        for ((system, class), members) in groups {
            all.push(tally(test, system.as_deref(), class.as_deref(), &members, false));
        }
    };
    if case.registers.disposal.is_some() {
        add("DSP-01", still_there(case));
        add("DSP-02", absent(case));
        add("DSP-03", copies(case));
    }
    let early = early(case);
    let nothing_early = early.is_empty();
    add("DSP-04", unexplained(case));
    add("DSP-05", early);
    if case.registers.disposal.is_none() {
        for test in ["DSP-01", "DSP-02", "DSP-03"] {
            all.push(said(test, None, None, "not-evaluated", "no-register"));
        }
    }
    if case.previous.is_none() {
        all.push(said("DSP-04", None, None, "not-evaluated", "no-previous"));
        if nothing_early {
            all.push(said("DSP-05", None, None, "not-evaluated", "no-previous"));
        }
    }
}

fn system_of(case: &Case<'_>, path: &str) -> Option<String> {
    case.policy.system_of(path).map(|s| s.id.clone())
}

/// The entry's class, if the policy has it.
fn class_of<'a>(case: &Case<'a>, entry: &Entry) -> Option<&'a Class> {
    entry.class.as_ref().and_then(|id| case.policy.class(id))
}

fn key_of(case: &Case<'_>, entry: &Entry) -> Key {
    (system_of(case, &entry.item), class_of(case, entry).map(|c| c.id.clone()))
}

/// Entries that were performed by this day.
fn performed<'a>(case: &Case<'a>) -> Vec<(&'a Entry, Date)> {
    case.registers.performed().filter(|(_, day)| *day <= case.run.as_of).collect()
}

/// Why it proves nothing that a path holds nothing.
fn unproven(case: &Case<'_>, path: &str) -> Option<&'static str> {
    let Some(system) = case.policy.system_of(path) else { return Some("root-not-scanned") };
    let reach = match case.run.reach(system) {
        Reach::Missing => Some("root-missing"),
        Reach::Unmounted => Some("root-unmounted"),
        Reach::Unreadable => Some("root-unreadable"),
        Reach::Reached => None,
    };
    let few = (case.examined(Some(system)).len() as u64) < system.min_items.unwrap_or(1).max(1);
    let around = path.split_once("!/").and_then(|(outer, _)| case.run.at(outer));
    reach
        .or(case.run.interrupted.then_some("partial-scan"))
        .or(few.then_some("below-min-items"))
        .or(around.filter(|i| i.outcome != "scanned").map(|_| "not-listed"))
}

fn there<'a>(case: &Case<'a>, entry: &Entry) -> Option<&'a Item> {
    case.run.at(&entry.item).filter(|i| !i.skipped())
}

fn same_or_unknown(item: &Item, entry: &Entry) -> bool {
    item.hash.is_none() || entry.content_hash.is_none() || item.hash == entry.content_hash
}

fn after_days(day: Date, days: i64) -> Date {
    day.checked_add(Span::new().days(days)).expect("a day")
}

/// DSP-01
fn still_there(case: &Case<'_>) -> Groups {
    let today = case.run.as_of;
    let wait = case.policy.thresholds.disposal_days;
    let mut groups = Groups::new();
    for entry in case.registers.disposal.iter().flatten() {
        let class = class_of(case, entry).map(|c| c.id.as_str());
        let there = there(case, entry);
        let done = entry.performed().is_some_and(|d| d <= today);
        let member = match (done, entry.approved().filter(|d| *d <= today)) {
            (true, _) if there.is_some_and(|i| same_or_unknown(i, entry)) => {
                case.deviating("DSP-01", &entry.item, class)
            }
            (false, Some(day))
                if there.is_some_and(|i| same_or_unknown(i, entry)) && today > after_days(day, wait) =>
            {
                let held = case.on_hold(&entry.item, class.as_slice(), entry.trigger_date.map(|d| (d, d)));
                if held { Member::Excepted } else { case.deviating("DSP-01", &entry.item, class) }
            }
            (false, None) => continue,
            _ if there.is_some() => Member::Pass,
            _ => unproven(case, &entry.item).map_or(Member::Pass, Member::Unknown),
        };
        groups.entry(key_of(case, entry)).or_default().push(member);
    }
    let quarantine: Vec<_> = case.policy.disposal.iter().flat_map(|d| &d.quarantine).collect();
    let waits =
        |i: &&Item| !i.skipped() && quarantine.iter().any(|g| g.matches(&i.path) || g.matches(i.outer()));
    for item in case.run.items.iter().filter(waits) {
        let moved = performed(case);
        let moved =
            moved.iter().find(|(e, _)| e.quarantine.as_deref() == Some(item.outer())).map(|(_, day)| *day);
        let since = item.first_seen.into_iter().chain(moved).min();
        let held = case.classes_of(item);
        let classes = if held.is_empty() { vec![None] } else { held.into_iter().map(Some).collect() };
        for class in classes {
            let id = class.map(|c| c.id.as_str());
            let rule = class.and_then(|c| case.policy.rule(c));
            let grace = rule.and_then(|r| r.grace.as_ref());
            let member = match since {
                None => Member::Unknown("no-date"),
                Some(day) if today > grace.map_or_else(|| after_days(day, wait), |g| g.after(day)) => {
                    let trigger = rule.and_then(|r| usable(case, r, item)).map(|s| s.oldest());
                    let held = case.on_hold(&item.path, id.as_slice(), trigger);
                    if held { Member::Excepted } else { case.deviating("DSP-01", &item.path, id) }
                }
                Some(_) => Member::Pass,
            };
            groups.entry((system_of(case, &item.path), id.map(str::to_owned))).or_default().push(member);
        }
    }
    groups
}

/// DSP-02
fn absent(case: &Case<'_>) -> Groups {
    let mut groups = Groups::new();
    for (entry, _) in performed(case) {
        let class = class_of(case, entry).map(|c| c.id.as_str());
        let member = match unproven(case, &entry.item) {
            _ if there(case, entry).is_some_and(|i| same_or_unknown(i, entry)) => {
                case.deviating("DSP-02", &entry.item, class)
            }
            Some(reason) => Member::Unknown(reason),
            None => Member::Pass,
        };
        groups.entry(key_of(case, entry)).or_default().push(member);
    }
    groups
}

/// DSP-03
fn copies(case: &Case<'_>) -> Groups {
    let mut groups = Groups::new();
    for (entry, day) in performed(case) {
        let class = class_of(case, entry).map(|c| c.id.as_str());
        let prints: BTreeSet<&String> = entry.record_fingerprints.iter().collect();
        let same_key = entry.key_id.as_ref() == Some(&case.run.key_id) && case.run.key_id != "random";
        let within = format!("{}!/", entry.item);
        let is_copy = |i: &&Item| {
            let shared = prints.iter().filter(|p| case.run.meets(i, p)).count();
            let share = shared as f64 / prints.len().max(1) as f64;
            i.path != entry.item
                && !i.path.starts_with(&within)
                && i.examined()
                && (entry.content_hash.is_some() && i.hash == entry.content_hash
                    || same_key && !prints.is_empty() && share >= case.policy.thresholds.copy_share)
        };
        let disposal = case.policy.disposal.as_ref().expect("a register");
        let tolerated = |i: &&Item| {
            let backup = |b: &super::policy::Backups| {
                any_glob(&b.roots, &i.path) && case.run.as_of <= b.expiry.after(day)
            };
            disposal.backups.as_ref().is_some_and(backup) || any_glob(&disposal.quarantine, &i.path)
        };
        let member = match () {
            () if case.run.items.iter().filter(is_copy).any(|i| !tolerated(&i)) => {
                case.deviating("DSP-03", &entry.item, class)
            }
            () if entry.content_hash.is_none() && prints.is_empty() => Member::Unknown("no-fingerprints"),
            () if entry.content_hash.is_none() && !same_key => Member::Unknown("no-key"),
            () if entry.content_hash.is_none() && case.run.chosen => Member::Unknown("detector-off"),
            () if !super::monitoring::covered_everywhere(case) => Member::Unknown("coverage"),
            () => Member::Pass,
        };
        groups.entry(key_of(case, entry)).or_default().push(member);
    }
    groups
}

/// What became of an item of the previous run.
#[derive(PartialEq)]
enum Fate {
    Here,
    Registered(Date),
    Moved,
    Unproven,
    Lost,
}

fn fate(case: &Case<'_>, previous: Date, item: &Item) -> Fate {
    let about = |e: &Entry| e.item == item.path || item.path.starts_with(&format!("{}!/", e.item));
    let of_then = |(e, day): &&(&Entry, Date)| {
        about(e) && (*day >= previous || e.content_hash.is_some() && e.content_hash == item.hash)
    };
    let entries = performed(case);
    match () {
        () if case.run.at(&item.path).is_some() => Fate::Here,
        () if entries.iter().any(|e| of_then(&e)) => {
            Fate::Registered(entries.iter().find(of_then).map(|(_, day)| *day).expect("an entry"))
        }
        () if item.hash.is_some() && case.run.items.iter().any(|i| i.hash == item.hash) => Fate::Moved,
        () if unproven(case, &item.path).is_some_and(|why| why != "below-min-items") => Fate::Unproven,
        () => Fate::Lost,
    }
}

/// Items of the previous run, but those that were left out or lay in a residue.
fn inventory<'a>(case: &Case<'a>) -> Vec<&'a Item> {
    case.previous.iter().flat_map(|p| &p.items).filter(|i| !i.skipped() && !i.residue).collect()
}

/// DSP-04
fn unexplained(case: &Case<'_>) -> Groups {
    let mut groups = Groups::new();
    let Some(previous) = case.previous else { return groups };
    for item in inventory(case) {
        for class in case.policy.classes.iter().filter(|c| previous.holds(item, c)) {
            let member = match fate(case, previous.as_of, item) {
                Fate::Unproven => Member::Unknown("partial-scan"),
                Fate::Lost => case.deviating("DSP-04", &item.path, Some(&class.id)),
                _ => Member::Pass,
            };
            groups.entry((system_of(case, &item.path), Some(class.id.clone()))).or_default().push(member);
        }
    }
    groups
}

/// Something that went, or may have gone.
struct Loss<'a> {
    path: &'a str,
    item: Option<&'a Item>,
    entry: Option<&'a Entry>,
    day: Date,
    unproven: bool,
}

/// DSP-05
fn early(case: &Case<'_>) -> Groups {
    let mut losses: Vec<Loss<'_>> = Vec::new();
    let entries = performed(case);
    if let Some(previous) = case.previous {
        for item in inventory(case) {
            let entry = entries.iter().find(|(e, _)| e.item == item.path);
            let (day, unproven) = match fate(case, previous.as_of, item) {
                Fate::Registered(day) => (day, false),
                Fate::Lost => (case.run.as_of, false),
                Fate::Unproven => (case.run.as_of, true),
                Fate::Here | Fate::Moved => continue,
            };
            losses.push(Loss {
                path: &item.path,
                item: Some(item),
                entry: entry.map(|e| e.0),
                day,
                unproven,
            });
        }
    }
    for (entry, day) in &entries {
        if losses.iter().all(|l| l.path != entry.item) {
            let item = case.run.at(&entry.item);
            losses.push(Loss { path: &entry.item, item, entry: Some(entry), day: *day, unproven: false });
        }
    }
    let mut groups = Groups::new();
    for loss in &losses {
        let then = case.previous.filter(|p| loss.item.is_some_and(|i| p.at(&i.path).is_some()));
        let held = |c: &&Class| loss.item.is_some_and(|i| then.unwrap_or(case.run).holds(i, c));
        let own = loss.entry.and_then(|e| class_of(case, e));
        let mut classes: BTreeMap<&str, Option<&Class>> =
            case.policy.classes.iter().filter(held).chain(own).map(|c| (c.id.as_str(), Some(c))).collect();
        if classes.is_empty() {
            classes.insert("", None);
        }
        for class in classes.into_values() {
            if let Some(member) = too_early(case, loss, class) {
                let key = (system_of(case, loss.path), class.map(|c| c.id.clone()));
                groups.entry(key).or_default().push(member);
            }
        }
    }
    groups
}

/// `None` for what no rule keeps and no hold is about.
fn too_early(case: &Case<'_>, loss: &Loss<'_>, class: Option<&Class>) -> Option<Member> {
    let id = class.map(|c| c.id.as_str());
    let rule = class.and_then(|c| case.policy.rule(c));
    let started = loss.item.zip(rule).and_then(|(i, r)| usable(case, r, i));
    let written = loss.entry.and_then(|e| e.trigger_date);
    let trigger = started.as_ref().map(Start::oldest).or(written.map(|d| (d, d)));
    let hold =
        case.policy.holds.iter().any(|h| case.hold_fits(h, loss.path, id.as_slice(), trigger, loss.day));
    let keep = rule.and_then(|r| r.keep_min.as_ref());
    if keep.is_none() && !hold {
        return None;
    }
    if loss.unproven {
        return Some(Member::Unknown("partial-scan"));
    }
    if hold {
        return Some(case.deviating("DSP-05", loss.path, id));
    }
    let keep = keep?;
    let in_time = |first: Date| loss.day >= keep.after(first);
    Some(match (started, written) {
        (Some(s), _) if s.worth > Worth::Weak || in_time(s.youngest()) => {
            case.member(!in_time(s.youngest()), "DSP-05", loss.path, id)
        }
        (None, Some(day)) => case.member(!in_time(day), "DSP-05", loss.path, id),
        _ => Member::Unknown("no-date"),
    })
}

pub fn usable(case: &Case<'_>, rule: &Rule, item: &Item) -> Option<Start> {
    match start(case, rule, item) {
        Given::Usable(start) => Some(start),
        _ => None,
    }
}
