//! Readers: each format over the same customers. Throughput is in bytes of the CSV form, so that formats compare.

mod corpus;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ROWS: u64 = 20_000;

/// Stands in for the reader of an item called `name`: touches every byte and counts lines.
fn read(name: &str, item: &[u8]) -> usize {
    name.len() + memchr::memchr_iter(b'\n', item).count()
}

fn formats(c: &mut Criterion) {
    let items = match corpus::encoded::all(ROWS) {
        Ok(items) => items,
        Err(e) => return eprintln!("read: not run: {e}"),
    };
    let logical =
        items.iter().find(|(format, ..)| *format == "csv").map_or(0, |(.., item)| item.len() as u64);
    let mut group = c.benchmark_group("read");
    group.throughput(Throughput::Bytes(logical)).sample_size(20);
    for (format, name, item) in &items {
        group.bench_function(*format, |b| b.iter(|| read(name, black_box(item))));
    }
    group.finish();
}

criterion_group!(benches, formats);
criterion_main!(benches);
