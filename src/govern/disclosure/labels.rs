//! DIS-06: sensitivity labels against what is in the items that carry them.

use std::collections::BTreeMap;

use crate::govern::assess::{Assessing, Globs, Member};
use crate::govern::outcome::{ControlOutcome, ControlResult};
use crate::govern::policy::Labels;
use crate::govern::{Tally, Verdict, decided};

pub(super) fn dis_06(assessing: &Assessing<'_>) -> Vec<ControlResult> {
    let Some(labels) = &assessing.policy.labels else {
        let systems = assessing.policy.scope.systems.iter();
        let none = |id: &str| decided("DIS-06", Some(id), None, ControlOutcome::NotEvaluated, "no-labels");
        return systems.map(|system| none(&system.id)).collect();
    };
    let scheme = Scheme::new(assessing, labels);
    let mut tallies: BTreeMap<Option<usize>, (Tally<'_>, u64, u64)> = BTreeMap::new();
    let begin = |system| (Tally::new(assessing, "DIS-06", system, None), 0, 0);
    for system in 0..assessing.policy.scope.systems.len() {
        tallies.insert(Some(system), begin(Some(system)));
    }
    for member in assessing.items.iter().filter(|m| !m.is_skipped()) {
        let (label, both) = scheme.label_of(member);
        if label.is_none() && !scheme.required.contains(&member.tier) {
            continue;
        }
        let (tally, two, higher) = tallies.entry(member.system).or_insert_with(|| begin(member.system));
        let tier = assessing.taxonomy.tiers().get(member.tier).map_or("", String::as_str);
        let verdict = match label {
            None => assessing.deviates(member, None, format!("no label; {tier} requires one")),
            Some((name, rank)) if rank < member.tier => {
                let says = &assessing.taxonomy.tiers()[rank];
                assessing.deviates(member, None, format!("label {name} ({says}) is below {tier}"))
            }
            Some(_) if !member.is_examined() => Verdict::NotEvaluated("unread"),
            Some((_, rank)) => {
                *higher += u64::from(rank > member.tier);
                Verdict::Pass
            }
        };
        *two += u64::from(both);
        tally.count(Some(member), verdict);
    }
    let finish = |(tally, two, higher): (Tally<'_>, u64, u64)| {
        let mut result = tally.finish();
        let told = [
            (two, "items with a declared label and one of their own, the lower counts"),
            (higher, "items with a label above their tier"),
        ];
        let told: Vec<String> =
            told.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{what}: {n}")).collect();
        result.note = (!told.is_empty()).then(|| told.join("; "));
        result
    };
    tallies.into_values().map(finish).collect()
}

/// The labels of a policy, ready to be asked.
struct Scheme<'a> {
    /// Name and rank of the tier, by the name in lower case.
    names: BTreeMap<String, (&'a str, usize)>,
    declared: Globs,
    /// The labels of `declared`, in lower case.
    labels: Vec<String>,
    /// Ranks of the tiers that need a label.
    required: Vec<usize>,
}

impl<'a> Scheme<'a> {
    fn new(assessing: &Assessing<'a>, labels: &'a Labels) -> Self {
        let globs: Vec<String> = labels.declared.iter().map(|d| d.glob.clone()).collect();
        let name = |(name, tier): (&'a String, &String)| {
            (name.to_lowercase(), (name.as_str(), assessing.rank(tier)))
        };
        Self {
            names: labels.names.iter().map(name).collect(),
            declared: Globs::new(&globs),
            labels: labels.declared.iter().map(|d| d.label.to_lowercase()).collect(),
            required: labels.required.iter().filter_map(|t| assessing.taxonomy.tier_rank(t)).collect(),
        }
    }

    /// The label that counts, with its tier's rank, and whether it was the lower of two.
    fn label_of(&self, member: &Member<'_>) -> (Option<(&'a str, usize)>, bool) {
        let place = self.declared.places(member).max();
        let declared = place.and_then(|place| self.names.get(&self.labels[place])).copied();
        let own = member.record.evidence.label.as_ref();
        let own = own.and_then(|label| self.names.get(&label.to_lowercase())).copied();
        match (declared, own) {
            (Some(a), Some(b)) => (Some(if b.1 < a.1 { b } else { a }), true),
            (declared, own) => (declared.or(own), false),
        }
    }
}
