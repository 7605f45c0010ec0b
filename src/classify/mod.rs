//! Matches to findings: likelihood, categories, tiers, masks, fingerprints. Pure functions of what was counted.

pub mod dates;
pub mod labels;
pub mod profile;
pub mod protect;
mod sketch;
pub mod taxonomy;

use sha2::{Digest, Sha256};

use crate::detect::Detectors;
use crate::model::{Finding, ItemId, Likelihood, Relation, hex};

pub use dates::{DateOrder, DatePlan, Dates, EventLookup};
pub use profile::{Key, Profile, Seen};
pub use protect::{Mask, Protector};
pub use taxonomy::{CategoryIndex, Taxonomy, TaxonomyError};

/// Share of a field's values that a match has to fill for the field to *be* this info type. Real columns hold some
/// empty-like or foreign values ("n/a", "see notes"), so all is too much to ask.
pub const IS_SHARE: f64 = 0.6;

/// The findings of one item, by field index, info type, detector and test flag.
pub fn classify(item: ItemId, profile: Profile, detectors: &Detectors, taxonomy: &Taxonomy) -> Vec<Finding> {
    let (fields, tallies) = profile.into_parts();
    let mut findings: Vec<Finding> = tallies
        .into_iter()
        .filter(|(_, tally)| tally.count > 0)
        .map(|(key, tally)| {
            let def = detectors.definition(key.detector);
            let field = key.field.map(|f| &fields[f.0 as usize]);
            let category = taxonomy.category_of(&def.info_type);
            let values = field.map(|f| f.values);
            let is = values.is_some_and(|v| v > 0 && tally.whole as f64 >= IS_SHARE * v as f64);
            let mut flags = if key.test { Vec::new() } else { category.flags.clone() };
            if key.test {
                flags.push("likely_test".to_owned());
            }
            flags.sort();
            Finding {
                finding_id: finding_id(item, field.map(|f| (f.index, f.name.as_slice())), &def.id, key.test),
                field: field.filter(|f| !f.name.is_empty()).map(|f| f.shown.clone()),
                field_index: field.map(|f| f.index),
                info_type: def.info_type.clone(),
                detector: def.id.clone(),
                category: category.name.clone(),
                // A published test value says nothing about a person (controls.md 6.3, K15).
                tier: if key.test { "public".to_owned() } else { category.tier.clone() },
                flags,
                relation: if is { Relation::Is } else { Relation::Contains },
                likelihood: Likelihood::of(tally.best),
                score: tally.best,
                count: tally.count,
                values_examined: values,
                distinct_estimate: tally.distinct.estimate().min(tally.count),
                occurrences: tally.kept,
            }
        })
        .collect();
    findings.sort_by(|a, b| {
        let key =
            |f: &Finding| (f.field_index, f.info_type.clone(), f.detector.clone(), f.finding_id.clone());
        key(a).cmp(&key(b))
    });
    findings
}

fn finding_id(item: ItemId, field: Option<(u32, &[u8])>, detector: &str, test: bool) -> String {
    let mut hasher = Sha256::new();
    hasher.update(item.0);
    if let Some((index, name)) = field {
        hasher.update(index.to_le_bytes());
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name);
    }
    hasher.update([u8::from(field.is_some()), u8::from(test)]);
    hasher.update(detector.as_bytes());
    hex(&hasher.finalize()[..16])
}
