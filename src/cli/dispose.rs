//! `dispose`: what is overdue, what of it was approved and done, and what a later scan says of it.

mod apply;
mod plan;
mod verify;

use anyhow::Result;
use clap::Subcommand;

use super::End;

#[derive(Debug, Subcommand)]
pub(super) enum DisposeCommand {
    /// List what is overdue without hold or exception, for people to approve
    ///
    /// The plan is the only output that holds raw paths: it names files that a person has to find. Write yes into `approve`, and who and
    /// when into `approved_by` and `approved_at`, of each row that may go; rows with `advice` cannot be approved.
    #[command(after_help = "Exit codes: 0 the plan is written; 2 usage, configuration or internal error; \
        3 written, but something could not be read")]
    Plan(plan::PlanArgs),
    /// Move what was approved into quarantine, or delete it; nothing else is touched
    ///
    /// Each item is checked anew: path, content, policy, holds. It is written into the register before and after. Media are not sanitised.
    #[command(after_help = "Exit codes: 0 everything approved is done; 1 something was refused; \
        2 usage, configuration or internal error; 3 incomplete: interrupted, or an earlier disposal cannot be settled")]
    Apply(apply::ApplyArgs),
    /// Scan for what was disposed of: absent at its place, and no copy of it elsewhere
    #[command(after_help = "Exit codes: 0 all performed disposals are verified; 1 something was found; \
        2 usage, configuration or internal error; 3 something could not be verified")]
    Verify(verify::VerifyArgs),
}

/// Runs the command.
pub(super) fn run(command: &DisposeCommand) -> Result<End> {
    match command {
        DisposeCommand::Plan(args) => plan::run(args),
        DisposeCommand::Apply(args) => apply::run(args),
        DisposeCommand::Verify(args) => verify::run(args),
    }
}
