//! Items that are as the last run found them: what is known of them is taken over instead of being found again.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Seek};

use super::evidence::hash_file;
use crate::model::{Item, ItemId, ItemMeta, ItemRecord, Reason};
use crate::read::{Budget, Buffers};

/// Records of an earlier run with the same rules, by outermost item. Whether the rules are the same is for the caller
/// to say; what is here counts only for items whose bytes have the same SHA-256.
#[derive(Debug, Default)]
pub struct Reuse {
    groups: HashMap<ItemId, Group>,
}

/// An outermost item and what is in it.
#[derive(Debug)]
struct Group {
    hash: String,
    outermost: ItemRecord,
    entries: Vec<ItemRecord>,
}

impl Reuse {
    /// From all records of a run. Items that ended by an accident of that run (time, interruption, a failing store) are
    /// not taken over, nor are those whose printed paths cannot be told apart.
    pub fn of(records: Vec<ItemRecord>) -> Self {
        let mut entries: HashMap<Vec<u8>, Vec<ItemRecord>> = HashMap::new();
        let mut outermost: HashMap<Vec<u8>, Vec<ItemRecord>> = HashMap::new();
        for record in records {
            let place = record.item.path.outermost().to_vec();
            match record.item.path.depth() {
                0 => outermost.entry(place).or_default().push(record),
                _ => entries.entry(place).or_default().push(record),
            }
        }
        let groups = outermost.into_iter().filter_map(|(place, mut records)| {
            let record = records.pop().filter(|_| records.is_empty())?;
            let entries = entries.remove(&place).unwrap_or_default();
            let hash = record.evidence.content_hash.clone()?;
            let lasting = std::iter::once(&record).chain(&entries).all(is_lasting);
            lasting.then_some((record.item.id, Group { hash, outermost: record, entries }))
        });
        Self { groups: groups.collect() }
    }

    /// How many outermost items may be taken over.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether nothing may be taken over.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Whether something is known of the item.
    pub(super) fn knows(&self, item: ItemId) -> bool {
        self.groups.contains_key(&item)
    }

    /// What is known of the item if its bytes are the same: its own record with what the store says now, then those of
    /// its entries. `Err` where the file cannot be read from its start any more.
    pub(super) fn unchanged(
        &self,
        item: &Item,
        file: &File,
        meta: &Metadata,
        stored: impl FnOnce() -> ItemMeta,
        buffers: &Buffers,
        budget: &Budget<'_>,
    ) -> io::Result<Option<(ItemRecord, Vec<ItemRecord>)>> {
        let Some(group) = self.groups.get(&item.id) else { return Ok(None) };
        if group.outermost.item.meta.bytes != Some(meta.len()) {
            return Ok(None);
        }
        let hash = hash_file(file, meta.len(), buffers, budget);
        let now = file.metadata()?;
        let still = now.len() == meta.len() && now.modified().ok() == meta.modified().ok();
        if hash.as_ref() != Some(&group.hash) || !still {
            let mut file = file;
            file.rewind()?;
            return Ok(None);
        }
        let again = |record: &ItemRecord| {
            let mut record = record.clone();
            record.evidence.reused = true;
            record
        };
        let mut outermost = again(&group.outermost);
        outermost.item = Item { meta: stored(), ..item.clone() };
        Ok(Some((outermost, group.entries.iter().map(again).collect())))
    }
}

/// Whether the same bytes under the same rules would end the same way.
fn is_lasting(record: &ItemRecord) -> bool {
    let accident = |reason: Reason| {
        matches!(
            reason,
            Reason::Interrupted
                | Reason::LimitTime
                | Reason::ReadError
                | Reason::ChangedWhileRead
                | Reason::PermissionDenied
                | Reason::NotFound
                | Reason::Panicked
        )
    };
    !record.outcome.reason().is_some_and(accident) && !record.gaps.iter().any(|g| accident(g.reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Gap, Outcome};
    use crate::scan::Scanner;

    fn records() -> Vec<ItemRecord> {
        let mut scanner = Scanner::builtin().expect("sound");
        let mut records = scanner.bytes("a.txt", b"mail ana.lind@larkspur.co");
        records[0].evidence.content_hash = Some("00".to_owned());
        records
    }

    #[test]
    fn what_ended_by_accident_or_was_not_hashed_is_found_again() {
        assert_eq!(Reuse::of(records()).len(), 1);
        let mut late = records();
        late[0].outcome = Outcome::Partial(Reason::LimitTime);
        assert!(Reuse::of(late).is_empty());
        let mut changed = records();
        changed[0].gaps.push(Gap::new(Reason::ChangedWhileRead, ""));
        assert!(Reuse::of(changed).is_empty());
        let mut unhashed = records();
        unhashed[0].evidence.content_hash = None;
        assert!(Reuse::of(unhashed).is_empty());
        let twice: Vec<ItemRecord> = records().into_iter().chain(records()).collect();
        assert!(Reuse::of(twice).is_empty(), "two items that print alike");
    }
}
