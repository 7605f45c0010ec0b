//! DIS-01 to DIS-07.

use super::policy::tier;
use super::run::{Item, listed};
use super::{Case, Class, Member, System, Verdict, any_glob, names, said, tally};

const CONFIDENTIAL: usize = 2;
const RESTRICTED: usize = 3;
const NEVER: [&str; 3] = ["pay.cvv", "pay.track", "pay.pin_block"];

pub fn judge(case: &Case<'_>, all: &mut Vec<Verdict>) {
    let policy = case.policy;
    disclosed(case, all);
    let off = |category: &str| case.run.off.contains(category);
    let secret = |c: &&String| c.starts_with("auth.") && policy.tier_of_category(c) == RESTRICTED;
    let prohibited: Vec<&String> = policy.classes.iter().flat_map(|k| &k.prohibited).collect();
    let unseen = |name: &str| {
        let mut spoken = policy.categories.keys().filter(|c| names(name, c)).peekable();
        spoken.peek().is_some() && spoken.all(|c| off(c))
    };
    for place in case.places() {
        let id = place.map(|s| s.id.as_str());
        let items = case.examined(place);
        let mut add = |test, blind: bool, fails: &dyn Fn(&Item) -> bool| {
            let members: Vec<Member> =
                items.iter().map(|i| case.member(fails(i), test, &i.path, None)).collect();
            let mut verdict = tally(test, id, None, &members, true);
            if blind {
                verdict.instead_of_pass("detector-off");
            }
            all.push(verdict);
        };
        add("DIS-02", off("pay.pan"), &|i| {
            case.run.counted(i).contains("pay.pan") && !has_place(case, i, "pay.pan")
        });
        let never = |c: &String| NEVER.contains(&c.as_str()) || prohibited.iter().any(|name| names(name, c));
        let blind = NEVER.iter().any(|c| off(c)) || prohibited.iter().any(|name| unseen(name));
        add("DIS-03", blind, &|i| case.run.counted(i).iter().any(never));
        add("DIS-04", policy.categories.keys().filter(secret).any(|c| off(c)), &|i| {
            case.run.counted(i).iter().filter(secret).any(|c| !has_place(case, i, c))
        });
        access(case, place, all);
        labels(case, place, all);
    }
    for set in &policy.deidentified {
        let of = |i: &&Item| i.examined() && any_glob(&set.path, &i.path);
        let listed = |c: &String| {
            policy.flags(c).iter().any(|f| f.starts_with("hipaa-")) || policy.tier_of_category(c) > 1
        };
        let members: Vec<Member> = case
            .run
            .items
            .iter()
            .filter(of)
            .map(|i| case.member(case.run.counted(i).iter().any(listed), "DIS-07", &i.path, None))
            .collect();
        all.push(tally("DIS-07", None, Some(&set.id), &members, false));
    }
    if policy.deidentified.is_empty() {
        all.push(said("DIS-07", None, None, "not-applicable", "no-deidentified-set"));
    }
}

/// Whether an item is in a place that a class which lists the category is allowed in.
fn has_place(case: &Case<'_>, item: &Item, category: &str) -> bool {
    let lists = case.policy.classes.iter().filter(|c| listed(&c.categories, category));
    lists.into_iter().any(|c| c.allowed.as_ref().is_some_and(|globs| any_glob(globs, &item.path)))
}

/// DIS-01
fn disclosed(case: &Case<'_>, all: &mut Vec<Verdict>) {
    let globs = case.policy.disclosures.as_ref().map_or(&[][..], |d| &d.globs);
    let today = case.run.as_of;
    let mut any = false;
    for place in case.places() {
        let whole = place.is_some_and(|s| s.used_for == "disclosure");
        let shared = |i: &&Item| whole || any_glob(globs, &i.path);
        let items: Vec<&Item> = case.examined(place).into_iter().filter(shared).collect();
        if !whole && items.is_empty() {
            continue;
        }
        any = true;
        let recipient = place.and_then(|s| s.recipient.as_ref());
        let members: Vec<Member> = items
            .iter()
            .filter(|i| !case.personal(i).is_empty())
            .map(|i| {
                let Some(entries) = &case.registers.disclosures else {
                    return Member::Unknown("no-register");
                };
                let classes = case.classes_of(i);
                let live = entries.iter().any(|e| {
                    recipient.is_none_or(|r| *r == e.recipient)
                        && classes.iter().any(|c| c.id == e.class)
                        && e.from <= today
                        && e.to.is_none_or(|to| today <= to)
                });
                case.member(!live, "DIS-01", &i.path, None)
            })
            .collect();
        all.push(tally("DIS-01", place.map(|s| s.id.as_str()), None, &members, false));
    }
    if !any {
        let reason = if globs.is_empty() { "no-disclosure-system" } else { "no-items" };
        all.push(said("DIS-01", None, None, "not-applicable", reason));
    }
}

/// DIS-05
fn access(case: &Case<'_>, place: Option<&System>, all: &mut Vec<Verdict>) {
    let id = place.map(|s| s.id.as_str());
    let items = case.items_in(place);
    // Of each outermost file: its tier and classes, entries included.
    let files: Vec<(&Item, usize, Vec<&Class>, bool)> = items
        .iter()
        .filter(|i| i.outermost())
        .map(|file| {
            let inside: Vec<&&Item> = items.iter().filter(|i| i.outer() == file.path).collect();
            let tier = inside.iter().map(|i| case.tier(i)).max().unwrap_or(0);
            let held = |c: &&Class| inside.iter().any(|i| case.run.holds(i, c));
            let bare = |i: &&Item| case.tier(i) >= CONFIDENTIAL && case.classes_of(i).is_empty();
            (*file, tier, case.policy.classes.iter().filter(held).collect(), inside.into_iter().any(bare))
        })
        .collect();
    let member = |file: &Item, tier: usize, class: Option<&Class>| {
        let Some((other, group)) = file.permissions() else { return Member::Unknown("no-permissions") };
        let access = class.and_then(|c| c.access.as_ref());
        let by_other = match access.and_then(|a| a.other.as_deref()) {
            Some("none") => other != 0,
            Some("read") => other & 2 != 0,
            Some(_) => false,
            None if tier == RESTRICTED => other != 0,
            None => tier == CONFIDENTIAL && other & 6 != 0,
        };
        // No file of the company belongs to a group that a policy names.
        let by_group = access.is_some_and(|a| a.groups.is_some()) && group != 0;
        case.member(by_other || by_group, "DIS-05", &file.path, class.map(|c| c.id.as_str()))
    };
    for class in &case.policy.classes {
        let of = |(_, tier, classes, _): &&(&Item, usize, Vec<&Class>, bool)| {
            classes.iter().any(|c| c.id == class.id) && (*tier >= CONFIDENTIAL || class.access.is_some())
        };
        let members: Vec<Member> =
            files.iter().filter(of).map(|(file, tier, ..)| member(file, *tier, Some(class))).collect();
        all.push(tally("DIS-05", id, Some(&class.id), &members, false));
    }
    let bare = files.iter().filter(|(.., bare)| *bare);
    let members: Vec<Member> = bare.map(|(file, tier, ..)| member(file, *tier, None)).collect();
    if !members.is_empty() {
        all.push(tally("DIS-05", id, None, &members, false));
    }
}

/// DIS-06
fn labels(case: &Case<'_>, place: Option<&System>, all: &mut Vec<Verdict>) {
    let id = place.map(|s| s.id.as_str());
    let Some(labels) = &case.policy.labels else {
        if place.is_some() {
            all.push(said("DIS-06", id, None, "not-evaluated", "no-labels"));
        }
        return;
    };
    let tier_of = |label: &String| {
        labels.names.iter().find(|(name, _)| name.eq_ignore_ascii_case(label)).map(|(_, t)| tier(t))
    };
    let members: Vec<Member> = case
        .items_in(place)
        .into_iter()
        .filter_map(|i| {
            let fits = |d: &&super::policy::Declared| any_glob(std::slice::from_ref(&d.glob), &i.path);
            let declared = labels.declared.iter().rev().find(fits).and_then(|d| tier_of(&d.label));
            let carried = i.label.as_ref().and_then(tier_of);
            let label = declared.into_iter().chain(carried).min();
            let required = labels.required.iter().any(|t| tier(t) == case.tier(i));
            let fails = match label {
                Some(label) => label < case.tier(i),
                None if required => true,
                None => return None,
            };
            Some(match !fails && !i.examined() {
                true => Member::Unknown("unread"),
                false => case.member(fails, "DIS-06", &i.path, None),
            })
        })
        .collect();
    all.push(tally("DIS-06", id, None, &members, false));
}
