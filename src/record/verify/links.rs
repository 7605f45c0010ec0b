//! Kept knowledge: what findings say of detectors and categories, against the copies that the run kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::Finds;
use crate::classify::Taxonomy;
use crate::govern::Criteria;
use crate::model::ItemRecord;
use crate::record::RecordError;
use crate::record::manifest::Manifest;
use crate::record::read::{Record, Run};

const DETECTORS: &str = "patterns/detectors.toml";
const TAXONOMY: &str = "patterns/taxonomy.toml";

/// Detectors by id: their info type, and whether they only keep others honest.
type Detectors = BTreeMap<String, (String, bool)>;

/// Copies that were read, by their hashes: most runs have the same.
pub(super) struct Knowledge {
    /// Those of this build.
    pub criteria: Criteria,
    taxonomies: BTreeMap<String, Option<Arc<Taxonomy>>>,
    detectors: BTreeMap<String, Option<Arc<Detectors>>>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    detector: Vec<Definition>,
}

/// What of a detector is asked for here.
#[derive(Deserialize)]
struct Definition {
    id: String,
    info_type: String,
    #[serde(default)]
    decoy: bool,
}

impl Knowledge {
    /// What this build knows.
    pub fn load() -> Result<Self, RecordError> {
        Ok(Self { criteria: Criteria::builtin()?, taxonomies: BTreeMap::new(), detectors: BTreeMap::new() })
    }

    /// The kept taxonomy.
    pub fn taxonomy(
        &mut self,
        record: &Record,
        run: &Run,
        manifest: &Manifest,
        finds: &mut Finds<'_>,
    ) -> Option<Arc<Taxonomy>> {
        let (hash, text) = text(record, run, manifest, TAXONOMY)?;
        let read = || Taxonomy::parse(&text).ok().map(Arc::new);
        let taxonomy = self.taxonomies.entry(hash).or_insert_with(read).clone();
        if taxonomy.is_none() {
            finds.add(TAXONOMY, "cannot be read as a taxonomy by this build");
        }
        taxonomy
    }

    /// The kept detectors.
    pub fn detectors(
        &mut self,
        record: &Record,
        run: &Run,
        manifest: &Manifest,
        finds: &mut Finds<'_>,
    ) -> Option<Arc<Detectors>> {
        let (hash, text) = text(record, run, manifest, DETECTORS)?;
        let read = || {
            let file: File = toml::from_str(&text).ok()?;
            Some(Arc::new(file.detector.into_iter().map(|d| (d.id, (d.info_type, d.decoy))).collect()))
        };
        let detectors = self.detectors.entry(hash).or_insert_with(read).clone();
        if detectors.is_none() {
            finds.add(DETECTORS, "cannot be read as detectors by this build");
        }
        detectors
    }
}

/// A kept text and its hash; one that is not what the manifest vouches for has been told of already.
fn text(record: &Record, run: &Run, manifest: &Manifest, name: &str) -> Option<(String, String)> {
    let hash = manifest.files.iter().find(|f| f.name == name)?.sha256.clone();
    let bytes = record.file(run, manifest, name).ok()?;
    String::from_utf8(bytes).ok().map(|text| (hash, text))
}

/// Findings, and what the manifest says was on.
pub(super) fn check(
    items: &[ItemRecord],
    manifest: &Manifest,
    detectors: &Detectors,
    taxonomy: &Taxonomy,
    finds: &mut Finds<'_>,
) {
    let on = || detectors.values().filter(|(_, decoy)| !decoy);
    if manifest.configuration.detectors != on().count() as u64 {
        finds.add("manifest.json", "configuration.detectors is not the number of kept detectors");
    }
    let categories: BTreeSet<String> = on().map(|(t, _)| taxonomy.category_of(t).name.clone()).collect();
    if manifest.configuration.categories_on != categories {
        finds.add("manifest.json", "configuration.categories_on are not those of the kept detectors");
    }
    for finding in items.iter().flat_map(|i| &i.findings) {
        let category = taxonomy.category_of(&finding.info_type);
        let test = finding.flags.iter().any(|f| f == "likely_test");
        let known = detectors.get(&finding.detector).is_some_and(|(t, _)| *t == finding.info_type);
        let (mut flags, tier) = match test {
            true => (vec!["likely_test".to_owned()], "public"),
            false => (category.flags.clone(), category.tier.as_str()),
        };
        flags.sort();
        let what = match known {
            false => "no kept detector finds this info type",
            true if finding.category != category.name => "category is not that of the info type",
            true if finding.tier != tier || finding.flags != flags => {
                "tier or flags are not those of the category"
            }
            true => continue,
        };
        finds.add("findings.parquet", format!("finding {}: {what}", finding.finding_id));
    }
}
