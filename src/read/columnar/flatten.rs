//! Nested columns as flat ones: the paths of their leaves, and a walk that knows for each value its row.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Fields, Int16Type, Int32Type, Int64Type, Schema, UnionMode};
use rustc_hash::FxHashMap;

use super::values;
use crate::model::{Cell, CellBatch, ContentVisitor, Escapes, FieldId, Flow, Gap, Reason};
use crate::read::{ReadContext, ReadError, go};

/// Below this many bytes, the next column joins the same call.
const SOFT_BYTES: usize = 1 << 20;
/// A call is made in the middle of a column once it has this many.
const HARD_BYTES: usize = 3 << 20;
/// Deeper columns are told as a gap.
const MAX_DEPTH: usize = 64;

/// The leaves of a schema, in order; their position is the field's index.
pub struct Leaves {
    ids: Vec<FieldId>,
}

impl Leaves {
    /// Declares all leaves: names are content even where values are not text.
    pub fn declare(schema: &Schema, visitor: &mut dyn ContentVisitor) -> Self {
        let mut paths = Vec::new();
        for field in schema.fields() {
            leaf_paths(field.name().clone(), field.data_type(), 0, &mut paths);
        }
        let ids =
            paths.iter().zip(0u32..).map(|(path, index)| visitor.field(path.as_bytes(), index)).collect();
        Self { ids }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Hands over the values of a batch; returns how many bytes of text they were.
    pub fn hand_over(
        &self,
        cx: &ReadContext<'_>,
        batch: &RecordBatch,
        first_row: u64,
        notes: &mut Notes,
        visitor: &mut dyn ContentVisitor,
    ) -> Result<u64, ReadError> {
        let rows = u32::try_from(batch.num_rows()).unwrap_or(u32::MAX);
        let mut sink = Sink {
            visitor,
            text: cx.buffers.take(),
            cells: Vec::new(),
            first_row,
            rows,
            handed: 0,
            value_bytes: cx.budget.limits.record_bytes.min(u32::MAX as usize / 2),
            notes,
        };
        let mut walk = Walk { ids: &self.ids, next: 0, sink: &mut sink };
        let mut flow = Flow::Continue(());
        for column in batch.columns() {
            flow = walk.array(column.as_ref(), &Pick::All(batch.num_rows()), 0);
            if flow.is_break() {
                break;
            }
        }
        if flow.is_continue() && (sink.rows > 0 || !sink.cells.is_empty()) {
            flow = sink.flush();
        }
        let handed = sink.handed;
        cx.buffers.give(std::mem::take(&mut sink.text));
        go(flow)?;
        Ok(handed)
    }
}

/// How a data type is walked.
enum Shape<'a> {
    Leaf,
    Struct(&'a Fields),
    List(&'a DataType),
    Map(&'a DataType),
    Union,
    Encoded(&'a DataType),
}

fn shape(data_type: &DataType) -> Shape<'_> {
    match data_type {
        DataType::Struct(fields) => Shape::Struct(fields),
        DataType::List(f)
        | DataType::LargeList(f)
        | DataType::ListView(f)
        | DataType::LargeListView(f)
        | DataType::FixedSizeList(f, _) => Shape::List(f.data_type()),
        DataType::Map(entries, _) => Shape::Map(entries.data_type()),
        DataType::Union(_, _) => Shape::Union,
        DataType::Dictionary(_, values) => Shape::Encoded(values),
        DataType::RunEndEncoded(_, values) => Shape::Encoded(values.data_type()),
        _ => Shape::Leaf,
    }
}

fn leaf_paths(path: String, data_type: &DataType, depth: usize, paths: &mut Vec<String>) {
    if depth >= MAX_DEPTH {
        return paths.push(path);
    }
    match shape(data_type) {
        Shape::Leaf => paths.push(path),
        Shape::Struct(fields) => {
            for field in fields {
                leaf_paths(format!("{path}.{}", field.name()), field.data_type(), depth + 1, paths);
            }
        }
        Shape::List(values) => leaf_paths(path + "[]", values, depth + 1, paths),
        Shape::Map(entries) => {
            if let DataType::Struct(fields) = entries {
                for (field, name) in fields.iter().zip(["key", "value"]) {
                    leaf_paths(format!("{path}.{name}"), field.data_type(), depth + 1, paths);
                }
            }
        }
        Shape::Union => {
            if let DataType::Union(fields, _) = data_type {
                for (_, field) in fields.iter() {
                    leaf_paths(format!("{path}.{}", field.name()), field.data_type(), depth + 1, paths);
                }
            }
        }
        Shape::Encoded(values) => leaf_paths(path, values, depth + 1, paths),
    }
}

/// Which values of an array are wanted, and for which rows.
pub enum Pick {
    /// Value `i` belongs to row `i`.
    All(usize),
    /// These.
    Some(Vec<Slot>),
}

/// One value of an array.
#[derive(Clone, Copy)]
pub struct Slot {
    /// Position in the array.
    pub index: usize,
    /// Row in the batch.
    pub row: u32,
    /// How many rows or list elements of the batch hold it.
    pub times: u32,
}

impl Pick {
    /// The slots in order, without those that are null.
    pub fn slots<'a>(&'a self, nulls: Option<&'a NullBuffer>) -> impl Iterator<Item = Slot> + 'a {
        let (all, some) = match self {
            Pick::All(n) => (*n, &[][..]),
            Pick::Some(slots) => (0, &slots[..]),
        };
        (0..all)
            .map(|index| Slot { index, row: index as u32, times: 1 })
            .chain(some.iter().copied())
            .filter(move |slot| nulls.is_none_or(|nulls| nulls.is_valid(slot.index)))
    }
}

struct Walk<'a, 'v, 'n> {
    ids: &'a [FieldId],
    next: usize,
    sink: &'a mut Sink<'v, 'n>,
}

impl Walk<'_, '_, '_> {
    fn array(&mut self, array: &dyn Array, pick: &Pick, depth: usize) -> Flow {
        let nulls = array.nulls();
        if depth >= MAX_DEPTH {
            self.next += 1;
            self.sink.notes.too_deep = true;
            return Flow::Continue(());
        }
        match array.data_type() {
            DataType::Struct(_) => {
                let inner = match nulls.filter(|n| n.null_count() > 0) {
                    Some(_) => &Pick::Some(pick.slots(nulls).collect()),
                    None => pick,
                };
                let columns = array.as_struct().columns();
                columns.iter().try_for_each(|column| self.array(column.as_ref(), inner, depth + 1))
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                let range =
                    |i: usize| (list.value_offsets()[i] as usize, list.value_offsets()[i + 1] as usize);
                self.array(list.values().as_ref(), &elements(pick, nulls, range), depth + 1)
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                let range =
                    |i: usize| (list.value_offsets()[i] as usize, list.value_offsets()[i + 1] as usize);
                self.array(list.values().as_ref(), &elements(pick, nulls, range), depth + 1)
            }
            DataType::FixedSizeList(_, size) => {
                let list = array.as_fixed_size_list();
                let size = usize::try_from(*size).unwrap_or_default();
                self.array(
                    list.values().as_ref(),
                    &elements(pick, nulls, |i| (i * size, (i + 1) * size)),
                    depth + 1,
                )
            }
            DataType::ListView(_) => {
                let list = array.as_list_view::<i32>();
                let range = |i: usize| {
                    (list.value_offset(i) as usize, (list.value_offset(i) + list.value_size(i)) as usize)
                };
                self.viewed(list.values().as_ref(), pick, nulls, range, depth)
            }
            DataType::LargeListView(_) => {
                let list = array.as_list_view::<i64>();
                let range = |i: usize| {
                    (list.value_offset(i) as usize, (list.value_offset(i) + list.value_size(i)) as usize)
                };
                self.viewed(list.values().as_ref(), pick, nulls, range, depth)
            }
            DataType::Map(_, _) => {
                let map = array.as_map();
                let offsets = map.value_offsets();
                let inner = elements(pick, nulls, |i| (offsets[i] as usize, offsets[i + 1] as usize));
                let columns = map.entries().columns();
                columns.iter().take(2).try_for_each(|column| self.array(column.as_ref(), &inner, depth + 1))
            }
            DataType::Union(fields, mode) => {
                let union = array.as_union();
                for (id, _) in fields.iter() {
                    let slots = pick.slots(None).filter(|slot| union.type_id(slot.index) == id);
                    let index = |i: usize| if *mode == UnionMode::Dense { union.value_offset(i) } else { i };
                    let inner = slots.map(|slot| Slot { index: index(slot.index), ..slot }).collect();
                    self.array(union.child(id).as_ref(), &Pick::Some(inner), depth + 1)?;
                }
                Flow::Continue(())
            }
            DataType::Dictionary(_, _) => {
                let dictionary = array.as_any_dictionary();
                let keys = match dictionary.values().is_empty() {
                    true => Vec::new(),
                    false => dictionary.normalized_keys(),
                };
                let slots =
                    pick.slots(nulls).filter_map(|slot| Some(Slot { index: *keys.get(slot.index)?, ..slot }));
                self.array(dictionary.values().as_ref(), &distinct(slots), depth + 1)
            }
            DataType::RunEndEncoded(ends, _) => {
                let (values, physical): (&dyn Array, Box<dyn Fn(usize) -> usize>) = match ends.data_type() {
                    DataType::Int16 => {
                        let run = array.as_run::<Int16Type>();
                        (run.values().as_ref(), Box::new(|i| run.get_physical_index(i)))
                    }
                    DataType::Int64 => {
                        let run = array.as_run::<Int64Type>();
                        (run.values().as_ref(), Box::new(|i| run.get_physical_index(i)))
                    }
                    _ => {
                        let run = array.as_run::<Int32Type>();
                        (run.values().as_ref(), Box::new(|i| run.get_physical_index(i)))
                    }
                };
                let slots = pick.slots(None).map(|slot| Slot { index: physical(slot.index), ..slot });
                self.array(values, &distinct(slots), depth + 1)
            }
            _ => {
                let id = self.ids.get(self.next).copied();
                self.next += 1;
                let Some(id) = id else { return Flow::Continue(()) };
                values::leaf(array, pick, id, self.sink)?;
                self.sink.end_of_column()
            }
        }
    }

    /// List views may overlap, so that few bytes claim any number of elements.
    fn viewed(
        &mut self,
        values: &dyn Array,
        pick: &Pick,
        nulls: Option<&NullBuffer>,
        range: impl Fn(usize) -> (usize, usize),
        depth: usize,
    ) -> Flow {
        let wanted: usize = pick.slots(nulls).map(|slot| range(slot.index)).map(|(from, to)| to - from).sum();
        if wanted > values.len().max(1 << 20) {
            self.sink.notes.overlapping = true;
            return self.array(values, &Pick::Some(Vec::new()), depth + 1);
        }
        self.array(values, &elements(pick, nulls, range), depth + 1)
    }
}

/// The elements of the picked lists, each for its list's row.
fn elements(pick: &Pick, nulls: Option<&NullBuffer>, range: impl Fn(usize) -> (usize, usize)) -> Pick {
    let slots = pick.slots(nulls).flat_map(|slot| {
        let (from, to) = range(slot.index);
        (from..to).map(move |index| Slot { index, ..slot })
    });
    Pick::Some(slots.collect())
}

/// Each position once, in the order of first appearance, with the sum of its times.
fn distinct(slots: impl Iterator<Item = Slot>) -> Pick {
    let mut found: Vec<Slot> = Vec::new();
    let mut at: FxHashMap<usize, usize> = FxHashMap::default();
    for slot in slots {
        match at.get(&slot.index) {
            Some(&known) => found[known].times = found[known].times.saturating_add(slot.times),
            None => {
                at.insert(slot.index, found.len());
                found.push(slot);
            }
        }
    }
    Pick::Some(found)
}

/// Collects cells and hands them over.
pub struct Sink<'v, 'n> {
    visitor: &'v mut dyn ContentVisitor,
    text: Vec<u8>,
    cells: Vec<Cell>,
    first_row: u64,
    rows: u32,
    handed: u64,
    /// Longest value that is handed over whole.
    pub value_bytes: usize,
    /// What was not handed over.
    pub notes: &'n mut Notes,
}

impl Sink<'_, '_> {
    /// Adds the value that `write` appends; none if it appends nothing.
    pub fn value(&mut self, field: FieldId, slot: Slot, write: impl FnOnce(&mut Vec<u8>)) -> Flow {
        let start = self.text.len();
        write(&mut self.text);
        let end = self.text.len();
        if end == start {
            return Flow::Continue(());
        }
        self.text.push(b'\n');
        let (start, end) = (start as u32, end as u32);
        self.cells.push(Cell { start, end, field, row: slot.row, raw: Cell::NO_RAW, times: slot.times });
        match self.text.len() >= HARD_BYTES {
            true => self.flush(),
            false => Flow::Continue(()),
        }
    }

    fn end_of_column(&mut self) -> Flow {
        match self.text.len() >= SOFT_BYTES {
            true => self.flush(),
            false => Flow::Continue(()),
        }
    }

    fn flush(&mut self) -> Flow {
        let flow = self.visitor.cells(&CellBatch {
            text: &self.text,
            cells: &self.cells,
            first_row: self.first_row,
            rows: std::mem::take(&mut self.rows),
            raw: &[],
            raw_offset: 0,
            escapes: Escapes::Doubled,
        });
        self.handed += self.text.len() as u64;
        self.text.clear();
        self.cells.clear();
        flow
    }
}

/// What was not handed over, of a whole table.
#[derive(Default)]
pub struct Notes {
    /// Values of which only the first bytes were.
    pub cut: u64,
    /// Large binary values of which only printable runs were.
    pub binary: u64,
    /// Columns nested too deep.
    pub too_deep: bool,
    /// Lists that claim more elements than there are.
    pub overlapping: bool,
}

impl Notes {
    /// Tells them.
    pub fn tell(&self, visitor: &mut dyn ContentVisitor) {
        let mut tell = |applies: bool, reason, detail: String| {
            if applies {
                visitor.gap(Gap::new(reason, detail));
            }
        };
        tell(self.cut > 0, Reason::LimitMemory, format!("{} values were read in part", self.cut));
        let detail = format!("{} binary values: printable runs were searched", self.binary);
        tell(self.binary > 0, Reason::UnknownFormat, detail);
        tell(
            self.too_deep,
            Reason::LimitDepth,
            format!("columns nested deeper than {MAX_DEPTH} were not read"),
        );
        tell(self.overlapping, Reason::LimitMemory, "lists that overlap were not read".to_owned());
    }
}
