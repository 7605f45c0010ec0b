//! DSP-06 and DSP-07: what is left of persons and of what was deleted.

use std::collections::BTreeSet;

use super::disposal::usable;
use super::run::Item;
use super::{Case, Member, System, Verdict, names, said, tally};

/// Formats whose residue is read.
const READ: [&str; 7] = ["tar", "zip", "gzip", "zstd", "bzip2", "xz", "lzip"];
/// Formats of the company that keep residue which is not read.
const NOT_READ: [&str; 1] = ["sqlite"];

pub fn judge(case: &Case<'_>, all: &mut Vec<Verdict>) {
    all.push(erasure(case));
    for place in case.places() {
        all.push(residue(case, place));
    }
}

/// DSP-06
fn erasure(case: &Case<'_>) -> Verdict {
    let today = case.run.as_of;
    let Some(requests) = &case.registers.erasure else {
        return match &case.policy.erasure {
            Some(_) => said("DSP-06", None, None, "not-evaluated", "no-register"),
            None => said("DSP-06", None, None, "not-applicable", "no-register"),
        };
    };
    let by_now = |d: Option<jiff::civil::Date>| d.is_some_and(|d| d <= today);
    let members: Vec<Member> = requests
        .iter()
        .filter(|r| by_now(r.due) || by_now(r.completed_on))
        .map(|request| {
            if request.fingerprints.is_empty() {
                return Member::Unknown("no-fingerprints");
            }
            if request.key_id.as_ref() != Some(&case.run.key_id) || case.run.key_id == "random" {
                return Member::Unknown("no-key");
            }
            let meets = |i: &&Item| request.fingerprints.iter().any(|p| case.run.meets(i, p));
            let met: Vec<&Item> = case.run.items.iter().filter(meets).collect();
            match met.iter().find(|i| !held(case, i)) {
                Some(item) => case.deviating("DSP-06", &item.path, None),
                None if !met.is_empty() => Member::Excepted,
                None if case.run.chosen => Member::Unknown("detector-off"),
                None if !super::monitoring::covered_everywhere(case) => Member::Unknown("coverage"),
                None => Member::Pass,
            }
        })
        .collect();
    match members.is_empty() {
        true => said("DSP-06", None, None, "not-applicable", "no-requests"),
        false => tally("DSP-06", None, None, &members, false),
    }
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
            let inner = format!("{}!/", container.path);
            let inside = items.iter().filter(|i| i.path == container.path || i.path.starts_with(&inner));
            let (left, open): (Vec<&Item>, Vec<&Item>) = inside.copied().partition(|i| i.residue);
            let of = |items: &[&Item]| -> BTreeSet<String> {
                items.iter().flat_map(|i| case.run.counted(i)).collect()
            };
            let (left, open) = (of(&left), of(&open));
            match left.iter().any(|c| of_a_class(c) && !open.contains(c)) {
                true => case.deviating("DSP-07", &container.path, None),
                false if NOT_READ.contains(&container.format.as_str()) => {
                    Member::Unknown("no-residue-support")
                }
                false => Member::Pass,
            }
        })
        .collect();
    tally("DSP-07", place.map(|s| s.id.as_str()), None, &members, false)
}
