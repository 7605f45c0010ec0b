//! Findings to conclusions about controls: policy, clocks, control tests, criteria.
//!
//! Pure functions: what is assessed comes as [`Facts`], the date is one of them, and nothing here reads a file or a clock.
//! `docs/controls.md` says exactly what each test counts.

pub mod assess;
#[cfg(test)]
mod cases;
pub mod clock;
mod collection;
pub mod criteria;
mod disclosure;
mod disposal;
pub mod draft;
pub mod due;
pub mod facts;
pub mod lint;
mod monitoring;
pub mod odcs;
pub mod outcome;
pub mod period;
pub mod policy;
pub mod registers;
mod retention;
pub mod schedule;
mod tally;

pub use assess::{Assessing, Assessment, assess};
pub use criteria::Criteria;
pub use disposal::verified;
pub use facts::Facts;
pub use monitoring::drifted;
pub use outcome::{ControlOutcome, ControlResult, CriterionResult, Deviation};
pub use policy::Policy;
pub use registers::Registers;
pub use tally::{Tally, Verdict, absence_by_system, by_class_and_system, decided};

/// One control test: a pure function of policy and facts.
pub struct ControlTest {
    /// `RET-01`; the first three letters are its family.
    pub id: &'static str,
    /// What it checks, as a statement that a deviation contradicts.
    pub checks: &'static str,
    /// Reasons for not-evaluated besides `coverage`, `detector-off` and `self-test`.
    pub not_evaluated_when: &'static [&'static str],
    run: fn(&Assessing<'_>) -> Vec<ControlResult>,
}

impl ControlTest {
    /// `RET` of `RET-01`.
    pub fn family(&self) -> &'static str {
        self.id.split('-').next().unwrap_or_default()
    }
}

/// All control tests, by family and number.
pub static CONTROL_TESTS: std::sync::LazyLock<Vec<&'static ControlTest>> = std::sync::LazyLock::new(|| {
    [collection::TESTS, retention::TESTS, disposal::TESTS, disclosure::TESTS, monitoring::TESTS]
        .into_iter()
        .flatten()
        .collect()
});

/// `text` without characters that could play tricks in a terminal or a message.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(80).collect()
}
