//! Collection: is what is held declared, in its place, and no more than was said?
//!
//! What each test counts stands in `docs/controls.md`.

use std::collections::BTreeSet;

use super::assess::{Assessing, literal_beginning, named};
use super::outcome::{ControlOutcome, ControlResult};
use super::policy::{System, Use, speaks_of};
use super::{ControlTest, Tally, Verdict, absence_by_system, by_class_and_system, decided};

/// The tests of this room.
pub(super) static TESTS: &[ControlTest] = &[
    ControlTest {
        id: "COL-01",
        checks: "Every kind of data found in a system is in some class that is allowed there",
        not_evaluated_when: &["no-policy"],
        run: col_01,
    },
    ControlTest {
        id: "COL-02",
        checks: "Each class stays in the places it is allowed in",
        not_evaluated_when: &["no-allowed"],
        run: col_02,
    },
    ControlTest {
        id: "COL-03",
        checks: "Items of a class hold no other personal data than the class lists",
        not_evaluated_when: &["no-categories", "unread"],
        run: col_03,
    },
    ControlTest {
        id: "COL-04",
        checks: "Special, criminal and sensitive data has a declared condition",
        not_evaluated_when: &["detector-off"],
        run: col_04,
    },
    ControlTest {
        id: "COL-05",
        checks: "Areas for development and test hold no real personal data",
        not_evaluated_when: &[],
        run: col_05,
    },
];

fn col_01(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let one = |system: Option<usize>| {
        let mut tally = Tally::new(assessing, "COL-01", system, None);
        let declared = system.map(|system| allowed_in(assessing, assessing.system(system)));
        for member in assessing.examined(system) {
            let verdict = match &declared {
                None => Verdict::NotEvaluated("no-policy"),
                Some(allowed) => {
                    let undeclared = |c: &&str| !assessing.listed_by(c).iter().any(|class| allowed[*class]);
                    let found: Vec<&str> = assessing.sensitive(member).filter(undeclared).collect();
                    assessing.none_of(member, None, &found, "in no class that is allowed here")
                }
            };
            tally.count(Some(member), verdict);
        }
        tally.finish_absence()
    };
    assessing.systems().map(one).collect()
}

/// Whether each class may be somewhere in a system: it does not say where it may be, or a glob and the root may meet.
fn allowed_in(assessing: &Assessing<'_>, system: &System) -> Vec<bool> {
    let root = system.root.trim_start_matches("./").trim_end_matches('/');
    let root = if root == "." { "" } else { root };
    let insides = [format!("{root}/"), format!("{root}!/")];
    let meets = |glob: &String| {
        let start = literal_beginning(glob);
        root.is_empty() || insides.iter().any(|inside| start.starts_with(inside) || inside.starts_with(start))
    };
    let classes = assessing.policy.classes.iter();
    classes.map(|class| class.allowed.as_ref().is_none_or(|globs| globs.iter().any(meets))).collect()
}

fn col_02(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    by_class_and_system(assessing, "COL-02", |at, member| {
        let class = &assessing.policy.classes[at];
        match (assessing.allowed(at, member), &class.allowed) {
            (Some(true), _) => Verdict::Pass,
            (Some(false), Some(globs)) => {
                let detail = match nearest(globs, &member.path) {
                    Some(glob) => format!("outside its places; the nearest is {glob}"),
                    None => "allowed nowhere".to_owned(),
                };
                assessing.deviates(member, Some(class), detail)
            }
            _ => Verdict::NotEvaluated("no-allowed"),
        }
    })
}

/// The glob that shares the most leading components with the path; of equals the first.
fn nearest<'g>(globs: &'g [String], path: &str) -> Option<&'g str> {
    let shared = |glob: &str| {
        let parts = glob.trim_start_matches("./").split('/').zip(path.split('/'));
        parts.take_while(|(a, b)| a == b).count()
    };
    globs.iter().map(String::as_str).rev().max_by_key(|glob| shared(glob))
}

fn col_03(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    by_class_and_system(assessing, "COL-03", |at, member| {
        let class = &assessing.policy.classes[at];
        let excess = |c: &&str| assessing.listed_by(c).binary_search(&at).is_err();
        match () {
            () if class.categories.is_none() => Verdict::NotEvaluated("no-categories"),
            () if !member.is_examined() => Verdict::NotEvaluated("unread"),
            () => {
                let found: Vec<&str> = assessing.sensitive(member).filter(excess).collect();
                assessing.none_of(member, Some(class), &found, "beyond what the class lists")
            }
        }
    })
}

fn col_04(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let is_special = |c: &&str| legal_flags(assessing, c).next().is_some();
    let mut results = absence_by_system(assessing, "COL-04", |member| {
        let conditions = || member.classes.iter().flat_map(|c| assessing.policy.classes[*c].special.keys());
        let open = |c: &&str| !conditions().any(|name| speaks_of(name, c));
        let found: Vec<&str> = member.counted.iter().copied().filter(is_special).filter(open).collect();
        let flags: BTreeSet<&str> = found.iter().flat_map(|c| legal_flags(assessing, c)).collect();
        let flags: Vec<&str> = flags.into_iter().collect();
        assessing.none_of(member, None, &found, &format!("without a condition for {}", flags.join(", ")))
    });
    if !special_are_looked_for(assessing) {
        let passes = |r: &&mut ControlResult| r.outcome == ControlOutcome::Pass;
        results.iter_mut().filter(passes).for_each(|r| r.withhold("detector-off"));
    }
    results
}

/// Flags that ask for a condition.
fn legal_flags<'a>(assessing: &Assessing<'a>, category: &str) -> impl Iterator<Item = &'a str> {
    let flags = assessing.category_flags(category).iter().map(String::as_str);
    flags.filter(|f| matches!(*f, "gdpr9" | "gdpr10" | "cpra-spi"))
}

/// Whether a detector is enabled for each special category that a class names; of those that a prefix names, for one.
fn special_are_looked_for(assessing: &Assessing<'_>) -> bool {
    let categories = assessing.taxonomy.categories().iter().map(|c| c.name.as_str());
    let special: Vec<&str> = categories.filter(|c| legal_flags(assessing, c).next().is_some()).collect();
    let on = &assessing.facts.run.categories_on;
    let classes = assessing.policy.classes.iter();
    let names: BTreeSet<&String> = classes.flat_map(|c| named(c).chain(c.special.keys())).collect();
    names.into_iter().all(|name| {
        let mut meant = special.iter().filter(|c| speaks_of(name, c)).peekable();
        meant.peek().is_none() || meant.any(|c| on.contains(*c))
    })
}

fn col_05(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let systems = assessing.policy.scope.systems.iter().enumerate();
    let tests: Vec<usize> = systems.filter(|(_, s)| s.used_for == Use::Test).map(|(at, _)| at).collect();
    if tests.is_empty() {
        return vec![decided("COL-05", None, None, ControlOutcome::NotApplicable, "no-test-system")];
    }
    let one = |system| {
        let mut tally = Tally::new(assessing, "COL-05", Some(system), None);
        for member in assessing.examined(Some(system)) {
            let found: Vec<&str> = assessing.sensitive(member).collect();
            tally.count(Some(member), assessing.none_of(member, None, &found, "in a system for test"));
        }
        tally.finish_absence()
    };
    tests.into_iter().map(one).collect()
}
