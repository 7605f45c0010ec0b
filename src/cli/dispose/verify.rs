//! `dispose verify`: to come.
use clap::Args;
#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {}
pub(super) fn run(_: &VerifyArgs) -> anyhow::Result<crate::cli::End> {
    anyhow::bail!("to come")
}
