//! From facts to results: who belongs to which population, then all tests, then what coverage allows to be said.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use super::clock::Days;
use super::facts::Facts;
use super::outcome::{ControlResult, Deviation};
use super::policy::{Class, Policy, System, speaks_of};
use super::{CONTROL_TESTS, Criteria, Verdict};
use crate::classify::Taxonomy;
use crate::model::{Finding, ItemRecord, Likelihood, Outcome};

mod gate;
mod globs;
mod holding;
#[cfg(test)]
mod tests;

pub use globs::{Globs, literal_beginning, may_match_inside};
use holding::Holding;

/// Everything the tests concluded, and the date they used.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// The "today" of all arithmetic.
    pub as_of: Date,
    /// By test, system, class.
    pub results: Vec<ControlResult>,
}

/// Runs all control tests.
pub fn assess(policy: &Policy, facts: &Facts<'_>, taxonomy: &Taxonomy, criteria: &Criteria) -> Assessment {
    let assessing = Assessing::new(policy, facts, taxonomy);
    let mut results: Vec<ControlResult> = CONTROL_TESTS
        .iter()
        .flat_map(|test| {
            let mut results = (test.run)(&assessing);
            results.iter_mut().for_each(|r| r.test_id = test.id.to_owned());
            results
        })
        .collect();
    gate::apply(&mut results, &assessing);
    for result in &mut results {
        result.criteria = criteria.links_of(&result.test_id);
    }
    results.sort_by(|a, b| {
        a.test_id.cmp(&b.test_id).then_with(|| (&a.system, &a.class).cmp(&(&b.system, &b.class)))
    });
    Assessment { as_of: facts.run.as_of, results }
}

/// Categories and prefixes that a class speaks of, conditions in `special` apart.
pub fn named(class: &Class) -> impl Iterator<Item = &String> {
    let matches = class.matches.iter().flat_map(|m| m.all_of.iter().chain(&m.any_of));
    class.categories.iter().flatten().chain(&class.prohibited).chain(matches)
}

/// A policy over facts, with populations worked out: what control tests look at.
pub struct Assessing<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The facts.
    pub facts: &'a Facts<'a>,
    /// The "today".
    pub as_of: Date,
    /// Tiers and flags of categories.
    pub taxonomy: &'a Taxonomy,
    /// Items of the run, in the order of their paths.
    pub items: Vec<Member<'a>>,
    /// Items of the previous run.
    pub previous: Vec<Member<'a>>,
    exceptions: Vec<Globs>,
    holds: Vec<Globs>,
    /// Of the classes' `allowed`.
    allowed: Vec<Option<Globs>>,
    holding: Holding,
    /// Position of each class.
    class_index: FxHashMap<&'a str, usize>,
    /// Whether all that a class speaks of is looked for.
    detected: Vec<bool>,
    /// Rank of the tier, flags and listing classes of every category of the taxonomy and of the facts.
    categories: FxHashMap<&'a str, Category<'a>>,
    /// Positions in `items` of what was examined in each system; the last: outside all of them.
    examined: Vec<Vec<usize>>,
    /// Positions in `items` of what holds a class, by class and system.
    groups: BTreeMap<(usize, Option<usize>), Vec<usize>>,
}

struct Category<'a> {
    rank: usize,
    flags: &'a [String],
    /// Classes whose `categories` list it, ascending.
    listed_by: Vec<usize>,
}

/// An item as a member of populations.
pub struct Member<'a> {
    /// What is kept of it.
    pub record: &'a ItemRecord,
    /// Its path relative to the policy's folder.
    pub path: String,
    /// How much of `path` names the outermost file.
    outermost: usize,
    /// Index of its system.
    pub system: Option<usize>,
    /// Indices of the classes it holds, ascending.
    pub classes: Vec<usize>,
    /// Counted categories.
    pub counted: BTreeSet<&'a str>,
    /// Rank of its tier.
    pub tier: usize,
}

impl Member<'_> {
    /// The path of the outermost file around it; its own if it is one.
    pub fn outermost(&self) -> &str {
        &self.path[..self.outermost]
    }

    /// Whether it is a file of the store and not an entry of one.
    pub fn is_outermost(&self) -> bool {
        self.outermost == self.path.len()
    }

    /// `scanned` or `partial`.
    pub fn is_examined(&self) -> bool {
        matches!(self.record.outcome, Outcome::Scanned | Outcome::Partial(_))
    }

    /// Left out by decision.
    pub fn is_skipped(&self) -> bool {
        matches!(self.record.outcome, Outcome::Skipped(_))
    }
}

impl<'a> Assessing<'a> {
    /// Works out systems, classes, counted categories and tiers of all items.
    pub fn new(policy: &'a Policy, facts: &'a Facts<'a>, taxonomy: &'a Taxonomy) -> Self {
        let classes = policy.classes.iter();
        let mut assessing = Self {
            policy,
            facts,
            as_of: facts.run.as_of,
            taxonomy,
            items: Vec::new(),
            previous: Vec::new(),
            exceptions: policy.exceptions.iter().map(|e| Globs::new(&e.matches.path)).collect(),
            holds: policy.holds.iter().map(|h| Globs::new(&h.matches.path)).collect(),
            allowed: classes.clone().map(|c| c.allowed.as_deref().map(Globs::new)).collect(),
            holding: Holding::default(),
            class_index: classes.clone().enumerate().rev().map(|(i, c)| (c.id.as_str(), i)).collect(),
            detected: Vec::new(),
            categories: FxHashMap::default(),
            examined: Vec::new(),
            groups: BTreeMap::new(),
        };
        assessing.detected = classes.map(|class| assessing.detected(class)).collect();
        let previous = facts.previous.map_or(&[][..], |(_, items)| items);
        let findings = facts.items.iter().chain(previous).flat_map(|record| &record.findings);
        let known = taxonomy.categories().iter().map(|c| c.name.as_str());
        let names: FxHashSet<&str> = known.chain(findings.map(|f| f.category.as_str())).collect();
        assessing.categories = names.iter().map(|name| (*name, assessing.category(name))).collect();
        assessing.holding = Holding::new(policy, &names);
        let items = assessing.members(facts.items, &facts.run.base);
        let previous =
            facts.previous.map_or_else(Vec::new, |(run, items)| assessing.members(items, &run.base));
        (assessing.items, assessing.previous) = (items, previous);
        assessing.group();
        assessing
    }

    fn category(&self, name: &str) -> Category<'a> {
        let known = self.taxonomy.categories().iter().find(|c| c.name == name);
        let lists = |class: &Class| class.categories.iter().flatten().any(|n| speaks_of(n, name));
        let classes = self.policy.classes.iter().enumerate();
        Category {
            rank: self.rank(known.map_or("internal", |c| &c.tier)),
            flags: known.map_or(&[], |c| &c.flags),
            listed_by: classes.filter(|(_, c)| lists(c)).map(|(i, _)| i).collect(),
        }
    }

    fn members(&self, records: &'a [ItemRecord], base: &super::facts::Base) -> Vec<Member<'a>> {
        let paths: Vec<String> = records.iter().map(|r| base.apply(&r.printed_path)).collect();
        let is_file = |record: &ItemRecord| record.item.path.depth() == 0;
        let files: FxHashSet<&str> =
            records.iter().zip(&paths).filter(|(r, _)| is_file(r)).map(|(_, p)| p.as_str()).collect();
        // A name may itself hold `!/`: the outermost file is the first beginning that is one.
        let outermost = |record: &ItemRecord, path: &str| match is_file(record) {
            true => path.len(),
            false => {
                let mut ends = path.match_indices("!/").map(|(at, _)| at);
                let first = ends.clone().next().unwrap_or(path.len());
                ends.find(|end| files.contains(&path[..*end])).unwrap_or(first)
            }
        };
        let ends: Vec<usize> = records.iter().zip(&paths).map(|(r, path)| outermost(r, path)).collect();
        let all = records.iter().zip(paths).zip(ends);
        let mut members: Vec<Member<'a>> = all.map(|((r, path), end)| self.member(r, path, end)).collect();
        members.sort_by(|a, b| a.path.cmp(&b.path).then(a.record.item.id.cmp(&b.record.item.id)));
        members
    }

    fn member(&self, record: &'a ItemRecord, path: String, outermost: usize) -> Member<'a> {
        let counted: BTreeSet<&str> = self.counted(record).map(|f| f.category.as_str()).collect();
        let tier = self.counted(record).map(|f| self.rank(&f.tier)).max().unwrap_or(0);
        let system = self.system_of(&path);
        let mut member = Member { record, path, outermost, system, classes: Vec::new(), counted, tier };
        member.classes = self.holding.classes_of(self.policy, &member);
        for class in &member.classes {
            let tier = self.policy.classes[*class].tier.as_deref().map_or(0, |t| self.rank(t));
            member.tier = member.tier.max(tier);
        }
        member
    }

    fn group(&mut self) {
        let systems = self.policy.scope.systems.len();
        self.examined = vec![Vec::new(); systems + 1];
        let pairs = (0..self.policy.classes.len()).flat_map(|c| (0..systems).map(move |s| (c, Some(s))));
        self.groups = pairs.map(|pair| (pair, Vec::new())).collect();
        for (at, member) in self.items.iter().enumerate().filter(|(_, m)| !m.is_skipped()) {
            if member.is_examined() {
                self.examined[member.system.unwrap_or(systems)].push(at);
            }
            for class in &member.classes {
                self.groups.entry((*class, member.system)).or_default().push(at);
            }
        }
    }

    /// Findings that count: likely enough and no test values.
    pub fn counted(&self, record: &'a ItemRecord) -> impl Iterator<Item = &'a Finding> {
        let least = Likelihood::parse(&self.policy.thresholds.likelihood).unwrap_or(Likelihood::Likely);
        record
            .findings
            .iter()
            .filter(move |f| f.likelihood >= least && !f.flags.iter().any(|flag| flag == "likely_test"))
    }

    /// The declared system whose root is the longest beginning of `path`.
    pub fn system_of(&self, path: &str) -> Option<usize> {
        let inside = |root: &str| {
            let root = root.trim_start_matches("./").trim_end_matches('/');
            let rest = path.strip_prefix(root);
            let fits = root.is_empty()
                || root == "."
                || rest.is_some_and(|r| r.is_empty() || r.starts_with('/') || r.starts_with("!/"));
            fits.then_some(if root == "." { 0 } else { root.len() })
        };
        let systems = self.policy.scope.systems.iter().enumerate();
        systems.filter_map(|(i, s)| inside(&s.root).map(|n| (n, i))).max_by_key(|(n, _)| *n).map(|(_, i)| i)
    }

    /// Rank of a tier; 0 for one that the taxonomy does not know.
    pub fn rank(&self, tier: &str) -> usize {
        self.taxonomy.tier_rank(tier).unwrap_or(0)
    }

    /// The class with this id.
    pub fn class(&self, id: &str) -> Option<&'a Class> {
        self.class_index(id).map(|at| &self.policy.classes[at])
    }

    /// Its position.
    pub fn class_index(&self, id: &str) -> Option<usize> {
        self.class_index.get(id).copied()
    }

    /// A declared system.
    pub fn system(&self, index: usize) -> &'a System {
        &self.policy.scope.systems[index]
    }

    /// Whether enabled detectors can tell that an item holds the class: they find every category that decides.
    pub fn detected(&self, class: &Class) -> bool {
        match &class.matches {
            None => class.categories.iter().flatten().all(|name| self.is_looked_for(name)),
            Some(m) => m.all_of.iter().chain(&m.any_of).all(|name| self.is_looked_for(name)),
        }
    }

    /// Whether an enabled detector finds a category that the name speaks of.
    pub fn is_looked_for(&self, name: &str) -> bool {
        let on = &self.facts.run.categories_on;
        on.contains(name) || name.ends_with('*') && on.iter().any(|on| speaks_of(name, on))
    }

    /// Counted categories of tier internal or above: personal or confidential ones.
    pub fn sensitive<'m>(&'m self, member: &'m Member<'a>) -> impl Iterator<Item = &'a str> + 'm {
        member.counted.iter().copied().filter(|c| self.category_rank(c) >= 1)
    }

    /// Rank of a category's tier; one that the taxonomy does not know is internal.
    pub fn category_rank(&self, category: &str) -> usize {
        self.categories.get(category).map_or(1, |c| c.rank)
    }

    /// Flags of a category by the taxonomy.
    pub fn category_flags(&self, category: &str) -> &'a [String] {
        self.categories.get(category).map_or(&[], |c| c.flags)
    }

    /// Classes whose `categories` list a category, ascending.
    pub fn listed_by(&self, category: &str) -> &[usize] {
        self.categories.get(category).map_or(&[], |c| &c.listed_by)
    }

    /// Whether the item lies in the `allowed` of a class that lists the category.
    pub fn in_its_place(&self, category: &str, member: &Member<'_>) -> bool {
        self.listed_by(category).iter().any(|class| self.allowed(*class, member) == Some(true))
    }

    /// Whether the class may be where the item is; `None` if the class does not say.
    pub fn allowed(&self, class: usize, member: &Member<'_>) -> Option<bool> {
        self.allowed[class].as_ref().map(|globs| globs.matches(member))
    }

    /// Items of a class in a system, by class and system in the order of the policy. Every class has a group in every
    /// declared system, empty ones too; in no system (`None`) only where there are items.
    pub fn by_class_and_system(&self) -> BTreeMap<(usize, Option<usize>), Vec<&Member<'a>>> {
        self.groups.iter().map(|(pair, at)| (*pair, at.iter().map(|at| &self.items[*at]).collect())).collect()
    }

    /// Items of a system that were examined; `None`: those outside all systems.
    pub fn examined(&self, system: Option<usize>) -> impl Iterator<Item = &Member<'a>> {
        let group = &self.examined[system.unwrap_or(self.policy.scope.systems.len())];
        group.iter().map(|at| &self.items[*at])
    }

    /// All declared systems, and `None` after them if items outside of them were examined.
    pub fn systems(&self) -> impl Iterator<Item = Option<usize>> {
        let outside = self.examined(None).next().map(|_| None);
        (0..self.policy.scope.systems.len()).map(Some).chain(outside)
    }

    /// Whether the item is on hold, given its trigger date where one is known: the hold's id.
    pub fn hold(&self, path: &Member<'_>, class: Option<&str>, trigger: Option<Date>) -> Option<&'a str> {
        self.hold_within(path, class, trigger.map(Days::on))
    }

    /// The same, given the days of which one is its trigger date.
    pub fn hold_within(&self, path: &Member<'_>, class: Option<&str>, days: Option<Days>) -> Option<&'a str> {
        let on_path = |i: usize| self.holds[i].is_empty() || self.holds[i].matches(path);
        self.hold_where(&on_path, class, days)
    }

    /// The same for a path of which nothing else is known.
    pub fn hold_of_path(&self, path: &str, class: Option<&str>, trigger: Option<Date>) -> Option<&'a str> {
        let on_path = |i: usize| self.holds[i].is_empty() || self.holds[i].matches_path(path);
        self.hold_where(&on_path, class, trigger.map(Days::on))
    }

    /// The same, given the first and last of the dates of what is there.
    pub(super) fn hold_of_path_within(
        &self,
        path: &str,
        class: Option<&str>,
        days: Option<Days>,
    ) -> Option<&'a str> {
        let on_path = |i: usize| self.holds[i].is_empty() || self.holds[i].matches_path(path);
        self.hold_where(&on_path, class, days)
    }

    /// The hold that fits a path, whatever classes are there.
    pub(super) fn hold_anywhere(&self, path: &str, days: Option<Days>) -> Option<&'a str> {
        let classes = self.policy.holds.iter().map(|h| h.matches.class.as_deref());
        classes.into_iter().find_map(|class| self.hold_of_path_within(path, class, days))
    }

    fn hold_where(
        &self,
        on_path: &dyn Fn(usize) -> bool,
        class: Option<&str>,
        days: Option<Days>,
    ) -> Option<&'a str> {
        let found = self.policy.holds.iter().enumerate().find(|(i, hold)| {
            let m = &hold.matches;
            on_path(*i)
                && m.class.as_deref().is_none_or(|c| Some(c) == class)
                && days
                    .is_none_or(|d| m.from.is_none_or(|f| f <= d.last) && m.to.is_none_or(|to| d.first <= to))
                && hold.placed <= self.as_of
                && hold.released.is_none_or(|r| r > self.as_of)
        });
        found.map(|(_, hold)| hold.id.as_str())
    }

    /// The live exception that covers a deviation. Where the result has no class, one that the item holds will do.
    pub(super) fn exception(
        &self,
        test: &str,
        member: Option<&Member<'_>>,
        class: Option<&str>,
    ) -> Option<&'a str> {
        let found = self.policy.exceptions.iter().enumerate().find(|(i, exception)| {
            let globs = &self.exceptions[*i];
            exception.test == test
                && (globs.is_empty() || member.is_some_and(|m| globs.matches(m)))
                && exception.matches.class.as_deref().is_none_or(|c| match class {
                    Some(class) => c == class,
                    None => member.is_some_and(|m| m.classes.iter().any(|i| self.policy.classes[*i].id == c)),
                })
                && exception.approved_on <= self.as_of
                && self.as_of <= exception.expires
        });
        found.map(|(_, exception)| exception.id.as_str())
    }

    /// The live exception from a test that fits a path and class.
    pub(super) fn exception_of_path(&self, test: &str, path: &str, class: Option<&str>) -> Option<&'a str> {
        let found = self.policy.exceptions.iter().enumerate().find(|(i, exception)| {
            exception.test == test
                && (self.exceptions[*i].is_empty() || self.exceptions[*i].matches_path(path))
                && exception.matches.class.as_deref().is_none_or(|c| Some(c) == class)
                && exception.approved_on <= self.as_of
                && self.as_of <= exception.expires
        });
        found.map(|(_, exception)| exception.id.as_str())
    }

    /// A deviation about an item, with path, owner and tier filled in.
    pub fn deviation(&self, member: &Member<'_>, class: Option<&Class>) -> Deviation {
        let class_owner = class.and_then(|c| c.owner.clone());
        let system_owner = || member.system.and_then(|s| self.system(s).owner.clone());
        let file_owner = || member.record.item.meta.owner.as_deref().map(str::to_owned);
        Deviation {
            item_id: Some(member.record.item.id.to_string()),
            path: Some(member.record.printed_path.clone()),
            owner: class_owner.or_else(system_owner).or_else(file_owner),
            tier: self.taxonomy.tiers().get(member.tier).cloned(),
            ..Deviation::default()
        }
    }

    /// The verdict that an item deviates, with a detail in our own words.
    pub fn deviates(&self, member: &Member<'_>, class: Option<&Class>, detail: String) -> Verdict {
        Verdict::Deviates(Box::new(Deviation { detail: Some(detail), ..self.deviation(member, class) }))
    }

    /// The verdict that none of these categories should be in the item: `why` follows their names.
    pub fn none_of(&self, member: &Member<'a>, class: Option<&Class>, found: &[&str], why: &str) -> Verdict {
        match found {
            [] => Verdict::Pass,
            _ => self.deviates(member, class, format!("{}: {why}", self.told(member, found))),
        }
    }

    /// Categories of an item with their number of matches: `contact.email (3), pay.pan (12)`.
    fn told(&self, member: &Member<'a>, categories: &[&str]) -> String {
        let count = |category: &str| -> u64 {
            self.counted(member.record).filter(|f| f.category == category).map(|f| f.count).sum()
        };
        let told: Vec<String> = categories.iter().map(|c| format!("{c} ({})", count(c))).collect();
        told.join(", ")
    }
}
