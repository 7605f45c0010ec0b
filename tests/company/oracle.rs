//! What the 30 control tests have to say of the company, from `docs/controls.md`, the truth and the policy alone.
//!
//! Nothing here comes from the product. Where the page and this disagree, one of them is wrong.

#[path = "oracle_clock.rs"]
mod clock;
#[path = "oracle_collection.rs"]
mod collection;
#[path = "oracle_disclosure.rs"]
mod disclosure;
#[path = "oracle_disposal.rs"]
mod disposal;
#[path = "oracle_monitoring.rs"]
mod monitoring;
#[path = "oracle_policy.rs"]
mod policy;
#[path = "oracle_retention.rs"]
mod retention;
#[path = "oracle_run.rs"]
mod run;
#[path = "oracle_traces.rs"]
mod traces;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use policy::Hold;
pub use policy::{Class, Glob, Policy, System};
pub use retention::{Overdue, all_overdue};
pub use run::{Item, Registers, Run, item_id};

/// What becomes of one member of a population.
#[derive(Clone, Debug, PartialEq)]
pub enum Member {
    Pass,
    Fail,
    Excepted,
    Unknown(&'static str),
}

/// What a test says.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub test: &'static str,
    pub system: Option<String>,
    pub class: Option<String>,
    pub outcome: &'static str,
    pub reason: Option<String>,
    pub population: u64,
    pub evaluated: u64,
    pub deviations: u64,
    pub excepted: u64,
    pub not_evaluated: BTreeMap<String, u64>,
    /// The page does not say what the counts of this result are.
    pub counts_open: bool,
}

/// What the oracle is given.
pub struct Case<'a> {
    pub policy: &'a Policy,
    pub run: &'a Run,
    /// The last completed run of the record.
    pub previous: Option<&'a Run>,
    /// The completed runs of the record before this one; `None` without a record.
    pub past: Option<Vec<Past>>,
    pub registers: &'a Registers,
    /// Subjects of reviews, and the number of the run each is about.
    pub reviews: &'a [(String, u64)],
    /// Outcome and reason of MON-06, which only the product's own canaries decide.
    pub self_test: (&'static str, Option<String>),
    /// Outcome and reason of MON-07.
    pub integrity: (&'static str, Option<String>),
}

/// A completed run of the record.
#[derive(Clone)]
pub struct Past {
    pub sequence: u64,
    pub as_of: Date,
    /// Systems whose drift it noted.
    pub drift: BTreeSet<String>,
}

/// All that the tests say.
pub fn judge(case: &Case<'_>) -> Vec<Verdict> {
    let mut all = Vec::new();
    collection::judge(case, &mut all);
    retention::judge(case, &mut all);
    disposal::judge(case, &mut all);
    traces::judge(case, &mut all);
    disclosure::judge(case, &mut all);
    monitoring::judge(case, &mut all);
    // Without system there is a result only where there is something to say it of.
    all.retain(|v| v.system.is_some() || v.population > 0 || v.counts_open || v.test == "DSP-06");
    gate(case, &mut all);
    all
}

/// Systems whose drift this run notes.
pub fn drifting(case: &Case<'_>) -> BTreeSet<String> {
    monitoring::drifting(case)
}

impl Verdict {
    /// What a test says that found nothing and could not have found all.
    fn instead_of_pass(&mut self, reason: &str) {
        if self.outcome == "pass" {
            (self.outcome, self.reason) = ("not-evaluated", Some(reason.to_owned()));
        }
    }
}

/// A result from its members.
pub fn tally(
    test: &'static str,
    system: Option<&str>,
    class: Option<&str>,
    members: &[Member],
    absence_is_the_subject: bool,
) -> Verdict {
    let count = |member: Member| members.iter().filter(|m| **m == member).count() as u64;
    let (passed, failed, excepted) = (count(Member::Pass), count(Member::Fail), count(Member::Excepted));
    let mut not_evaluated = BTreeMap::new();
    for member in members {
        if let Member::Unknown(reason) = member {
            *not_evaluated.entry((*reason).to_owned()).or_default() += 1;
        }
    }
    let (outcome, reason) = match () {
        () if members.is_empty() && !absence_is_the_subject => {
            ("not-applicable", Some("no-items".to_owned()))
        }
        () if failed > 0 => ("fail", None),
        () if excepted > 0 => ("excepted", None),
        () if !not_evaluated.is_empty() => {
            // Of those that most members have, the last by name.
            ("not-evaluated", not_evaluated.iter().max_by_key(|(_, n)| **n).map(|(reason, _)| reason.clone()))
        }
        () => ("pass", None),
    };
    Verdict {
        test,
        system: system.map(str::to_owned),
        class: class.map(str::to_owned),
        outcome,
        reason,
        population: members.len() as u64,
        evaluated: passed + failed + excepted,
        deviations: failed,
        excepted,
        not_evaluated,
        counts_open: false,
    }
}

/// A result that says only why it says nothing.
pub fn said(
    test: &'static str,
    system: Option<&str>,
    class: Option<&str>,
    outcome: &'static str,
    reason: &str,
) -> Verdict {
    let mut verdict = tally(test, system, class, &[], false);
    (verdict.outcome, verdict.reason, verdict.counts_open) = (outcome, Some(reason.to_owned()), true);
    verdict
}

/// What is absent was only looked for where coverage held, by detectors that were on and work.
fn gate(case: &Case<'_>, all: &mut [Verdict]) {
    let failing = |test: &str, system: Option<&str>| {
        all.iter().any(|v| {
            v.test == test && v.outcome == "fail" && (system.is_none() || v.system.as_deref() == system)
        })
    };
    let uncovered: BTreeSet<Option<String>> = std::iter::once(None)
        .chain(case.policy.scope.systems.iter().map(|s| Some(s.id.clone())))
        .filter(|s| failing("MON-01", s.as_deref()) || failing("MON-02", s.as_deref()))
        .collect();
    let of_mon_01 = |outcome: &'static str| -> BTreeSet<Option<String>> {
        all.iter().filter(|v| v.test == "MON-01" && v.outcome == outcome).map(|v| v.system.clone()).collect()
    };
    let (seen, unseen) = (of_mon_01("pass"), of_mon_01("not-evaluated"));
    for verdict in all.iter_mut().filter(|v| !v.test.starts_with("MON")) {
        let no_items = verdict.reason.as_deref() == Some("no-items");
        let passes = verdict.outcome == "pass";
        let blind = verdict.class.as_ref().and_then(|id| case.policy.class(id));
        let reason = match () {
            () if !passes && !no_items => continue,
            () if blind.is_some_and(|c| case.run.cannot_see(c)) => "detector-off",
            () if verdict.class.is_none()
                && case.run.chosen
                && ["COL-01", "COL-05", "RET-02", "DIS-05", "DIS-06", "DSP-07"].contains(&verdict.test) =>
            {
                "detector-off"
            }
            () if uncovered.contains(&verdict.system) => "coverage",
            () if verdict.system.is_some() && unseen.contains(&verdict.system) => "coverage",
            () if verdict.system.is_some()
                && (no_items || verdict.population == 0)
                && !seen.contains(&verdict.system) =>
            {
                "coverage"
            }
            () if case.self_test.0 == "fail" => "self-test",
            () => continue,
        };
        verdict.outcome = "not-evaluated";
        verdict.reason = Some(reason.to_owned());
    }
}

impl<'a> Case<'a> {
    /// Whether a live exception covers a deviation.
    pub fn excepted(&self, test: &str, path: Option<&str>, class: Option<&str>) -> bool {
        self.policy.exceptions.iter().any(|e| {
            e.test == test
                && e.approved_on.0 <= self.run.as_of
                && self.run.as_of <= e.expires.0
                && (e.matches.path.is_empty() || path.is_some_and(|p| any_glob(&e.matches.path, p)))
                && e.matches.class.as_deref().is_none_or(|c| match class {
                    Some(class) => class == c,
                    None => path
                        .and_then(|p| self.run.at(p))
                        .is_some_and(|i| self.policy.class(c).is_some_and(|c| self.run.holds(i, c))),
                })
        })
    }

    /// A member that deviates, or is excepted.
    pub fn deviating(&self, test: &str, path: &str, class: Option<&str>) -> Member {
        if self.excepted(test, Some(path), class) { Member::Excepted } else { Member::Fail }
    }

    /// Pass, or what [`Case::deviating`] says.
    pub fn member(&self, fails: bool, test: &str, path: &str, class: Option<&str>) -> Member {
        if fails { self.deviating(test, path, class) } else { Member::Pass }
    }

    /// The declared systems, and what is in none of them.
    pub fn places(&self) -> Vec<Option<&'a System>> {
        self.policy.scope.systems.iter().map(Some).chain([None]).collect()
    }

    /// Items of a place but those that were left out.
    pub fn items_in(&self, place: Option<&System>) -> Vec<&'a Item> {
        self.run.items.iter().filter(|i| !i.skipped() && self.is_in(&i.path, place)).collect()
    }

    pub fn is_in(&self, path: &str, place: Option<&System>) -> bool {
        self.policy.system_of(path).map(|s| &s.id) == place.map(|s| &s.id)
    }

    /// Examined items of a place.
    pub fn examined(&self, place: Option<&System>) -> Vec<&'a Item> {
        self.items_in(place).into_iter().filter(|i| i.examined()).collect()
    }

    /// Items of a place that hold a class, failed ones too.
    pub fn holding(&self, place: Option<&System>, class: &Class) -> Vec<&'a Item> {
        self.items_in(place).into_iter().filter(|i| self.run.holds(i, class)).collect()
    }

    /// The classes an item holds.
    pub fn classes_of(&self, item: &Item) -> Vec<&'a Class> {
        self.policy.classes.iter().filter(|c| self.run.holds(item, c)).collect()
    }

    /// Counted categories of an item with tier internal or above.
    pub fn personal(&self, item: &Item) -> BTreeSet<String> {
        self.run.counted(item).into_iter().filter(|c| self.policy.tier_of_category(c) >= 1).collect()
    }

    /// Tier of an item: of its categories and of the classes it holds.
    pub fn tier(&self, item: &Item) -> usize {
        let found = self.run.counted(item).iter().map(|c| self.policy.tier_of_category(c)).max().unwrap_or(0);
        let said = self.classes_of(item).iter().filter_map(|c| c.tier.as_deref()).map(policy::tier).max();
        found.max(said.unwrap_or(0))
    }

    /// Whether an item is on hold, given the first and last day of its trigger where that is known.
    pub fn on_hold(&self, path: &str, classes: &[&str], trigger: Option<(Date, Date)>) -> bool {
        self.policy.holds.iter().any(|h| self.hold_fits(h, path, classes, trigger, self.run.as_of))
    }

    /// Whether a hold was about such an item on a day.
    pub fn hold_fits(
        &self,
        hold: &Hold,
        path: &str,
        classes: &[&str],
        trigger: Option<(Date, Date)>,
        day: Date,
    ) -> bool {
        let m = &hold.matches;
        (m.path.is_empty() || any_glob(&m.path, path))
            && m.class.as_deref().is_none_or(|c| classes.contains(&c))
            && trigger.is_none_or(|t| m.from.is_none_or(|d| d.0 <= t.1) && m.to.is_none_or(|d| t.0 <= d.0))
            && self.in_force(hold, day)
    }

    /// Whether a hold is in force on a day.
    pub fn in_force(&self, hold: &Hold, day: Date) -> bool {
        hold.placed.0 <= day && hold.released.is_none_or(|d| day < d.0)
    }
}

/// Whether one of these globs matches the path, or that of the outermost file around it.
pub fn any_glob(globs: &[Glob], path: &str) -> bool {
    let outer = path.split("!/").next().unwrap_or(path);
    globs.iter().any(|g| g.matches(path) || g.matches(outer))
}

/// Whether a name of a policy speaks of a category.
pub fn names(name: &str, category: &str) -> bool {
    match name.strip_suffix(".*") {
        Some(prefix) => category.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')),
        None => name == category,
    }
}

/// Whether one of these names speaks of a category.
pub fn any_name(list: &[String], category: &str) -> bool {
    list.iter().any(|name| names(name, category))
}
