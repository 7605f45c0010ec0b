//! Disposal as a workflow: what was approved is moved or deleted, and nothing else. The only room that does so.
//!
//! A [`plan`] lists what is overdue; people approve rows of it; [`apply`](apply::apply) performs those and writes each down before and
//! after; a [`certificate`] says what a later scan found of it. What stands between two lines of the register after a
//! kill is settled by [`settle`](settle::settle).

pub mod apply;
pub mod certificate;
mod check;
mod moving;
mod place;
pub mod plan;
pub mod register;
pub mod settle;
pub mod site;
#[cfg(test)]
mod tests;

use std::io;

/// Why an item was not disposed of: a kebab-case reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The reason.
    pub reason: &'static str,
    /// More, in our own words; never a name.
    pub detail: Option<String>,
}

impl Refused {
    /// With a reason alone.
    pub fn new(reason: &'static str) -> Self {
        Self { reason, detail: None }
    }

    /// With a reason and what the system says.
    pub fn of_error(error: impl Into<io::Error>) -> Self {
        let error = error.into();
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "not-found",
            io::ErrorKind::PermissionDenied => "no-permission",
            _ => "io-error",
        };
        let detail = (reason == "io-error").then(|| error.kind().to_string());
        Self { reason, detail }
    }
}

/// What a reason means, in one sentence for people; `None` for a reason that there is not.
pub fn about(reason: &str) -> Option<&'static str> {
    REASONS.iter().find(|(code, _)| *code == reason).map(|(_, about)| *about)
}

/// Every reason for which an approved row is refused.
pub const REASONS: &[(&str, &str)] = &[
    ("bad-row", "a cell of the row is not what the plan wrote; make the plan anew"),
    ("changed-row", "the row is not as it was planned; make the plan anew"),
    ("duplicate-row", "an approved row of this id stands above"),
    ("unsettled", "what a run before did with it cannot be told; someone has to look"),
    (
        "back-again",
        "the register says that it was done, and the same file is at its place again; make the plan anew",
    ),
    (
        "hold-since-plan",
        "a legal hold that the plan did not know may fit it or what is in it; make the plan anew",
    ),
    (
        "bad-approval",
        "approve, approved_by and approved_at have to say yes, who, and a day such as 2026-11-24",
    ),
    ("approval-in-future", "approved_at is after the day of this run"),
    ("not-approvable", "the plan advises something else for this item"),
    ("policy-changed", "the policy is not the one of the plan; make the plan anew"),
    ("unknown-system", "the policy declares no such system"),
    ("outside-root", "the path does not lie in the root of its system"),
    ("own-file", "it is the policy, a register or the plan itself"),
    ("in-quarantine", "it is in the quarantine already"),
    ("on-hold", "a legal hold fits it"),
    ("excepted", "an approved exception covers it"),
    ("not-due", "it is not overdue on the day of this run"),
    ("method-not-approved", "the row was not approved for this method"),
    ("not-found", "there is nothing at its path"),
    ("symlink", "its path leads over a symbolic link"),
    ("not-a-file", "it is no regular file"),
    ("hard-link", "the file has another name, at which it would remain"),
    ("other-case", "the store spells the name in another way"),
    ("content-changed", "its content is not what was planned"),
    ("changed-while-read", "it changed while it was read"),
    ("replaced", "it was replaced at the last moment"),
    ("no-permission", "the system does not permit it"),
    ("name-taken", "no free name in the quarantine"),
    ("io-error", "the store failed"),
];

/// Why nothing, or nothing more, is done.
#[derive(Debug, thiserror::Error)]
pub enum DisposeError {
    /// The plan cannot be read at all.
    #[error("{0}")]
    Plan(String),
    /// The register or the quarantine does not work.
    #[error("{what}: {source}")]
    Io {
        /// What it is about.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// What the policy names as register is none.
    #[error(
        "register {name} line {line}: no entry of a register, which is a JSON object with an `id`; nothing was changed"
    )]
    NoRegister {
        /// As the policy names it.
        name: String,
        /// From 1.
        line: u64,
    },
    /// What is written now goes into a file that nobody finds any more.
    #[error(
        "register {0}: another file was put in its place, or it was cut short, while this ran; nothing more is done. \
         What was done since is said above"
    )]
    Replaced(String),
    /// Someone else is at work.
    #[error("register {0}: another disposal is at work on it; try again when that has ended")]
    Locked(String),
}

impl DisposeError {
    pub(crate) fn io(what: &str) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Io { what: what.to_owned(), source }
    }
}
