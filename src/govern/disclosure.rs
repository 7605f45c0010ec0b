//! Disclosure and protection: what others can reach, and what must not lie open.
//!
//! What each test counts stands in `docs/controls.md`.

mod access;
mod labels;
mod sharing;

use std::collections::BTreeSet;

use super::assess::{Assessing, Globs};
use super::outcome::{ControlOutcome, ControlResult};
use super::policy::speaks_of;
use super::{ControlTest, Tally, absence_by_system, decided};

/// The tests of this room.
pub(super) static TESTS: &[ControlTest] = &[
    ControlTest {
        id: "DIS-01",
        checks: "What is shared has a live entry in the disclosure register",
        not_evaluated_when: &["no-register"],
        run: sharing::dis_01,
    },
    ControlTest {
        id: "DIS-02",
        checks: "No card number is stored in clear outside its declared place",
        not_evaluated_when: &["detector-off"],
        run: dis_02,
    },
    ControlTest {
        id: "DIS-03",
        checks: "No authentication data of cards and nothing prohibited is stored",
        not_evaluated_when: &["detector-off"],
        run: dis_03,
    },
    ControlTest {
        id: "DIS-04",
        checks: "No credential is stored in clear outside its declared place",
        not_evaluated_when: &["detector-off"],
        run: dis_04,
    },
    ControlTest {
        id: "DIS-05",
        checks: "Files are open to no one beyond policy",
        not_evaluated_when: &["no-permissions"],
        run: access::dis_05,
    },
    ControlTest {
        id: "DIS-06",
        checks: "Labels are no lower than the content",
        not_evaluated_when: &["no-labels", "unread"],
        run: labels::dis_06,
    },
    ControlTest {
        id: "DIS-07",
        checks: "Sets that are said to be de-identified hold no listed identifier",
        not_evaluated_when: &[],
        run: dis_07,
    },
];

fn dis_02(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    out_of_place(assessing, "DIS-02", |category| category == "pay.pan")
}

fn dis_04(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let restricted = assessing.rank("restricted");
    out_of_place(assessing, "DIS-04", |category| {
        category.starts_with("auth.") && assessing.category_rank(category) >= restricted
    })
}

/// Categories that are meant lie nowhere but where a class that lists them is allowed.
fn out_of_place(
    assessing: &Assessing<'_>,
    test: &'static str,
    is_meant: impl Fn(&str) -> bool,
) -> Vec<ControlResult> {
    let results = absence_by_system(assessing, test, |member| {
        let meant = member.counted.iter().copied().filter(|c| is_meant(c));
        let found: Vec<&str> = meant.filter(|c| !assessing.in_its_place(c, member)).collect();
        assessing.none_of(member, None, &found, "outside the places of the classes that list it")
    });
    let categories = assessing.taxonomy.categories().iter().map(|c| c.name.as_str());
    if_looked_for(assessing, results, categories.filter(|c| is_meant(c)))
}

fn dis_03(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let classes = assessing.policy.classes.iter();
    let by_policy: BTreeSet<&str> = classes.flat_map(|c| &c.prohibited).map(String::as_str).collect();
    let by_nature = |c: &str| assessing.category_flags(c).iter().any(|flag| flag == "prohibited");
    let results = absence_by_system(assessing, "DIS-03", |member| {
        let is_meant = |c: &&str| by_nature(c) || by_policy.iter().any(|name| speaks_of(name, c));
        let found: Vec<&str> = member.counted.iter().copied().filter(is_meant).collect();
        assessing.none_of(member, None, &found, "must not be kept")
    });
    let categories = assessing.taxonomy.categories().iter().map(|c| c.name.as_str());
    let meant = categories.filter(|c| by_nature(c)).chain(by_policy.iter().copied());
    if_looked_for(assessing, results, meant)
}

/// Takes back what passed if one of the names has no enabled detector.
fn if_looked_for<'n>(
    assessing: &Assessing<'_>,
    mut results: Vec<ControlResult>,
    mut names: impl Iterator<Item = &'n str>,
) -> Vec<ControlResult> {
    if !names.all(|name| assessing.is_looked_for(name)) {
        let passes = |r: &&mut ControlResult| r.outcome == ControlOutcome::Pass;
        results.iter_mut().filter(passes).for_each(|r| r.withhold("detector-off"));
    }
    results
}

fn dis_07(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let sets = &assessing.policy.deidentified;
    if sets.is_empty() {
        return vec![decided("DIS-07", None, None, ControlOutcome::NotApplicable, "no-deidentified-set")];
    }
    let listed = |c: &str| assessing.category_flags(c).iter().any(|flag| flag.starts_with("hipaa-"));
    let highest = assessing.rank("internal");
    let categories = assessing.taxonomy.categories().iter().map(|c| c.name.as_str());
    let unseen: Vec<&str> = categories.filter(|c| listed(c) && !assessing.is_looked_for(c)).collect();
    let one = |set: &super::policy::Deidentified| {
        let (globs, mut unread) = (Globs::new(&set.path), 0);
        let mut tally = Tally::of_set(assessing, "DIS-07", &set.id);
        for member in assessing.items.iter().filter(|m| !m.is_skipped() && globs.matches(m)) {
            if !member.is_examined() {
                unread += 1;
                continue;
            }
            let is_meant = |c: &&str| listed(c) || assessing.category_rank(c) > highest;
            let found: Vec<&str> = member.counted.iter().copied().filter(is_meant).collect();
            tally.count(Some(member), assessing.none_of(member, None, &found, "in a de-identified set"));
        }
        let mut result = tally.finish();
        if result.outcome == ControlOutcome::Pass {
            let mut note = vec!["no listed identifiers detected".to_owned()];
            if !unseen.is_empty() {
                note.push(format!("not looked for: {}", unseen.join(", ")));
            }
            if unread > 0 {
                note.push(format!("items of the set that could not be read: {unread}"));
            }
            result.note = Some(note.join("; "));
        }
        result
    };
    sets.iter().map(one).collect()
}
