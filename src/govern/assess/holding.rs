//! Which classes an item holds, without asking every class about every item.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::policy::{Policy, speaks_of};
use super::{Globs, Member};

/// For each category, and for paths, the classes that an item may hold because of it.
#[derive(Default)]
pub(super) struct Holding {
    /// Globs of `match.path`, by class.
    paths: Vec<Globs>,
    by_category: FxHashMap<String, Vec<usize>>,
    /// The globs of all classes that only a path decides about, and the class of each.
    by_path: Globs,
    path_class: Vec<usize>,
}

impl Holding {
    /// Prepares for items in which no other categories are counted than `categories`.
    pub fn new(policy: &Policy, categories: &FxHashSet<&str>) -> Self {
        let mut holding = Self::default();
        let mut globs = Vec::new();
        for (at, class) in policy.classes.iter().enumerate() {
            let paths = class.matches.as_ref().map_or(&[][..], |m| &m.path);
            holding.paths.push(Globs::new(paths));
            // Of all that has to hold, one condition is enough to find candidates.
            let names = match &class.matches {
                None => class.categories.as_deref().unwrap_or_default(),
                Some(m) if !m.any_of.is_empty() => &m.any_of,
                Some(m) => &m.all_of,
            };
            if names.is_empty() {
                globs.extend_from_slice(paths);
                holding.path_class.resize(globs.len(), at);
            }
            for category in categories.iter().filter(|c| names.iter().any(|name| speaks_of(name, c))) {
                holding.by_category.entry((*category).to_owned()).or_default().push(at);
            }
        }
        holding.by_path = Globs::new(&globs);
        holding
    }

    /// Positions of the classes that the item holds, ascending.
    pub fn classes_of(&self, policy: &Policy, member: &Member<'_>) -> Vec<usize> {
        let by_category = member.counted.iter().filter_map(|c| self.by_category.get(*c)).flatten().copied();
        let by_path = self.by_path.places(member).map(|place| self.path_class[place]);
        let mut classes: Vec<usize> = by_category.chain(by_path).collect();
        classes.sort_unstable();
        classes.dedup();
        classes.retain(|class| self.holds(policy, *class, member));
        classes
    }

    fn holds(&self, policy: &Policy, class: usize, member: &Member<'_>) -> bool {
        let counted = |name: &String| member.counted.iter().any(|c| speaks_of(name, c));
        let definition = &policy.classes[class];
        match &definition.matches {
            // It became a candidate by one of its categories.
            None => true,
            Some(m) => {
                m.all_of.iter().all(counted)
                    && (m.any_of.is_empty() || m.any_of.iter().any(counted))
                    && (m.path.is_empty() || self.paths[class].matches(member))
                    && !(m.all_of.is_empty() && m.any_of.is_empty() && m.path.is_empty())
            }
        }
    }
}
