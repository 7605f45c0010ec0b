//! Kept results of control tests.

use super::RecordError;
use super::manifest::Manifest;
use super::read::{Record, Run};
use super::tables::{Row, each_row};
use crate::govern::outcome::CriterionResult;
use crate::govern::policy::Source;
use crate::govern::{Assessment, ControlOutcome, ControlResult, Deviation};

type Result<T> = std::result::Result<T, String>;

impl Record {
    /// What the control tests said when the run was made; no results without a policy.
    pub fn assessment(
        &self,
        run: &Run,
        manifest: &Manifest,
    ) -> std::result::Result<(Assessment, Vec<CriterionResult>), RecordError> {
        let mut results: Vec<ControlResult> = Vec::new();
        let mut criteria = Vec::new();
        let table = |name: &str, take: &mut dyn FnMut(Row<'_>) -> Result<()>| {
            let bytes = self.file(run, manifest, name)?;
            let refuse = |what| RecordError::malformed(&self.folder(run).join(name), what);
            each_row(bytes, take).map_err(refuse)
        };
        table("control_results.parquet", &mut |row| {
            results.push(result(row)?);
            Ok(())
        })?;
        table("deviations.parquet", &mut |row| {
            let key = (row.text("test_id")?, row.maybe_text("system")?, row.maybe_text("class")?);
            let found = results
                .iter_mut()
                .find(|r| (r.test_id.as_str(), r.system.as_deref(), r.class.as_deref()) == key);
            found.ok_or("is of no result of the run")?.deviating.push(deviation(row)?);
            Ok(())
        })?;
        table("criteria.parquet", &mut |row| {
            criteria.push(criterion(row)?);
            Ok(())
        })?;
        Ok((Assessment { as_of: manifest.identity.as_of, results }, criteria))
    }
}

fn outcome(row: Row<'_>) -> Result<ControlOutcome> {
    ControlOutcome::parse(row.text("outcome")?).ok_or_else(|| "no such outcome".to_owned())
}

fn result(row: Row<'_>) -> Result<ControlResult> {
    Ok(ControlResult {
        test_id: row.text("test_id")?.to_owned(),
        criteria: row.list("criteria")?,
        system: row.maybe_string("system")?,
        class: row.maybe_string("class")?,
        outcome: outcome(row)?,
        reason: row.maybe_string("reason")?,
        population: row.int("population")?,
        evaluated: row.int("evaluated")?,
        deviations: row.int("deviations")?,
        excepted: row.int("excepted")?,
        not_evaluated: row.counts("not_evaluated_by_reason")?.into_iter().collect(),
        note: row.maybe_string("note")?,
        deviating: Vec::new(),
    })
}

fn deviation(row: Row<'_>) -> Result<Deviation> {
    let source = row.maybe_text("trigger_source")?;
    let source = source.map(|word| Source::parse(word).ok_or("no such trigger_source")).transpose()?;
    Ok(Deviation {
        item_id: row.maybe_string("item_id")?,
        path: row.maybe_string("path")?,
        owner: row.maybe_string("owner")?,
        tier: row.maybe_string("tier")?,
        rule: row.maybe_string("rule")?,
        trigger_source: source,
        trigger_date: row.day("trigger_date")?,
        due: row.day("due")?,
        days_over: row.maybe_signed("days_over")?,
        rows: row.maybe_int("rows")?,
        reason: row.maybe_string("reason")?,
        detail: row.maybe_string("detail")?,
        approved_exception: row.maybe_string("approved_exception")?,
    })
}

fn criterion(row: Row<'_>) -> Result<CriterionResult> {
    Ok(CriterionResult {
        criterion: row.text("criterion")?.to_owned(),
        framework: row.text("framework")?.to_owned(),
        edition: row.text("edition")?.to_owned(),
        rating: row.text("rating")?.to_owned(),
        tests: row.list("tests")?,
        outcome: outcome(row)?,
        population: row.int("population")?,
        evaluated: row.int("evaluated")?,
        deviations: row.int("deviations")?,
        statement: row.text("statement")?.to_owned(),
    })
}
