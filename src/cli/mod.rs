//! The command line: arguments to plans, ends to exit codes.

mod args;
mod assess;
mod controls;
mod detectors;
mod diff;
#[cfg(unix)]
mod dispose;
#[cfg_attr(not(unix), allow(dead_code))]
mod examine;
mod fail_on;
mod governed;
mod keys;
mod knowledge;
mod locate;
mod outputs;
mod policy;
mod population;
mod reconcile;
mod reperform;
mod report;
mod review;
mod sample;
mod scan;
mod self_test;
mod verify;

use std::io::{self, Write};
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command, DetectorsCommand, KeyCommand};

/// How a command ended, as the contract has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Complete, and nothing at or above `--fail-on`.
    Fine,
    /// Something at or above `--fail-on`; or a check failed.
    Found,
    /// Incomplete.
    Incomplete,
}

/// Parses the process's arguments, runs the command, explains a failure in one line.
pub fn main() -> ExitCode {
    silence_panics();
    // A panic that nobody contained is an internal error like others.
    std::panic::catch_unwind(run).unwrap_or(ExitCode::from(2))
}

fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return refuse(&e),
    };
    let end = match cli.command {
        Command::Scan(args) => scan::run(*args),
        Command::Assess(args) => assess::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Population(args) => population::run(&args),
        Command::Reconcile(args) => reconcile::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Anchor(args) => verify::anchor(&args),
        Command::Sample(args) => sample::run(&args),
        Command::Reperform(args) => reperform::run(&args),
        Command::Review(args) => review::run(&args),
        Command::Diff(args) => diff::run(&args),
        #[cfg(unix)]
        Command::Dispose(command) => dispose::run(&command),
        Command::Detectors(command) => match command {
            DetectorsCommand::List(args) => detectors::list(&args),
            DetectorsCommand::Show(args) => detectors::show(&args),
            DetectorsCommand::Check(args) => detectors::check(&args),
            DetectorsCommand::Test(args) => detectors::test(&args),
        },
        Command::Controls(command) => controls::run(&command),
        Command::Policy(command) => policy::run(&command),
        Command::Locate(args) => locate::run(&args),
        Command::Formats(args) => knowledge::formats(&args),
        Command::Schema(args) => knowledge::schema(&args),
        Command::Key(KeyCommand::New(args)) => keys::new(&args),
        Command::Selftest(args) => self_test::run(&args),
        Command::Completions { shell } => {
            // Generated whole first: the generator panics where it cannot write.
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "privascan", &mut text);
            io::stdout().write_all(&text).map(|()| End::Fine).map_err(Into::into)
        }
        Command::Man => clap_mangen::Man::new(Cli::command())
            .render(&mut io::stdout())
            .map(|()| End::Fine)
            .map_err(Into::into),
    };
    match end {
        Ok(End::Fine) => ExitCode::SUCCESS,
        Ok(End::Found) => ExitCode::from(1),
        Ok(End::Incomplete) => ExitCode::from(3),
        Err(e) if is_broken_pipe(&e) => ExitCode::SUCCESS,
        Err(e) => {
            complain(&whole(&e));
            ExitCode::from(2)
        }
    }
}

/// The error and its causes, without those that the one before them has said.
fn whole(e: &anyhow::Error) -> String {
    e.chain().map(ToString::to_string).fold(String::new(), |said, cause| {
        if said.is_empty() {
            cause
        } else if said.ends_with(&cause) {
            said
        } else {
            format!("{said}: {cause}")
        }
    })
}

/// Opens a record; where its log does not hold, one line on standard error says so.
fn open_record(dir: &std::path::Path) -> anyhow::Result<crate::record::Record> {
    let record = crate::record::Record::open(dir)?;
    if let Some(what) = not_whole(&record) {
        complain(&what);
    }
    Ok(record)
}

/// What everyone who reads from a record whose log does not hold has to know.
fn not_whole(record: &crate::record::Record) -> Option<String> {
    let (first, others) = record.broken().split_first()?;
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    let dir = record.dir().to_string_lossy();
    Some(format!(
        "the record's log does not hold: {first}{more}; `privascan verify {}` says more",
        crate::report::printable(&dir)
    ))
}

/// One line on standard error; a standard error that is gone is nobody's loss.
fn complain(what: &str) {
    let lines: Vec<&str> = what.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let line = without_numbers(&lines.join("; "));
    writeln!(io::stderr(), "privascan: {}", crate::report::printable(&line)).unwrap_or_default();
}

/// What the system says in words it also says as a number: ` (os error 2)`.
fn without_numbers(what: &str) -> String {
    let mut parts = what.split(" (os error ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| line + part.split_once(')').map_or(part, |(_, rest)| rest))
}

fn is_broken_pipe(e: &anyhow::Error) -> bool {
    e.chain().any(|c| c.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
}

/// Help and version are answers; anything else is one line and exit code 2.
fn refuse(e: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    if matches!(
        e.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        let shown = e.print();
        let asked = e.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        return match shown {
            Ok(()) if asked => ExitCode::SUCCESS,
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Ok(()) => ExitCode::from(2),
            Err(e) => {
                complain(&format!("cannot write standard output: {e}"));
                ExitCode::from(2)
            }
        };
    }
    let text = e.render().to_string();
    let said: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|l| !l.starts_with("Usage:"))
        .filter(|l| !l.is_empty() && !l.starts_with("For more information"))
        .collect();
    complain(&format!("{}; see privascan --help", said.join("; ").trim_start_matches("error: ")));
    ExitCode::from(2)
}

/// A panic is contained where it happens and recorded as an outcome; its message could hold content, so only the
/// place in our own code is printed.
fn silence_panics() {
    std::panic::set_hook(Box::new(|info| complain(&panic_line(info))));
}

fn panic_line(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, |l| format!(" at {}:{}", l.file(), l.line()));
    format!("internal error{place}, contained; please report it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_panic_names_the_place_and_holds_no_content() {
        use std::sync::{Arc, Mutex};
        let said = Arc::new(Mutex::new(Vec::new()));
        let before = std::panic::take_hook();
        let hook = Arc::clone(&said);
        std::panic::set_hook(Box::new(move |info| hook.lock().expect("unpoisoned").push(panic_line(info))));
        let caught = std::panic::catch_unwind(|| panic!("cannot read {}", "ana.lind@larkspur.co"));
        std::panic::set_hook(before);
        assert!(caught.is_err());
        let said = said.lock().expect("unpoisoned").join("\n");
        assert!(said.contains("cli/mod.rs:") && !said.contains("larkspur"), "{said}");
    }
}
