//! Info types and data categories: `patterns/taxonomy.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::protect::Mask;

const TEXT: &str = include_str!("../../patterns/taxonomy.toml");

/// Position of a category in the taxonomy, below 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CategoryIndex(pub u8);

/// A data category: what a policy speaks of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Dotted name.
    #[serde(skip)]
    pub name: String,
    /// Tier of one value alone.
    pub tier: String,
    /// Legal and handling flags of one value alone.
    pub flags: Vec<String>,
    /// Term of the W3C Data Privacy Vocabulary 2.3, or empty.
    pub dpv: String,
    /// Key of fideslang, or empty.
    pub fideslang: String,
    /// One line for people.
    pub about: String,
}

/// An info type: what a detector finds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InfoType {
    /// Dotted category.
    pub category: String,
    /// One line for people.
    pub about: String,
    /// How much of a value may be shown.
    pub mask: Mask,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tiers: Tiers,
    category: BTreeMap<String, Category>,
    info_type: BTreeMap<String, InfoType>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tiers {
    order: Vec<String>,
}

/// Why a taxonomy is refused.
#[derive(Debug, thiserror::Error)]
#[error("taxonomy.toml: {0}")]
pub struct TaxonomyError(String);

/// All categories and info types.
#[derive(Debug)]
pub struct Taxonomy {
    tiers: Vec<String>,
    categories: Vec<Category>,
    info_types: BTreeMap<String, (InfoType, CategoryIndex)>,
    unknown: Category,
}

impl Taxonomy {
    /// The taxonomy that is part of the binary.
    pub fn builtin() -> Result<Self, TaxonomyError> {
        Self::parse(TEXT)
    }

    /// The text of the taxonomy that is part of the binary.
    pub fn builtin_text() -> &'static str {
        TEXT
    }

    /// A taxonomy of the user's or of a record.
    pub fn parse(text: &str) -> Result<Self, TaxonomyError> {
        let file: File = toml::from_str(text).map_err(|e| TaxonomyError(e.to_string().replace('\n', " ")))?;
        let categories: Vec<Category> =
            file.category.into_iter().map(|(name, category)| Category { name, ..category }).collect();
        if categories.len() > 128 {
            return Err(TaxonomyError("more than 128 categories".to_owned()));
        }
        for category in &categories {
            if !file.tiers.order.contains(&category.tier) {
                return Err(TaxonomyError(format!("{}: no tier `{}`", category.name, category.tier)));
            }
        }
        let mut info_types = BTreeMap::new();
        for (name, info_type) in file.info_type {
            let index = categories
                .iter()
                .position(|c| c.name == info_type.category)
                .ok_or_else(|| TaxonomyError(format!("{name}: no category `{}`", info_type.category)))?;
            info_types.insert(name, (info_type, CategoryIndex(index as u8)));
        }
        let unknown = Category {
            name: "unknown".to_owned(),
            tier: "internal".to_owned(),
            flags: Vec::new(),
            dpv: String::new(),
            fideslang: String::new(),
            about: "Not in the taxonomy".to_owned(),
        };
        Ok(Self { tiers: file.tiers.order, categories, info_types, unknown })
    }

    /// Tiers from the lowest to the highest.
    pub fn tiers(&self) -> &[String] {
        &self.tiers
    }

    /// Position of a tier, 0 the lowest.
    pub fn tier_rank(&self, tier: &str) -> Option<usize> {
        self.tiers.iter().position(|t| t == tier)
    }

    /// Whether an info type of this name exists.
    pub fn has(&self, info_type: &str) -> bool {
        self.info_types.contains_key(info_type)
    }

    /// All categories, by name.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// The category of an info type; compiled detectors name only known ones.
    pub fn category_of(&self, info_type: &str) -> &Category {
        self.index_of(info_type).map_or(&self.unknown, |i| &self.categories[usize::from(i.0)])
    }

    /// The category's position.
    pub fn index_of(&self, info_type: &str) -> Option<CategoryIndex> {
        self.info_types.get(info_type).map(|(_, index)| *index)
    }

    /// How a value of this info type is masked; nothing is shown of an unknown one.
    pub fn mask(&self, info_type: &str) -> Mask {
        self.info_types.get(info_type).map_or(Mask::NoneShown, |(t, _)| t.mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_taxonomy_is_sound_and_an_unknown_name_is_refused() {
        let taxonomy = Taxonomy::builtin().expect("sound");
        assert_eq!(taxonomy.tiers(), ["public", "internal", "confidential", "restricted"]);
        assert_eq!(taxonomy.category_of("EMAIL_ADDRESS").name, "contact.email");
        let broken = TEXT.replacen("category = \"contact.email\"", "category = \"contact.fax\"", 1);
        assert!(
            Taxonomy::parse(&broken).expect_err("refused").to_string().contains("no category `contact.fax`")
        );
    }
}
