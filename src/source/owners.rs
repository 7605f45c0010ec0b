//! What the store says of a file, with names for the numbers of its owner and group.

use std::collections::HashMap;
use std::fs::Metadata;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::ItemMeta;

/// When it was last read, as far as the store keeps that.
pub fn accessed(meta: &Metadata) -> Option<Timestamp> {
    meta.accessed().ok().and_then(|t| Timestamp::try_from(t).ok())
}

#[cfg(unix)]
fn mode(meta: &Metadata) -> Option<u32> {
    Some(std::os::unix::fs::MetadataExt::mode(meta) & 0o7777)
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> Option<u32> {
    None
}

/// Names of owners and groups by number, read once.
#[derive(Default)]
pub struct Owners {
    users: Option<HashMap<u32, Arc<str>>>,
    groups: Option<HashMap<u32, Arc<str>>>,
}

impl Owners {
    /// What the store says of an item, but not when it was last read.
    pub fn meta(&mut self, meta: &Metadata) -> ItemMeta {
        ItemMeta {
            bytes: meta.is_file().then_some(meta.len()),
            modified: meta.modified().ok().and_then(|t| Timestamp::try_from(t).ok()),
            created: meta.created().ok().and_then(|t| Timestamp::try_from(t).ok()),
            accessed: None,
            owner: self.owner(meta),
            group: self.group(meta),
            mode: mode(meta),
        }
    }

    #[cfg(unix)]
    fn owner(&mut self, meta: &Metadata) -> Option<Arc<str>> {
        Some(name_of(&mut self.users, "/etc/passwd", std::os::unix::fs::MetadataExt::uid(meta)))
    }

    #[cfg(unix)]
    fn group(&mut self, meta: &Metadata) -> Option<Arc<str>> {
        Some(name_of(&mut self.groups, "/etc/group", std::os::unix::fs::MetadataExt::gid(meta)))
    }

    #[cfg(not(unix))]
    fn owner(&mut self, _: &Metadata) -> Option<Arc<str>> {
        None
    }

    #[cfg(not(unix))]
    fn group(&mut self, _: &Metadata) -> Option<Arc<str>> {
        None
    }
}

/// The name that a table of `name:password:number:…` lines gives a number, else the number.
#[cfg(unix)]
fn name_of(names: &mut Option<HashMap<u32, Arc<str>>>, table: &str, number: u32) -> Arc<str> {
    let names = names.get_or_insert_with(|| {
        let lines = std::fs::read_to_string(table).unwrap_or_default();
        lines
            .lines()
            .filter_map(|line| {
                let mut parts = line.split(':');
                let name = Arc::from(parts.next()?);
                Some((parts.nth(1)?.parse().ok()?, name))
            })
            .collect()
    });
    names.entry(number).or_insert_with(|| Arc::from(number.to_string())).clone()
}
