//! The command line: arguments to plans, ends to exit codes.

mod args;
mod detectors;
mod keys;
mod knowledge;
mod scan;

use std::io;
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
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return refuse(&e),
    };
    let end = match cli.command {
        Command::Scan(args) => scan::run(*args),
        Command::Detectors(command) => match command {
            DetectorsCommand::List(args) => detectors::list(&args),
            DetectorsCommand::Show(args) => detectors::show(&args),
            DetectorsCommand::Check(args) => detectors::check(&args),
            DetectorsCommand::Test(args) => detectors::test(&args),
        },
        Command::Formats(args) => knowledge::formats(&args),
        Command::Schema(args) => knowledge::schema(&args),
        Command::Key(KeyCommand::New(args)) => keys::new(&args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "privascan", &mut io::stdout());
            Ok(End::Fine)
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
            complain(&e.to_string());
            ExitCode::from(2)
        }
    }
}

/// One line on standard error; a standard error that is gone is nobody's loss.
fn complain(what: &str) {
    let line: Vec<&str> = what.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    use io::Write;
    writeln!(io::stderr(), "privascan: {}", crate::report::printable(&line.join("; "))).unwrap_or_default();
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
        return if shown.is_ok() && asked { ExitCode::SUCCESS } else { ExitCode::from(2) };
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
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |l| format!(" at {}:{}", l.file(), l.line()));
        complain(&format!("internal error{place}, contained; please report it"));
    }));
}
