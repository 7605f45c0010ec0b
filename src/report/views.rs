//! Views of a kept run, one for each reader.

mod controls;
mod coverage;
mod figures;
mod overdue;
mod period;
mod public;
#[cfg(test)]
mod tests;

use crate::classify::Taxonomy;
use crate::govern::facts::RunFacts;
use crate::govern::outcome::CriterionResult;
use crate::govern::{Assessment, Criteria, Policy};
use crate::model::{ItemRecord, RunRecord};

use super::Sheet;
use super::schema::Cell;
use super::text::printable;

pub use coverage::{Looked, looked_at};
pub use period::{About, Anchored, show as show_period};
pub use public::Told;

/// A kept run, with all that a view may speak of.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    /// Its own line.
    pub run: &'a RunRecord,
    /// What conclusions depend on.
    pub facts: &'a RunFacts,
    /// Its items; only `coverage` looks at them.
    pub items: &'a [ItemRecord],
    /// Its policy.
    pub policy: &'a Policy,
    /// What the control tests said.
    pub assessment: &'a Assessment,
    /// What that says about criteria.
    pub concluded: &'a [CriterionResult],
    /// What is known of criteria.
    pub criteria: &'a Criteria,
    /// What is known of categories.
    pub taxonomy: &'a Taxonomy,
}

/// Which view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What is kept too long, the longest first, with rule, dates and owner.
    Overdue,
    /// What was read of each system, and what not.
    Coverage,
    /// What each test says of each class in each system.
    Controls,
    /// What that says about criteria.
    Criteria,
    /// Every deviation.
    Deviations,
    /// What concerns classes that feed financial statements.
    Icfr,
}

/// Shows a kept run.
pub fn show(view: View, kept: &Kept<'_>) -> Sheet {
    match view {
        View::Overdue => overdue::overdue(kept),
        View::Coverage => coverage::coverage(kept),
        View::Controls => controls::controls(kept),
        View::Criteria => controls::criteria(kept),
        View::Deviations => overdue::deviations(kept),
        View::Icfr => controls::icfr(kept),
    }
}

/// The summary for the public: boundary and commitments of a policy, and how much was read; nothing that was found.
pub fn management_summary(policy: &Policy, told: &Told) -> Sheet {
    public::management_summary(policy, told)
}

/// The lines that every view of a run begins with.
fn head(sheet: &mut Sheet, kept: &Kept<'_>, title: &str) {
    sheet.title(title);
    let policy = &kept.policy.policy;
    sheet.line(
        0,
        &format!(
            "Run {}, as of {}, policy {} {}.",
            printable(&kept.run.run_id),
            kept.assessment.as_of,
            printable(&policy.id),
            printable(&policy.version),
        ),
    );
    if kept.run.interrupted {
        sheet.line(0, "The run was interrupted: this is what had been read by then.");
    }
}

fn text(value: &str) -> Cell<'static> {
    Cell::Text(value.to_owned().into())
}

fn maybe(value: Option<&str>) -> Cell<'static> {
    value.map_or(Cell::Null, text)
}

fn int(value: u64) -> Cell<'static> {
    Cell::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn day(value: Option<jiff::civil::Date>) -> Cell<'static> {
    value.map_or(Cell::Null, Cell::Date)
}

/// A name, or a dash.
fn shown(value: Option<&str>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| printable(v).into_owned())
}
