//! Retention rules: when a clock starts, how long it runs, and what follows.

use serde::{Deserialize, Serialize};

use super::values::Period;

/// `[[retention]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Name.
    pub id: String,
    /// What starts the clock; without it, `modified` at weak confidence.
    #[serde(default)]
    pub trigger: Trigger,
    /// Earlier loss is premature (DSP-05).
    pub keep_min: Option<Period>,
    /// Later presence is overdue (RET-01).
    pub keep_max: Option<Period>,
    /// Days of grace after the due day.
    pub grace: Option<Period>,
    /// Stages of life and where each belongs.
    #[serde(default)]
    pub phases: Vec<Phase>,
    /// What happens at the end.
    #[serde(default)]
    pub action: Action,
    /// How it is disposed of.
    pub method: Option<String>,
    /// The mandate.
    pub authority: Option<String>,
    /// Why so long.
    pub justification: Option<String>,
}

/// `retention.trigger`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Tried first.
    pub source: Source,
    /// For `record-date`: the field.
    pub field: Option<String>,
    /// For `event`: its name.
    pub event: Option<String>,
    /// For `event`: the field that holds the register's key.
    pub key: Option<String>,
    /// Tried next, in order.
    #[serde(default)]
    pub fallback: Vec<Source>,
    /// What the date has to be worth.
    #[serde(default = "medium")]
    pub min_confidence: Confidence,
    /// Moves the start.
    pub align: Option<Align>,
}

impl Default for Trigger {
    fn default() -> Self {
        Self {
            source: Source::Modified,
            field: None,
            event: None,
            key: None,
            fallback: Vec::new(),
            min_confidence: Confidence::Weak,
            align: None,
        }
    }
}

fn medium() -> Confidence {
    Confidence::Medium
}

/// Where a trigger date comes from (controls.md 4.2).
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A field of the item, each row.
    RecordDate,
    /// An events register.
    Event,
    /// A date in the path.
    PathDate,
    /// What the document says of itself.
    DocMetadata,
    /// When it was labelled.
    Labelled,
    /// Creation in the store.
    Created,
    /// Last change in the store.
    Modified,
    /// Last access in the store.
    Accessed,
    /// The earliest run that saw it.
    FirstSeen,
}

impl Source {
    /// The word of the policy.
    pub fn word(self) -> &'static str {
        match self {
            Source::RecordDate => "record-date",
            Source::Event => "event",
            Source::PathDate => "path-date",
            Source::DocMetadata => "doc-metadata",
            Source::Labelled => "labelled",
            Source::Created => "created",
            Source::Modified => "modified",
            Source::Accessed => "accessed",
            Source::FirstSeen => "first-seen",
        }
    }

    /// The source that a word of the policy names.
    pub fn parse(word: &str) -> Option<Self> {
        use Source::*;
        [RecordDate, Event, PathDate, DocMetadata, Labelled, Created, Modified, Accessed, FirstSeen]
            .into_iter()
            .find(|source| source.word() == word)
    }

    /// What a date from here is worth.
    pub fn confidence(self) -> Confidence {
        match self {
            Source::RecordDate | Source::Event => Confidence::Strong,
            Source::PathDate | Source::DocMetadata | Source::Labelled => Confidence::Medium,
            Source::Created | Source::Modified | Source::Accessed | Source::FirstSeen => Confidence::Weak,
        }
    }
}

/// What a date is worth.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Copying and restoring rewrite it.
    Weak,
    /// Written by people or programs for people.
    Medium,
    /// A business record.
    Strong,
}

/// `trigger.align`
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// The clock starts on 31 December of that year.
    CalendarYearEnd,
    /// It starts on the next `policy.fiscal_year_end`.
    FiscalYearEnd,
}

/// `retention.phases`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Name.
    pub name: String,
    /// Age at which it ends, from the trigger.
    pub until: Period,
    /// Where it belongs; absent: anywhere but in another phase's place.
    #[serde(default)]
    pub location: Vec<String>,
}

/// `retention.action`
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Someone decides.
    #[default]
    Review,
    /// It is deleted.
    Delete,
    /// What identifies is taken out.
    Anonymise,
    /// It goes elsewhere.
    Transfer,
    /// It is kept for good.
    Permanent,
}

impl Action {
    /// The word of the policy.
    pub fn word(self) -> &'static str {
        match self {
            Action::Review => "review",
            Action::Delete => "delete",
            Action::Anonymise => "anonymise",
            Action::Transfer => "transfer",
            Action::Permanent => "permanent",
        }
    }
}
