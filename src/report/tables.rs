//! Writers of tables: one output per table, in any encoding of rows.

use std::io;
use std::path::PathBuf;

use super::schema::{
    CONTROL_RESULT, CRITERION, Cell, ControlResults, Criteria, DATE, DEVIATION, Dates, DeviationRow,
    Deviations, FINDING, Field, FindingRow, Findings, ITEM, Items, OCCURRENCE, OccurrenceRow, Occurrences,
    RUN, Record, RunRow, Runs, Table, date_rows,
};
use super::sink::{Destination, Sink, make_directory};
use super::{ReportWriter, Summary};
use crate::govern::Assessment;
use crate::govern::outcome::CriterionResult;
use crate::model::{ItemRecord, RunRecord};

/// Turns the rows of one table into bytes.
pub(super) trait Encoder: Send {
    /// Takes one row.
    fn row(&mut self, cells: &mut dyn Iterator<Item = Cell<'_>>) -> io::Result<()>;

    /// Writes what is left and hands back the output, still under its temporary name.
    fn finish(self: Box<Self>) -> io::Result<Sink>;
}

/// Makes an encoder of a table with this name and these columns.
pub(super) type NewEncoder = fn(&'static str, Vec<Field>, Sink) -> io::Result<Box<dyn Encoder>>;

struct Output<R: Record> {
    table: &'static Table<R>,
    encoder: Box<dyn Encoder>,
}

impl<R: Record> Output<R> {
    fn row<'a>(&mut self, row: &'a R::Row<'a>) -> io::Result<()> {
        self.encoder.row(&mut self.table.cells(row))
    }
}

struct TablesWriter {
    findings: Output<Findings>,
    others: Option<Others>,
    paths: Vec<PathBuf>,
}

struct Others {
    runs: Output<Runs>,
    items: Output<Items>,
    occurrences: Output<Occurrences>,
    dates: Output<Dates>,
    control_results: Output<ControlResults>,
    deviations: Output<Deviations>,
    criteria: Output<Criteria>,
}

/// Opens a file for the findings, or a directory for all tables.
pub(super) fn open(
    destination: &Destination,
    extension: &str,
    encoder: NewEncoder,
) -> io::Result<Box<dyn ReportWriter>> {
    let mut paths = Vec::new();
    let writer = match destination {
        Destination::Directory(directory) => {
            make_directory(directory)?;
            let mut opening = Opening { directory, extension, encoder, paths: &mut paths };
            TablesWriter {
                findings: opening.table(&FINDING)?,
                others: Some(Others {
                    runs: opening.table(&RUN)?,
                    items: opening.table(&ITEM)?,
                    occurrences: opening.table(&OCCURRENCE)?,
                    dates: opening.table(&DATE)?,
                    control_results: opening.table(&CONTROL_RESULT)?,
                    deviations: opening.table(&DEVIATION)?,
                    criteria: opening.table(&CRITERION)?,
                }),
                paths,
            }
        }
        _ => {
            let sink = Sink::open(destination)?;
            paths.extend(sink.paths());
            let encoder = encoder(FINDING.name, FINDING.fields().collect(), sink)?;
            TablesWriter { findings: Output { table: &FINDING, encoder }, others: None, paths }
        }
    };
    Ok(Box::new(writer))
}

struct Opening<'a> {
    directory: &'a PathBuf,
    extension: &'a str,
    encoder: NewEncoder,
    paths: &'a mut Vec<PathBuf>,
}

impl Opening<'_> {
    fn table<R: Record>(&mut self, table: &'static Table<R>) -> io::Result<Output<R>> {
        let path = self.directory.join(format!("{}.{}", table.file, self.extension));
        let sink = Sink::open(&Destination::File(path))?;
        self.paths.extend(sink.paths());
        Ok(Output { table, encoder: (self.encoder)(table.name, table.fields().collect(), sink)? })
    }
}

impl ReportWriter for TablesWriter {
    fn item(&mut self, record: &ItemRecord) -> io::Result<()> {
        if let Some(others) = &mut self.others {
            others.items.row(&record)?;
            date_rows(record).try_for_each(|row| others.dates.row(&row))?;
        }
        for finding in &record.findings {
            self.findings.row(&FindingRow { record, finding })?;
            if let Some(others) = &mut self.others {
                for occurrence in &finding.occurrences {
                    others.occurrences.row(&OccurrenceRow { record, finding, occurrence })?;
                }
            }
        }
        Ok(())
    }

    fn assessment(&mut self, assessment: &Assessment, criteria: &[CriterionResult]) -> io::Result<()> {
        let Some(others) = &mut self.others else { return Ok(()) };
        for result in &assessment.results {
            others.control_results.row(&result)?;
            for deviation in &result.deviating {
                others.deviations.row(&DeviationRow { result, deviation })?;
            }
        }
        criteria.iter().try_for_each(|criterion| others.criteria.row(&criterion))
    }

    fn finish(self: Box<Self>, run: &RunRecord, summary: &Summary) -> io::Result<()> {
        let mut sinks = vec![self.findings.encoder.finish()?];
        if let Some(mut others) = self.others {
            others.runs.row(&RunRow { run, summary })?;
            sinks.push(others.items.encoder.finish()?);
            sinks.push(others.occurrences.encoder.finish()?);
            sinks.push(others.dates.encoder.finish()?);
            sinks.push(others.control_results.encoder.finish()?);
            sinks.push(others.deviations.encoder.finish()?);
            sinks.push(others.criteria.encoder.finish()?);
            // Last, so that a directory with a run in it has all its tables.
            sinks.push(others.runs.encoder.finish()?);
        }
        sinks.into_iter().try_for_each(Sink::finish)
    }

    fn outputs(&self) -> Vec<PathBuf> {
        self.paths.clone()
    }
}
