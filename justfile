# Exactly what CI runs.
ready:
    .ci/run

# Writes the demo data anew.
testdata:
    cargo run --example make_testdata -- testdata/demo

# Throughput of search, readers and whole scans.
bench *ARGS:
    cargo bench --bench search --bench read --bench scan {{ARGS}}

# Peak memory on two files of 3 GiB (PRIVASCAN_BENCH_BYTES changes the size).
bench-memory:
    cargo build --release
    cargo bench --bench memory

# Medians and ratios beside ripgrep, which PRIVASCAN_BENCH_PATTERNS=FILE gives its patterns; see benches/README.md.
bench-peers FOLDER:
    benches/peers {{FOLDER}}

# Scores the detectors on labelled data, if it is at hand, and writes docs/accuracy.md.
accuracy *ARGS:
    benches/accuracy/score {{ARGS}}

# The documentation as it is published.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --lib --open
