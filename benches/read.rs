//! Readers: each format over the same customers, into a visitor that only counts. Throughput is in bytes of the CSV
//! form, so that formats compare.

mod corpus;

use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use privascan::model::{Body, CellBatch, ContentVisitor, FieldId, Flow, Gap, ItemMeta, TextWindow};
use privascan::read::{self, Budget, Buffers, Limits, Reach, ReadContext};

fn rows() -> u64 {
    if corpus::brief() { 500 } else { 20_000 }
}

/// Counts what it is given, and reads what is inside of it.
struct Counter<'a> {
    context: &'a ReadContext<'a>,
    depth: usize,
    fields: u32,
    bytes: u64,
    values: u64,
    gaps: u64,
}

impl ContentVisitor for Counter<'_> {
    fn format(&mut self, _: &str) {}

    fn text(&mut self, window: &TextWindow<'_>) -> Flow {
        self.bytes += window.owned.len() as u64;
        ControlFlow::Continue(())
    }

    fn field(&mut self, _: &[u8], _: u32) -> FieldId {
        self.fields += 1;
        FieldId(self.fields - 1)
    }

    fn cells(&mut self, batch: &CellBatch<'_>) -> Flow {
        self.bytes += batch.text.len() as u64;
        self.values += batch.cells.len() as u64;
        ControlFlow::Continue(())
    }

    fn entry(&mut self, name: &[u8], _: ItemMeta, body: Body<'_>) -> Flow {
        self.depth += 1;
        let outer = self.context;
        let context = ReadContext {
            budget: outer.budget,
            reach: outer.reach,
            depth: self.depth,
            buffers: outer.buffers,
        };
        let flow = read::read(&context, name, body, self);
        self.depth -= 1;
        flow
    }

    fn failed_entry(&mut self, _: &[u8], _: ItemMeta, _: Gap) -> Flow {
        self.gaps += 1;
        ControlFlow::Continue(())
    }

    fn comment(&mut self, _: &[u8]) {}

    fn gap(&mut self, _: Gap) {
        self.gaps += 1;
    }
}

/// Reads an item; what was handed over: bytes, values, gaps.
fn read(name: &str, item: &Bytes, buffers: &Buffers) -> (u64, u64, u64) {
    let limits = Limits::default();
    let interrupted = AtomicBool::new(false);
    let budget = Budget::new(&limits, &interrupted);
    let context =
        ReadContext { budget: &budget, reach: Reach { behind: 4608, ahead: 5632 }, depth: 0, buffers };
    let mut counter = Counter { context: &context, depth: 0, fields: 0, bytes: 0, values: 0, gaps: 0 };
    let body = Body::memory(item.clone());
    let (ControlFlow::Continue(()) | ControlFlow::Break(_)) =
        read::read(&context, name.as_bytes(), body, &mut counter);
    (counter.bytes, counter.values, counter.gaps)
}

fn formats(c: &mut Criterion) {
    let items = match corpus::encoded::all(rows()) {
        Ok(items) => items,
        Err(e) => return eprintln!("read: not run: {e}"),
    };
    let logical =
        items.iter().find(|(format, ..)| *format == "csv").map_or(0, |(.., item)| item.len() as u64);
    let buffers = Buffers::default();
    let mut group = c.benchmark_group("read");
    group.throughput(Throughput::Bytes(logical)).sample_size(10);
    group.warm_up_time(std::time::Duration::from_secs(1));
    group.measurement_time(std::time::Duration::from_secs(2));
    for (format, name, item) in items {
        let item = Bytes::from(item);
        let (bytes, values, gaps) = read(name, &item, &buffers);
        // A reader that gives up is fast; its figure would say nothing.
        assert!(bytes > 0 && gaps == 0 && (values > 0 || format == "text"), "{format}: {gaps} gaps");
        group.bench_function(format, |b| b.iter(|| read(name, black_box(&item), &buffers)));
    }
    group.finish();
}

criterion_group!(benches, formats);
criterion_main!(benches);
