//! What DSP-02 and DSP-03 say of each performed disposal: what a certificate is made of.

use super::super::Verdict;
use super::super::assess::{Assessing, Assessment, Member};
use super::super::outcome::{ControlOutcome, ControlResult};
use super::super::registers::DisposalEntry;
use super::absent;
use super::copies::Seeking;
use super::entries::Entries;

/// One performed disposal, and what a run says of it.
#[derive(Clone, Debug)]
pub struct Verified<'a> {
    /// The entry, its path as it may be printed.
    pub entry: &'a DisposalEntry,
    /// Declared system that the path is in.
    pub system: Option<&'a str>,
    /// Whether it is absent at its place (DSP-02).
    pub absent: Said,
    /// Whether there is no copy of it elsewhere (DSP-03).
    pub copies: Said,
    /// Copies that are tolerated, in quarantine and backups.
    pub tolerated: usize,
    /// Copies were looked for by its content.
    pub by_content: bool,
    /// Copies were looked for by all of its fingerprints.
    pub by_fingerprints: bool,
}

/// What a test says of one entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// `fail`, `excepted`, `not-evaluated` or `pass`.
    pub outcome: ControlOutcome,
    /// Why, kebab-case; of an exception or hold its id.
    pub reason: Option<String>,
    /// More, in our own words.
    pub detail: Option<String>,
    /// Path, as it may be printed, of what was found.
    pub path: Option<String>,
}

impl Verified<'_> {
    /// The first of fail, excepted, not-evaluated, pass.
    pub fn outcome(&self) -> ControlOutcome {
        self.absent.outcome.min(self.copies.outcome)
    }

    /// Whether there is more of it than a pass says: copies that are tolerated, or fingerprints that were not looked for.
    pub fn is_limited(&self) -> bool {
        self.tolerated > 0 || (!self.entry.record_fingerprints.is_empty() && !self.by_fingerprints)
    }

    /// By what copies were looked for, and which were tolerated: `by content hash only; 2 tolerated in quarantine and backups`.
    pub fn how(&self) -> String {
        let mut how = match (self.by_content, self.by_fingerprints) {
            (true, true) => "by content hash and fingerprints",
            (true, false) => "by content hash only",
            (false, true) => "by fingerprints only",
            (false, false) => "by nothing",
        }
        .to_owned();
        if !self.entry.record_fingerprints.is_empty() && !self.by_fingerprints {
            how.push_str(", its fingerprints could not be compared");
        }
        if self.tolerated > 0 {
            how.push_str(&format!("; {} tolerated in quarantine and backups", self.tolerated));
        }
        how
    }
}

/// Every performed entry of the register, by id; `None` without a register. Where the assessment withholds a pass, so
/// does this. `left_out`: whoever ran it left items out beyond what the policy does, and nothing is proven to be absent.
pub fn verified<'a>(
    assessing: &'a Assessing<'a>,
    assessment: &Assessment,
    left_out: bool,
) -> Option<Vec<Verified<'a>>> {
    let entries = Entries::new(assessing)?;
    let seeking = Seeking::new(assessing, &entries);
    let mut all = Vec::new();
    for (entry, day) in entries.performed() {
        let class = entry.class.map(|c| assessing.policy.classes[c].id.as_str());
        let system = entry.system.map(|s| assessing.system(s).id.as_str());
        let withheld = |test: &str| {
            let results = assessment.results.iter();
            let here = results.filter(|r| r.system.as_deref() == system);
            let uncovered = |r: &ControlResult| {
                ["MON-01", "MON-02"].contains(&r.test_id.as_str()) && r.outcome == ControlOutcome::Fail
            };
            if left_out || here.clone().any(uncovered) {
                return Some("coverage".to_owned());
            }
            let mut of_pair = here.filter(|r| r.test_id == test && r.class.as_deref() == class);
            let withheld = of_pair.find(|r| r.outcome == ControlOutcome::NotEvaluated);
            let reason = withheld.and_then(|r| r.reason.clone());
            reason.filter(|r| ["coverage", "self-test", "detector-off"].contains(&r.as_str()))
        };
        let say = |test: &str, verdict: Verdict, member: Option<&Member<'_>>| {
            let said = said(assessing, test, verdict, member, class);
            match withheld(test).filter(|_| said.outcome == ControlOutcome::Pass) {
                Some(reason) => Said { outcome: ControlOutcome::NotEvaluated, reason: Some(reason), ..said },
                None => said,
            }
        };
        let sought = seeking.judge(entry, day);
        all.push(Verified {
            entry: entry.said,
            system,
            absent: say("DSP-02", absent(assessing, &entries, entry, day), entry.item),
            copies: say("DSP-03", sought.verdict, sought.first),
            tolerated: sought.tolerated,
            by_content: sought.by_content,
            by_fingerprints: sought.by_fingerprints,
        });
    }
    Some(all)
}

fn said(
    assessing: &Assessing<'_>,
    test: &str,
    verdict: Verdict,
    member: Option<&Member<'_>>,
    class: Option<&str>,
) -> Said {
    let plain = |outcome, reason| Said { outcome, reason, detail: None, path: None };
    match verdict {
        Verdict::Pass => plain(ControlOutcome::Pass, None),
        Verdict::NotEvaluated(reason) => plain(ControlOutcome::NotEvaluated, Some(reason.to_owned())),
        Verdict::Deviates(deviation) => {
            let by = deviation.approved_exception.clone();
            let by = by.or_else(|| assessing.exception(test, member, class).map(str::to_owned));
            Said {
                outcome: if by.is_some() { ControlOutcome::Excepted } else { ControlOutcome::Fail },
                reason: by.or(deviation.reason),
                detail: deviation.detail,
                path: deviation.path,
            }
        }
    }
}
