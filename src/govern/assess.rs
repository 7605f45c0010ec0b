//! From facts to results: who belongs to which population, then all tests, then what coverage allows to be said.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use jiff::civil::Date;

use super::clock::Days;
use super::facts::Facts;
use super::outcome::{ControlOutcome, ControlResult, Deviation};
use super::policy::{Class, Policy, System, speaks_of};
use super::{CONTROL_TESTS, Criteria};
use crate::classify::Taxonomy;
use crate::model::{Finding, ItemRecord, Likelihood, Outcome};

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
    gate(&mut results, &assessing);
    for result in &mut results {
        result.criteria = criteria.links_of(&result.test_id);
    }
    results.sort_by(|a, b| {
        let key = |r: &ControlResult| (r.test_id.clone(), r.system.clone(), r.class.clone());
        key(a).cmp(&key(b))
    });
    Assessment { as_of: facts.run.as_of, results }
}

/// Withholds a pass where coverage or the detectors did not hold.
fn gate(results: &mut [ControlResult], assessing: &Assessing<'_>) {
    let failed = |test: &str| -> BTreeSet<Option<String>> {
        let failed = |r: &&ControlResult| r.test_id == test && r.outcome == ControlOutcome::Fail;
        results.iter().filter(failed).map(|r| r.system.clone()).collect()
    };
    let uncovered: BTreeSet<Option<String>> = &failed("MON-01") | &failed("MON-02");
    let self_test = !failed("MON-06").is_empty();
    for result in results.iter_mut().filter(|r| !r.test_id.starts_with("MON-")) {
        let uncovered = match &result.system {
            None => !uncovered.is_empty(),
            system => uncovered.contains(system),
        };
        let class = result.class.as_deref().and_then(|id| assessing.class(id));
        let off = class.is_some_and(|c| !assessing.detected(c));
        let empty =
            result.outcome == ControlOutcome::NotApplicable && result.reason.as_deref() == Some("no-items");
        let reason = match () {
            () if (result.outcome == ControlOutcome::Pass || empty) && off => "detector-off",
            () if (result.outcome == ControlOutcome::Pass || empty) && uncovered => "coverage",
            () if result.outcome == ControlOutcome::Pass && self_test => "self-test",
            () => continue,
        };
        result.outcome = ControlOutcome::NotEvaluated;
        result.reason = Some(reason.to_owned());
    }
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
    classes: Vec<CompiledClass>,
    exceptions: Vec<Globs>,
    holds: Vec<Globs>,
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

struct CompiledClass {
    /// Of `match.path`.
    paths: Globs,
    /// Of `allowed`.
    allowed: Option<Globs>,
}

/// Compiled globs of one list.
pub struct Globs {
    set: GlobSet,
    any: bool,
}

impl Globs {
    /// Compiles a list; what does not compile matches nothing (`policy check` refuses it).
    pub fn new(globs: &[String]) -> Self {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            if let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).build() {
                set.add(glob);
            }
        }
        Self { set: set.build().unwrap_or_else(|_| GlobSet::empty()), any: !globs.is_empty() }
    }

    /// Whether one matches the item or the outermost file around it.
    pub fn matches(&self, member: &Member<'_>) -> bool {
        self.matches_path(&member.path) || (!member.is_outermost() && self.set.is_match(member.outermost()))
    }

    /// Whether one matches this path.
    pub fn matches_path(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        !self.any
    }
}

impl<'a> Assessing<'a> {
    /// Works out systems, classes, counted categories and tiers of all items.
    pub fn new(policy: &'a Policy, facts: &'a Facts<'a>, taxonomy: &'a Taxonomy) -> Self {
        let classes = policy
            .classes
            .iter()
            .map(|class| CompiledClass {
                paths: Globs::new(class.matches.as_ref().map_or(&[], |m| m.path.as_slice())),
                allowed: class.allowed.as_deref().map(Globs::new),
            })
            .collect();
        let mut assessing = Self {
            policy,
            facts,
            as_of: facts.run.as_of,
            taxonomy,
            items: Vec::new(),
            previous: Vec::new(),
            classes,
            exceptions: policy.exceptions.iter().map(|e| Globs::new(&e.matches.path)).collect(),
            holds: policy.holds.iter().map(|h| Globs::new(&h.matches.path)).collect(),
        };
        let members = |records: &'a [ItemRecord], base: &super::facts::Base| {
            let mut members: Vec<Member<'a>> =
                records.iter().map(|record| assessing.member(record, base)).collect();
            members.sort_by(|a, b| a.path.cmp(&b.path).then(a.record.item.id.cmp(&b.record.item.id)));
            members
        };
        let items = members(facts.items, &facts.run.base);
        let previous = facts.previous.map_or_else(Vec::new, |(run, items)| members(items, &run.base));
        (assessing.items, assessing.previous) = (items, previous);
        assessing
    }

    fn member(&self, record: &'a ItemRecord, base: &super::facts::Base) -> Member<'a> {
        let path = base.apply(&record.printed_path);
        let counted: BTreeSet<&str> = self.counted(record).map(|f| f.category.as_str()).collect();
        let outermost = match record.item.path.depth() {
            0 => path.len(),
            _ => path.find("!/").unwrap_or(path.len()),
        };
        let tier = self.counted(record).map(|f| self.rank(&f.tier)).max().unwrap_or(0);
        let system = self.system_of(&path);
        let mut member = Member { record, path, outermost, system, classes: Vec::new(), counted, tier };
        member.classes =
            (0..self.policy.classes.len()).filter(|class| self.holds_class(&member, *class)).collect();
        for class in &member.classes {
            let tier = self.policy.classes[*class].tier.as_deref().map_or(0, |t| self.rank(t));
            member.tier = member.tier.max(tier);
        }
        member
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

    fn holds_class(&self, member: &Member<'_>, class: usize) -> bool {
        let counted = |name: &String| member.counted.iter().any(|c| speaks_of(name, c));
        let definition = &self.policy.classes[class];
        match &definition.matches {
            None => definition.categories.iter().flatten().any(counted),
            Some(m) => {
                m.all_of.iter().all(counted)
                    && (m.any_of.is_empty() || m.any_of.iter().any(counted))
                    && (m.path.is_empty() || self.classes[class].paths.matches(member))
                    && !(m.all_of.is_empty() && m.any_of.is_empty() && m.path.is_empty())
            }
        }
    }

    /// Rank of a tier; 0 for one that the taxonomy does not know.
    pub fn rank(&self, tier: &str) -> usize {
        self.taxonomy.tier_rank(tier).unwrap_or(0)
    }

    /// The class with this id.
    pub fn class(&self, id: &str) -> Option<&'a Class> {
        self.policy.classes.iter().find(|c| c.id == id)
    }

    /// A declared system.
    pub fn system(&self, index: usize) -> &'a System {
        &self.policy.scope.systems[index]
    }

    /// Whether every category the class speaks of is found by an enabled detector.
    pub fn detected(&self, class: &Class) -> bool {
        let matches = class.matches.iter().flat_map(|m| m.all_of.iter().chain(&m.any_of));
        let mut names = class.categories.iter().flatten().chain(&class.prohibited).chain(matches);
        names.all(|name| self.facts.run.categories_on.iter().any(|on| speaks_of(name, on)))
    }

    /// Counted categories of tier internal or above: personal or confidential ones.
    pub fn sensitive<'m>(&'m self, member: &'m Member<'a>) -> impl Iterator<Item = &'a str> + 'm {
        member.counted.iter().copied().filter(|c| self.rank(&self.category_tier(c)) >= 1)
    }

    fn category_tier(&self, category: &str) -> String {
        let categories = self.taxonomy.categories();
        categories.iter().find(|c| c.name == category).map_or_else(String::new, |c| c.tier.clone())
    }

    /// Flags of a category by the taxonomy.
    pub fn category_flags(&self, category: &str) -> &'a [String] {
        let categories = self.taxonomy.categories();
        categories.iter().find(|c| c.name == category).map_or(&[], |c| c.flags.as_slice())
    }

    /// Whether the class may be where the item is; `None` if the class does not say.
    pub fn allowed(&self, class: usize, member: &Member<'_>) -> Option<bool> {
        self.classes[class].allowed.as_ref().map(|globs| globs.matches(member))
    }

    /// Items of a class in a system, by class and system in the order of the policy; systems `None` are no system.
    pub fn by_class_and_system(&self) -> BTreeMap<(usize, Option<usize>), Vec<&Member<'a>>> {
        let mut groups: BTreeMap<(usize, Option<usize>), Vec<&Member<'a>>> = BTreeMap::new();
        for member in self.items.iter().filter(|m| !m.is_skipped()) {
            for class in &member.classes {
                groups.entry((*class, member.system)).or_default().push(member);
            }
        }
        groups
    }

    /// Items of a system that were examined.
    pub fn examined(&self, system: Option<usize>) -> impl Iterator<Item = &Member<'a>> {
        self.items.iter().filter(move |m| m.system == system && m.is_examined())
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

    /// The live exception that covers a deviation.
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
}
