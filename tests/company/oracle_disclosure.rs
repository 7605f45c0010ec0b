//! DIS-01 to DIS-07.

use super::run::{Item, listed};
use super::{Case, Class, Member, System, Verdict, any_glob, any_name, said, tally};

const CONFIDENTIAL: usize = 2;
const RESTRICTED: usize = 3;

pub fn judge(case: &Case<'_>, all: &mut Vec<Verdict>) {
    let policy = case.policy;
    disclosed(case, all);
    for system in &policy.scope.systems {
        let id = Some(system.id.as_str());
        let items = case.examined(system);
        let mut add = |test, fails: &dyn Fn(&Item) -> bool| {
            let members: Vec<Member> =
                items.iter().map(|i| case.member(fails(i), test, &i.path, None)).collect();
            all.push(tally(test, id, None, &members, true));
        };
        add("DIS-02", &|i| case.run.counted(i).contains("pay.pan") && !has_place(case, i, "pay.pan"));
        let never = |c: &String| {
            matches!(c.as_str(), "pay.cvv" | "pay.track" | "pay.pin_block")
                || policy.classes.iter().any(|k| any_name(&k.prohibited, c))
        };
        add("DIS-03", &|i| case.run.counted(i).iter().any(never));
        add("DIS-04", &|i| {
            let secret = |c: &&String| c.starts_with("auth.") && policy.tier_of_category(c) == RESTRICTED;
            case.run.counted(i).iter().filter(secret).any(|c| !has_place(case, i, c))
        });
        access(case, system, all);
        all.push(labels(case, system));
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
    lists.into_iter().any(|c| c.allowed.as_ref().is_none_or(|globs| any_glob(globs, &item.path)))
}

/// DIS-01
fn disclosed(case: &Case<'_>, all: &mut Vec<Verdict>) {
    let globs = case.policy.disclosures.as_ref().map_or(&[][..], |d| &d.globs);
    let today = case.run.as_of;
    let mut any = false;
    for system in &case.policy.scope.systems {
        let whole = system.used_for == "disclosure";
        let shared = |i: &&Item| (whole || any_glob(globs, &i.path)) && !case.personal(i).is_empty();
        let items: Vec<&Item> = case.examined(system).into_iter().filter(shared).collect();
        if !whole && items.is_empty() {
            continue;
        }
        any = true;
        let id = Some(system.id.as_str());
        let Some(entries) = &case.registers.disclosures else {
            all.push(said("DIS-01", id, None, "not-evaluated", "no-register"));
            continue;
        };
        let members: Vec<Member> = items
            .iter()
            .map(|i| {
                let classes = case.classes_of(i);
                let live = entries.iter().any(|e| {
                    // A shared place without a recipient of its own is covered by an entry for any.
                    system.recipient.as_ref().is_none_or(|r| *r == e.recipient)
                        && classes.iter().any(|c| c.id == e.class)
                        && e.from <= today
                        && e.to.is_none_or(|to| today <= to)
                });
                case.member(!live, "DIS-01", &i.path, None)
            })
            .collect();
        all.push(tally("DIS-01", id, None, &members, true));
    }
    if !any {
        all.push(said("DIS-01", None, None, "not-applicable", "no-disclosure-system"));
    }
}

/// DIS-05
fn access(case: &Case<'_>, system: &System, all: &mut Vec<Verdict>) {
    let items = case.examined(system);
    // Of each outermost file: its tier and classes, entries included.
    let files: Vec<(&Item, usize, Vec<&Class>)> = items
        .iter()
        .filter(|i| i.outermost())
        .map(|file| {
            let inside: Vec<&&Item> = items.iter().filter(|i| i.outer() == file.path).collect();
            let tier = inside.iter().map(|i| case.tier(i)).max().unwrap_or(0);
            let held = |c: &&Class| inside.iter().any(|i| case.run.holds(i, c));
            (*file, tier, case.policy.classes.iter().filter(held).collect())
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
        let by_group = access.is_some_and(|a| a.groups.is_some()) && group & 4 != 0;
        case.member(by_other || by_group, "DIS-05", &file.path, class.map(|c| c.id.as_str()))
    };
    for class in &case.policy.classes {
        let of = |(_, tier, classes): &&(&Item, usize, Vec<&Class>)| {
            classes.iter().any(|c| c.id == class.id) && (*tier >= CONFIDENTIAL || class.access.is_some())
        };
        let members: Vec<Member> =
            files.iter().filter(of).map(|(file, tier, _)| member(file, *tier, Some(class))).collect();
        all.push(tally("DIS-05", Some(&system.id), Some(&class.id), &members, false));
    }
    let unclassed = files.iter().filter(|(_, tier, classes)| classes.is_empty() && *tier >= CONFIDENTIAL);
    let members: Vec<Member> = unclassed.map(|(file, tier, _)| member(file, *tier, None)).collect();
    if !members.is_empty() {
        all.push(tally("DIS-05", Some(&system.id), None, &members, false));
    }
}

/// DIS-06
fn labels(case: &Case<'_>, system: &System) -> Verdict {
    let Some(labels) = &case.policy.labels else {
        return said("DIS-06", Some(&system.id), None, "not-evaluated", "no-labels");
    };
    let tier_of = |label: &String| super::policy::tier(&labels.names[label]);
    let members: Vec<Member> = case
        .examined(system)
        .into_iter()
        .filter_map(|i| {
            let declared = labels.declared.iter().find(|d| any_glob(std::slice::from_ref(&d.glob), &i.path));
            let required = labels.required.iter().any(|t| super::policy::tier(t) == case.tier(i));
            let fails = match declared {
                Some(d) => tier_of(&d.label) < case.tier(i),
                None if required => true,
                None => return None,
            };
            Some(case.member(fails, "DIS-06", &i.path, None))
        })
        .collect();
    tally("DIS-06", Some(&system.id), None, &members, false)
}
