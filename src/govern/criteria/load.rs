//! The files of `controls/`: read, and refused if they claim what does not fit together.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;

use super::{Criteria, Criterion, Described, Framework, Link, Rating};
use crate::govern::CONTROL_TESTS;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../controls/", $name)))),+]
    };
}

/// Every framework's file, in the order in which they are listed. A test compares the list with the folder.
const FILES: &[(&str, &str)] = files![
    "soc2.toml",
    "gdpr.toml",
    "ccpa.toml",
    "hipaa.toml",
    "pci-dss.toml",
    "iso27001.toml",
    "nist-800-53.toml",
    "nist-privacy.toml",
    "glba.toml",
];

const TESTS: (&str, &str) = ("tests.toml", include_str!("../../../controls/tests.toml"));

/// Why the files are refused.
#[derive(Debug, thiserror::Error)]
#[error("controls/{file}: {what}")]
pub struct CriteriaError {
    file: String,
    what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameworkFile {
    framework: String,
    title: String,
    edition: String,
    source: String,
    checked_on: toml::value::Datetime,
    criterion: Vec<CriterionTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CriterionTable {
    id: String,
    paraphrase: String,
    rating: Rating,
    #[serde(default)]
    tests: Vec<String>,
    #[serde(default)]
    tests_part: Vec<String>,
    #[serde(default)]
    supports: Vec<String>,
    evidence: Option<String>,
    #[serde(rename = "cannot_say")]
    cannot_say: String,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestsFile {
    test: Vec<Described>,
}

impl Criteria {
    /// The criteria that are part of the binary.
    pub fn builtin() -> Result<Self, CriteriaError> {
        Self::parse(FILES, TESTS)
    }

    fn parse(files: &[(&str, &str)], tests: (&str, &str)) -> Result<Self, CriteriaError> {
        let mut criteria = Self { frameworks: Vec::new(), tests: described(tests)? };
        for (file, text) in files {
            let framework = framework(file, text)?;
            if criteria.frameworks.iter().any(|f| f.name == framework.name) {
                return Err(refused(file, format!("framework `{}` a second time", framework.name)));
            }
            criteria.frameworks.push(framework);
        }
        Ok(criteria)
    }
}

fn refused(file: &str, what: impl Into<String>) -> CriteriaError {
    CriteriaError { file: file.to_owned(), what: what.into() }
}

fn described((file, text): (&str, &str)) -> Result<Vec<Described>, CriteriaError> {
    let found: TestsFile =
        toml::from_str(text).map_err(|e| refused(file, e.to_string().replace('\n', " ")))?;
    let mut seen = BTreeSet::new();
    for test in &found.test {
        if !CONTROL_TESTS.iter().any(|t| t.id == test.id) {
            return Err(refused(file, format!("no control test `{}`", test.id)));
        }
        if !seen.insert(test.id.as_str()) {
            return Err(refused(file, format!("{} a second time", test.id)));
        }
        let known = |per: &String| ["class", "system", "run", "set"].contains(&per.as_str());
        if test.per.is_empty() || !test.per.iter().all(known) {
            return Err(refused(file, format!("{}: `per` lists class, system, run or set", test.id)));
        }
        let texts = [&test.counts, &test.population, &test.deviates];
        if texts.iter().any(|text| !one_line(text)) {
            return Err(refused(file, format!("{}: a text is empty or has several lines", test.id)));
        }
    }
    match CONTROL_TESTS.iter().find(|t| !seen.contains(t.id)) {
        Some(test) => Err(refused(file, format!("nothing about {}", test.id))),
        None => Ok(found.test),
    }
}

fn framework(file: &str, text: &str) -> Result<Framework, CriteriaError> {
    let found: FrameworkFile =
        toml::from_str(text).map_err(|e| refused(file, e.to_string().replace('\n', " ")))?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if found.framework.is_empty() || !found.framework.chars().all(plain) {
        return Err(refused(file, "`framework` is lower case, digits and `-`"));
    }
    if [&found.title, &found.edition, &found.source].iter().any(|text| !one_line(text)) {
        return Err(refused(file, "title, edition or source is empty or has several lines"));
    }
    let checked_on: Date = found
        .checked_on
        .to_string()
        .parse()
        .map_err(|_| refused(file, "`checked_on` is a day, as in 2026-07-01"))?;
    let mut criteria: Vec<Criterion> = Vec::new();
    for table in found.criterion {
        let criterion = criterion(table);
        check(&criterion).map_err(|what| refused(file, format!("{}: {what}", criterion.id)))?;
        if criteria.iter().any(|c| c.id.eq_ignore_ascii_case(&criterion.id)) {
            return Err(refused(file, format!("{} a second time", criterion.id)));
        }
        criteria.push(criterion);
    }
    Ok(Framework {
        name: found.framework,
        title: found.title,
        edition: found.edition,
        source: found.source,
        checked_on,
        criteria,
    })
}

fn criterion(table: CriterionTable) -> Criterion {
    let groups = [
        (table.tests, Rating::Tests),
        (table.tests_part, Rating::TestsPart),
        (table.supports, Rating::Supports),
    ];
    let link = |strength| move |test_id| Link { test_id, strength };
    Criterion {
        id: table.id,
        paraphrase: table.paraphrase,
        rating: table.rating,
        links: groups
            .into_iter()
            .flat_map(|(tests, strength)| tests.into_iter().map(link(strength)))
            .collect(),
        evidence: table.evidence,
        cannot_say: table.cannot_say,
        note: table.note,
    }
}

/// What about a criterion does not fit together.
fn check(criterion: &Criterion) -> Result<(), String> {
    if criterion.id.is_empty() || criterion.id.contains(|c: char| c.is_whitespace() || c == ':') {
        return Err("an id has no spaces and no colon".to_owned());
    }
    let texts = [Some(&criterion.paraphrase), Some(&criterion.cannot_say)];
    let more = [criterion.evidence.as_ref(), criterion.note.as_ref()];
    if texts.into_iter().chain(more).flatten().any(|text| !one_line(text)) {
        return Err("a text is empty or has several lines".to_owned());
    }
    let mut seen = BTreeSet::new();
    for link in &criterion.links {
        if !CONTROL_TESTS.iter().any(|t| t.id == link.test_id) {
            return Err(format!("no control test `{}`", link.test_id));
        }
        if !seen.insert(&link.test_id) {
            return Err(format!("{} a second time", link.test_id));
        }
        if link.strength > criterion.rating {
            let (strength, rating) = (link.strength.word(), criterion.rating.word());
            return Err(format!("{} {strength} it, and it is rated `{rating}`", link.test_id));
        }
    }
    let best = criterion.links.iter().map(|l| l.strength).max();
    let measured = criterion.evidence.is_some();
    let held = match criterion.rating {
        Rating::None => !measured,
        Rating::Supports => best.is_some() || measured,
        // Measures that no control test draws a conclusion from, where a note says so.
        Rating::TestsPart => best == Some(Rating::TestsPart) || measured && criterion.note.is_some(),
        Rating::Tests => best == Some(Rating::Tests),
    };
    match held {
        true => Ok(()),
        false => {
            Err(format!("rated `{}`, which its tests and evidence do not bear out", criterion.rating.word()))
        }
    }
}

fn one_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests;
