//! Criteria of frameworks, and what each control test says about them: `controls/*.toml`.
//!
//! `load.rs` reads and checks the files, `conclude.rs` turns results of tests into statements about criteria.

use jiff::civil::Date;
use serde::Deserialize;

mod conclude;
mod load;

pub use load::CriteriaError;

/// How far control tests reach into a criterion, or one test into it; weakest first.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum Rating {
    /// Nothing can be said.
    None,
    /// Input to a control that people perform.
    Supports,
    /// One slice of the criterion is tested.
    TestsPart,
    /// An automated test that can be performed again.
    Tests,
}

impl Rating {
    /// All, strongest first.
    pub const ALL: [Rating; 4] = [Rating::Tests, Rating::TestsPart, Rating::Supports, Rating::None];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Rating::None => "none",
            Rating::Supports => "supports",
            Rating::TestsPart => "tests-part",
            Rating::Tests => "tests",
        }
    }

    /// What the word means.
    pub fn meaning(self) -> &'static str {
        match self {
            Rating::None => "this tool says nothing about it",
            Rating::Supports => "input to a control that people perform; no test of it",
            Rating::TestsPart => "automated tests of a part of it, which can be performed again",
            Rating::Tests => "automated tests that can be performed again",
        }
    }
}

/// A set of criteria with one publisher and edition.
#[derive(Clone, Debug)]
pub struct Framework {
    /// Short name: `soc2`.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Which version of its text.
    pub edition: String,
    /// Who publishes it, and what was taken from it.
    pub source: String,
    /// Day on which the file was last compared with what it is about.
    pub checked_on: Date,
    /// In the order of the framework.
    pub criteria: Vec<Criterion>,
}

/// What a framework asks for, under one identifier.
#[derive(Clone, Debug)]
pub struct Criterion {
    /// Identifier within the framework: `P4.2`.
    pub id: String,
    /// What it asks for, in our own words.
    pub paraphrase: String,
    /// How far the tests reach.
    pub rating: Rating,
    /// Tests that bear on it, strongest first.
    pub links: Vec<Link>,
    /// What of a run bears on it besides the results of tests.
    pub evidence: Option<String>,
    /// What no scan can say about it.
    pub cannot_say: String,
    /// What a reader has to know besides.
    pub note: Option<String>,
}

/// A test that bears on a criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// `RET-01`
    pub test_id: String,
    /// Never more than the rating of the criterion.
    pub strength: Rating,
}

/// A control test in words.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    /// `RET-01`
    pub id: String,
    /// One result for each of these: `class`, `system`, `run`, `set`.
    pub per: Vec<String>,
    /// What the population consists of, in the plural: `items`.
    pub counts: String,
    /// The population, in a sentence.
    pub population: String,
    /// When a member of it deviates, in a sentence.
    pub deviates: String,
}

/// All criteria that this build knows.
#[derive(Clone, Debug, Default)]
pub struct Criteria {
    frameworks: Vec<Framework>,
    tests: Vec<Described>,
}

impl Criteria {
    /// The frameworks, in the order of this build.
    pub fn frameworks(&self) -> &[Framework] {
        &self.frameworks
    }

    /// Each criterion with its framework, in order.
    pub fn all(&self) -> impl Iterator<Item = (&Framework, &Criterion)> {
        self.frameworks.iter().flat_map(|f| f.criteria.iter().map(move |c| (f, c)))
    }

    /// Criteria with this identifier, alone or after its framework (`P4.2`, `soc2:P4.2`); upper and lower case are one.
    pub fn find(&self, id: &str) -> Vec<(&Framework, &Criterion)> {
        let (framework, id) = id.split_once(':').map_or((None, id), |(f, id)| (Some(f), id));
        self.all()
            .filter(|(f, c)| {
                framework.is_none_or(|name| f.name.eq_ignore_ascii_case(name))
                    && c.id.eq_ignore_ascii_case(id)
            })
            .collect()
    }

    /// A control test in words.
    pub fn described(&self, test_id: &str) -> Option<&Described> {
        self.tests.iter().find(|t| t.id == test_id)
    }

    /// Criteria that the test bears on, as `framework:id`, sorted; those that it only supports too.
    pub fn links_of(&self, test_id: &str) -> Vec<String> {
        let mut links: Vec<String> =
            self.strengths_of(test_id).into_iter().map(|(criterion, _)| criterion).collect();
        links.sort();
        links
    }

    /// The same with strengths, in the order of frameworks and criteria.
    pub fn strengths_of(&self, test_id: &str) -> Vec<(String, Rating)> {
        let linked = |(f, c): (&Framework, &Criterion)| {
            let link = c.links.iter().find(|l| l.test_id == test_id)?;
            Some((f.full_id(c), link.strength))
        };
        self.all().filter_map(linked).collect()
    }
}

impl Framework {
    /// `framework:id`
    pub fn full_id(&self, criterion: &Criterion) -> String {
        format!("{}:{}", self.name, criterion.id)
    }
}
