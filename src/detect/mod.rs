//! Bytes to matches. A pure function of bytes: knows no paths, files, formats or columns.

pub mod definition;
pub mod validators;
