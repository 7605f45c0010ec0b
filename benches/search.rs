//! The engine alone: all built-in detectors over each corpus in memory, window by window as readers hand text over; and
//! beside it `regex-automata` with all the same patterns in one automaton, which finds a match's name and place and no more.

mod corpus;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use privascan::detect::definition::{Anchor, Boundary};
use privascan::detect::{self, Detectors, Scratch};
use privascan::model::TextWindow;
use regex_automata::meta;
use regex_automata::util::syntax;

/// Bytes of a window in which matches may start, as in the reader of text.
const OWNED: usize = 256 << 10;
/// Memory that the other automaton may use for its states: enough for all of them.
const CACHE: usize = 256 << 20;

fn bytes() -> usize {
    if corpus::brief() { 64 << 10 } else { 4 << 20 }
}

/// Searches a text and counts matches.
fn search(detectors: &Detectors, scratch: &mut Scratch, text: &[u8]) -> usize {
    let reach = detectors.reach();
    let (mut from, mut found) = (0, 0);
    scratch.reset();
    while from < text.len() {
        let to = (from + OWNED).min(text.len());
        let base = from.saturating_sub(reach.behind);
        let top = (to + reach.ahead).min(text.len());
        let window = TextWindow {
            bytes: &text[base..top],
            owned: from - base..to - base,
            offset: base as u64,
            last: to == text.len(),
            located: true,
        };
        detectors.search(scratch, &window, &mut |_| found += 1);
        from = to;
    }
    found
}

/// Every pattern in one regex, with the boundaries that it asks for as far as half-boundaries say it.
fn many(detectors: &Detectors) -> Result<meta::Regex, Box<meta::BuildError>> {
    let patterns: Vec<String> = detectors
        .definitions()
        .filter(|d| d.anchor != Anchor::Cell)
        .map(|d| {
            let flags = match (d.ignore_case, d.unicode) {
                (true, true) => "(?i)",
                (true, false) => "(?i-u)",
                (false, true) => "",
                (false, false) => "(?-u)",
            };
            match d.boundary {
                Boundary::None => format!("{flags}(?:{})", d.pattern),
                _ => format!("{flags}(?-u:\\b{{start-half}})(?:{})(?-u:\\b{{end-half}})", d.pattern),
            }
        })
        .collect();
    meta::Regex::builder()
        .syntax(syntax::Config::new().utf8(false))
        .configure(
            meta::Config::new()
                .utf8_empty(false)
                .nfa_size_limit(None)
                .hybrid_cache_capacity(CACHE)
                .which_captures(regex_automata::nfa::thompson::WhichCaptures::Implicit),
        )
        .build_many(&patterns)
        .map_err(Box::new)
}

fn corpora(c: &mut Criterion) {
    let detectors = match detect::builtin().map(|all| Detectors::compile(all, &|_| true)) {
        Ok(Ok(detectors)) => detectors,
        Ok(Err(errors)) => return eprintln!("search: not run: {} detectors do not compile", errors.len()),
        Err(e) => return eprintln!("search: not run: {e}"),
    };
    let many = match many(&detectors) {
        Ok(many) => many,
        Err(e) => return eprintln!("search: not run: {e}"),
    };
    let mut ratios = Vec::new();
    // A run that asks for one corpus, or for a baseline, does not want to wait for all the others.
    let all = !corpus::brief() && std::env::args().skip(1).all(|arg| arg == "--bench");
    for (name, _) in corpus::CORPORA {
        let text = corpus::corpus(name, bytes());
        let mut scratch = detectors.scratch();
        let mut group = c.benchmark_group("search");
        group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
        group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
        group.bench_function(format!("{name}/detectors"), |b| {
            b.iter(|| search(&detectors, &mut scratch, black_box(&text)))
        });
        group.bench_function(format!("{name}/new_many"), |b| {
            b.iter(|| many.find_iter(black_box(text.as_slice())).count())
        });
        group.finish();
        if all {
            let ours = median(|| search(&detectors, &mut scratch, &text));
            let theirs = median(|| many.find_iter(text.as_slice()).count());
            ratios.push((*name, text.len(), ours, theirs));
        }
    }
    if ratios.is_empty() {
        return;
    }
    println!("\n{:<14} {:>14} {:>14} {:>7}", "corpus", "detectors MB/s", "new_many MB/s", "ratio");
    for (name, bytes, ours, theirs) in ratios {
        let rate = |seconds: f64| bytes as f64 / 1e6 / seconds;
        println!("{name:<14} {:>14.0} {:>14.0} {:>7.2}", rate(ours), rate(theirs), theirs / ours);
    }
}

/// Seconds of one run: the median of five after one more.
fn median(mut run: impl FnMut() -> usize) -> f64 {
    black_box(run());
    let mut seconds: Vec<f64> = (0..5)
        .map(|_| {
            let started = Instant::now();
            black_box(run());
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[2]
}

criterion_group!(benches, corpora);
criterion_main!(benches);
