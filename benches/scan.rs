//! Whole scans, by the program itself: many small files, one large file, a mixed tree, the demo share; with one thread
//! and with two.

mod corpus;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SMALL: usize = 2 << 10;

/// Bytes of the large file, small files, rows of each table of the mixed tree.
fn sizes() -> (usize, u64, u64) {
    if corpus::brief() { (256 << 10, 40, 100) } else { (64 << 20, 4_000, 5_000) }
}

/// Scans `target` and waits for the end. An incomplete scan (3) is as good as a complete one; a refused one is not.
fn scan(target: &Path, threads: usize) {
    let done = Command::new(env!("CARGO_BIN_EXE_privascan"))
        .args(["scan", "--format", "jsonl", "--no-progress", "--threads", &threads.to_string()])
        .arg(target)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let code = done.ok().and_then(|status| status.code());
    assert!(matches!(code, Some(0 | 3)), "the scan ended with {code:?}");
}

/// Makes the folders to scan, with how many bytes each holds.
fn targets(root: &Path) -> io::Result<Vec<(&'static str, PathBuf, u64)>> {
    let (large, files, rows) = sizes();
    let mut targets = Vec::new();
    for name in ["csv", "log"] {
        let folder = root.join(name);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("large.{name}")), corpus::corpus(name, large))?;
        targets.push((if name == "csv" { "large_csv" } else { "large_log" }, folder, large as u64));
    }
    let folder = root.join("small");
    let text = corpus::corpus("prose", SMALL * 64);
    for n in 0..files {
        let part = (n as usize % 64) * SMALL;
        let inner = folder.join(format!("{:02}", n % 40));
        fs::create_dir_all(&inner)?;
        fs::write(inner.join(format!("{n}.txt")), &text[part..part + SMALL])?;
    }
    targets.push(("small_files", folder, files * SMALL as u64));

    let folder = root.join("mixed");
    fs::create_dir_all(&folder)?;
    let mut bytes = 0;
    let mut add = |name: &str, content: &[u8]| {
        bytes += content.len() as u64;
        fs::write(folder.join(name), content)
    };
    for (_, name, item) in corpus::encoded::all(rows).map_err(|e| io::Error::other(e.to_string()))? {
        add(name, &item)?;
    }
    for (name, _) in corpus::CORPORA.iter().filter(|(name, _)| ["log", "prose", "source"].contains(name)) {
        add(&format!("{name}.txt"), &corpus::corpus(name, large / 16))?;
    }
    targets.push(("mixed", folder, bytes));
    Ok(targets)
}

fn scans(c: &mut Criterion) {
    let root = match tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")) {
        Ok(root) => root,
        Err(e) => return eprintln!("scan: not run: {e}"),
    };
    let targets = match targets(root.path()) {
        Ok(targets) => targets,
        Err(e) => return eprintln!("scan: not run: {e}"),
    };
    let mut group = c.benchmark_group("scan");
    group.sample_size(10);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    for (name, folder, bytes) in targets {
        group.throughput(Throughput::Bytes(bytes));
        for n in [1, 2] {
            group.bench_function(format!("{name}/{n}"), |b| b.iter(|| scan(&folder, n)));
        }
    }
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/demo");
    group.throughput(Throughput::Elements(1));
    group.bench_function("demo", |b| b.iter(|| scan(&demo, 2)));
    group.finish();
}

criterion_group!(benches, scans);
criterion_main!(benches);
