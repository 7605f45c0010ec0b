//! `--fail-on`: what makes a command end with exit code 1.

use anyhow::{Result, bail};

use crate::classify::Taxonomy;
use crate::govern::{CONTROL_TESTS, ControlOutcome, ControlResult};
use crate::model::{Finding, Likelihood};

/// One `--fail-on`.
#[derive(Debug, PartialEq)]
pub(super) enum FailOn {
    Tier(usize),
    Likelihood(Likelihood),
    InfoType(String),
    Category(String),
    /// With its final dot.
    Prefix(String),
    /// A failing result of this control test.
    Control(&'static str),
    /// A failing result of any control test.
    Deviation,
}

impl FailOn {
    /// The condition that a word names.
    pub fn parse(word: &str, taxonomy: &Taxonomy) -> Result<Self> {
        if let Some(rank) = taxonomy.tier_rank(word) {
            return Ok(FailOn::Tier(rank));
        }
        if let Some(level) = Likelihood::parse(word) {
            return Ok(FailOn::Likelihood(level));
        }
        if taxonomy.has(word) {
            return Ok(FailOn::InfoType(word.to_owned()));
        }
        if let Some(test) = CONTROL_TESTS.iter().find(|t| t.id == word) {
            return Ok(FailOn::Control(test.id));
        }
        if word == "deviation" {
            return Ok(FailOn::Deviation);
        }
        let names = || taxonomy.categories().iter().map(|c| c.name.as_str());
        if names().any(|n| n == word) {
            return Ok(FailOn::Category(word.to_owned()));
        }
        if let Some(prefix) = word.strip_suffix('*').filter(|p| p.ends_with('.'))
            && names().any(|n| n.starts_with(prefix))
        {
            return Ok(FailOn::Prefix(prefix.to_owned()));
        }
        bail!(
            "--fail-on {word}: no tier ({}), likelihood, info type, category, control test or `deviation`; see `privascan \
             detectors list`",
            taxonomy.tiers().join(", ")
        )
    }

    /// Whether only a policy can meet it.
    pub fn needs_policy(&self) -> bool {
        matches!(self, FailOn::Control(_) | FailOn::Deviation)
    }

    /// Whether a result of a control test meets it.
    pub fn meets_result(&self, result: &ControlResult) -> bool {
        result.outcome == ControlOutcome::Fail
            && match self {
                FailOn::Control(test) => result.test_id == *test,
                FailOn::Deviation => true,
                _ => false,
            }
    }

    /// Whether a finding meets it; published test values meet nothing.
    pub fn meets(&self, finding: &Finding, taxonomy: &Taxonomy) -> bool {
        !finding.flags.iter().any(|f| f == "likely_test")
            && match self {
                FailOn::Tier(rank) => taxonomy.tier_rank(&finding.tier).is_some_and(|r| r >= *rank),
                FailOn::Likelihood(level) => finding.likelihood >= *level,
                FailOn::InfoType(name) => finding.info_type == *name,
                FailOn::Category(name) => finding.category == *name,
                FailOn::Prefix(prefix) => finding.category.starts_with(prefix),
                FailOn::Control(_) | FailOn::Deviation => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fail_on_takes_the_words_of_the_contract_and_refuses_others() {
        let taxonomy = Taxonomy::builtin().expect("sound");
        let parse = |w: &str| FailOn::parse(w, &taxonomy);
        assert_eq!(parse("restricted").expect("tier"), FailOn::Tier(3));
        assert_eq!(parse("likely").expect("likelihood"), FailOn::Likelihood(Likelihood::Likely));
        assert_eq!(parse("US_SSN").expect("info type"), FailOn::InfoType("US_SSN".to_owned()));
        assert_eq!(parse("gov.*").expect("prefix"), FailOn::Prefix("gov.".to_owned()));
        assert_eq!(parse("RET-01").expect("control test"), FailOn::Control("RET-01"));
        assert_eq!(parse("deviation").expect("deviation"), FailOn::Deviation);
        assert_eq!(parse("pay.pan").expect("category"), FailOn::Category("pay.pan".to_owned()));
        for nonsense in ["", "RET-99", "gov", "gov*", "everything", "nope.*"] {
            assert!(parse(nonsense).is_err(), "{nonsense}");
        }
    }
}
