//! Writes an invented company as it stands in one of 26 weeks: files, registers, and the truth about them.
//!
//! ```text
//! cargo run --example make_company -- DIR [--week N] [--truth FILE]
//! ```
//!
//! Weeks go from 0 (5 January 2026) to 25 (29 June 2026). What an earlier call left in DIR and the week does not have is removed.

#[path = "company.rs"]
mod company;

use std::path::PathBuf;
use std::process::ExitCode;

use company::{Company, WEEKS, body::Result};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (mut dir, mut week, mut truth) = (None, 0, None);
    while let Some(arg) = args.next() {
        let known = match arg.as_str() {
            "--week" => args.next().and_then(|n| n.parse().ok()).filter(|n| *n < WEEKS).map(|n| week = n),
            "--truth" => args.next().map(|file| truth = Some(PathBuf::from(file))),
            _ if dir.is_none() && !arg.starts_with('-') => {
                dir = Some(PathBuf::from(arg));
                Some(())
            }
            _ => None,
        };
        if known.is_none() {
            dir = None;
            break;
        }
    }
    let Some(dir) = dir else {
        eprintln!("usage: make_company DIR [--week 0..{}] [--truth FILE]", WEEKS - 1);
        return ExitCode::from(2);
    };
    match write(dir, week, truth) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("make_company: {e}");
            ExitCode::from(2)
        }
    }
}

fn write(dir: PathBuf, week: u32, truth: Option<PathBuf>) -> Result<()> {
    let company = Company::at(week)?;
    company.write(&dir)?;
    if let Some(file) = truth {
        std::fs::write(file, company.truth()?)?;
    }
    let bytes: usize = company.files.values().map(|b| b.bytes.len()).sum();
    println!("week {week}, {}: {} files, {bytes} bytes", company::monday(week), company.files.len());
    Ok(())
}
