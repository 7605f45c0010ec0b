//! Search alone: the detectors over each corpus.

mod corpus;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BYTES: usize = 4 << 20;

/// Stands in for the search: counts what might begin a mail address.
fn search(text: &[u8]) -> usize {
    memchr::memchr_iter(b'@', text).count()
}

fn corpora(c: &mut Criterion) {
    let mut group = c.benchmark_group("search");
    group.throughput(Throughput::Bytes(BYTES as u64));
    for (name, _) in corpus::CORPORA {
        let text = corpus::corpus(name, BYTES);
        group.bench_function(*name, |b| b.iter(|| search(black_box(&text))));
    }
    group.finish();
}

criterion_group!(benches, corpora);
criterion_main!(benches);
