//! Tables of an assessment: results of control tests, deviations, criteria.

use std::borrow::Cow;

use super::{Cell, Column, Field, Kind, Record, Table, int, maybe, maybe_int, text, texts, word};
use crate::govern::outcome::CriterionResult;
use crate::govern::{ControlResult, Deviation};

/// Records `control_result`.
pub enum ControlResults {}
impl Record for ControlResults {
    type Row<'a> = &'a ControlResult;
}

/// Records `deviation`.
pub enum Deviations {}
impl Record for Deviations {
    type Row<'a> = DeviationRow<'a>;
}
/// A row of [`DEVIATION`].
#[derive(Clone, Copy)]
pub struct DeviationRow<'a> {
    /// The result it belongs to.
    pub result: &'a ControlResult,
    /// The deviation.
    pub deviation: &'a Deviation,
}

/// Records `criterion`.
pub enum Criteria {}
impl Record for Criteria {
    type Row<'a> = &'a CriterionResult;
}

/// One row per control test, system and class.
pub static CONTROL_RESULT: Table<ControlResults> = Table {
    name: "control_result",
    file: "control_results",
    about: "One row per control test, system and class; only with a policy.",
    columns: columns! {
        "test_id" Text required "The control test." = |r| text(&r.test_id);
        "criteria" List required "Criteria it bears on, framework:id." = |r| texts(&r.criteria);
        "system" Text nullable "Declared system; null for the whole run, or what is in no system."
            = |r| maybe(r.system.as_deref());
        "class" Text nullable "Class; null for the system as such." = |r| maybe(r.class.as_deref());
        "outcome" Text required "fail, excepted, not-evaluated, pass or not-applicable." = |r| word(r.outcome.word());
        "reason" Text nullable "Why, where the outcome needs one." = |r| maybe(r.reason.as_deref());
        "population" Int required "What the result is about." = |r| int(r.population);
        "evaluated" Int required "Of these, what was evaluated." = |r| int(r.evaluated);
        "deviations" Int required "Of these, what deviates without exception." = |r| int(r.deviations);
        "not_evaluated_by_reason" List required "What was not evaluated, reason:count."
            = |r| Cell::List(r.not_evaluated.iter().map(|(why, n)| Cow::Owned(format!("{why}:{n}"))).collect());
        "excepted" Int required "What deviates under a live exception or hold." = |r| int(r.excepted);
        "note" Text nullable "What a reader has to know besides." = |r| maybe(r.note.as_deref());
    },
};

/// One row per deviation.
pub static DEVIATION: Table<Deviations> = Table {
    name: "deviation",
    file: "deviations",
    about: "One row per deviation, those under an exception too; only with a policy.",
    columns: columns! {
        "test_id" Text required "The control test." = |r| text(&r.result.test_id);
        "system" Text nullable "Declared system." = |r| maybe(r.result.system.as_deref());
        "class" Text nullable "Class." = |r| maybe(r.result.class.as_deref());
        "item_id" Text nullable "The item; null where it is not about one." = |r| maybe(r.deviation.item_id.as_deref());
        "path" Text nullable "The item's path as it may be printed." = |r| maybe(r.deviation.path.as_deref());
        "owner" Text nullable "Who answers: of the class, else of the system, else of the file."
            = |r| maybe(r.deviation.owner.as_deref());
        "tier" Text nullable "Tier of the item." = |r| maybe(r.deviation.tier.as_deref());
        "rule" Text nullable "Retention rule." = |r| maybe(r.deviation.rule.as_deref());
        "trigger_source" Text nullable "Where the trigger date comes from."
            = |r| r.deviation.trigger_source.map_or(Cell::Null, |s| word(s.word()));
        "trigger_date" Date nullable "Trigger date; of many rows the oldest."
            = |r| r.deviation.trigger_date.map_or(Cell::Null, Cell::Date);
        "due" Date nullable "Due day, without grace." = |r| r.deviation.due.map_or(Cell::Null, Cell::Date);
        "days_over" Int nullable "Days since due + grace." = |r| r.deviation.days_over.map_or(Cell::Null, Cell::Int);
        "approved_exception" Text nullable "Id of the exception or hold that covers it."
            = |r| maybe(r.deviation.approved_exception.as_deref());
        "rows" Int nullable "Rows it is about." = |r| maybe_int(r.deviation.rows);
        "reason" Text nullable "Word for what is wrong, where the test has several."
            = |r| maybe(r.deviation.reason.as_deref());
        "detail" Text nullable "What is wrong, in names of the policy and categories."
            = |r| maybe(r.deviation.detail.as_deref());
    },
};

/// One row per criterion.
pub static CRITERION: Table<Criteria> = Table {
    name: "criterion",
    file: "criteria",
    about: "One row per criterion of a framework: what the control tests say about it; only with a policy.",
    columns: columns! {
        "criterion" Text required "Id within the framework." = |r| text(&r.criterion);
        "framework" Text required "The framework." = |r| text(&r.framework);
        "edition" Text required "Its edition." = |r| text(&r.edition);
        "rating" Text required "What a scan can say of it: tests, tests-part, supports or none." = |r| text(&r.rating);
        "tests" List required "Control tests that bear on it." = |r| texts(&r.tests);
        "outcome" Text required "The first of fail, excepted, not-evaluated, pass, not-applicable among them."
            = |r| word(r.outcome.word());
        "population" Int required "What these results are about." = |r| int(r.population);
        "evaluated" Int required "Of these, what was evaluated." = |r| int(r.evaluated);
        "deviations" Int required "Of these, what deviates without exception." = |r| int(r.deviations);
        "statement" Text required "What may be said, and what not." = |r| text(&r.statement);
    },
};
