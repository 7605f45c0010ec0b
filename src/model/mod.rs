//! The words every other room may use: items and their outcomes, bodies, what readers hand over, findings.
//!
//! Knows no threads, no clock, no globals, and nothing of the other rooms.

pub mod body;
pub mod content;
pub mod evidence;
pub mod finding;
pub mod item;
pub mod residue;
pub mod run;

pub use body::{Body, Seekable};
pub use content::{Cell, CellBatch, ContentVisitor, Escapes, FieldId, Flow, Place, Stop, TextWindow};
pub use evidence::{DateField, DateSource, Evidence, Located, LocatedAt, is_field_named};
pub use finding::{Finding, ItemRecord, Likelihood, Occurrence, Relation, Signals};
pub use item::{Gap, Item, ItemId, ItemMeta, ItemPath, Outcome, Reason, hex};
pub use residue::Residue;
pub use run::{Ledger, Reach, RunRecord};
