//! A policy in force: its file, its registers, and how the paths of a run relate to its folder.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::classify::DatePlan;
use crate::classify::dates::{DateOrder, EventLookup};
use crate::govern::facts::{Base, Reach};
use crate::govern::policy::{self, Source};
use crate::govern::registers::MAX_REGISTER_BYTES;
use crate::govern::{Policy, Registers, lint};
use crate::model::{ItemPath, hex};
use crate::record::KeptRegisters;
use crate::record::manifest::{PolicyCopy, RegisterCopy, SystemScope};
use crate::scan::{EvidencePlan, ScanPlan, printed};
use crate::source::Target;
use crate::source::files::item_id;
use crate::source::reach::reach;

/// The policy that is used if none is named.
const DEFAULT: &str = "privascan.toml";
/// Bytes that a policy may have.
const MAX_POLICY_BYTES: u64 = 16 << 20;
/// Register entries that name an item by its id and not by its path.
const BY_ID: &str = "item_id:";

/// A policy with what it names.
pub(super) struct Governed {
    /// The policy.
    pub policy: Policy,
    /// The bytes of its file.
    pub text: String,
    /// SHA-256 of them, hex.
    pub digest: String,
    /// What its registers say; paths in them are raw.
    pub registers: Registers,
    /// How each register was read.
    pub copies: Vec<RegisterCopy>,
    /// The zone whose days count.
    pub zone: TimeZone,
    file: PathBuf,
    /// Folder of the file as typed; empty for the working directory.
    folder: PathBuf,
}

impl Governed {
    /// The policy that is named, else the one in the working directory, if there is one.
    pub fn find(named: Option<&Path>) -> Result<Option<Self>> {
        match named {
            Some(path) => Self::open(path).map(Some),
            None if Path::new(DEFAULT).is_file() => Self::open(Path::new(DEFAULT)).map(Some),
            None => Ok(None),
        }
    }

    /// Reads a policy file and its registers.
    pub fn open(path: &Path) -> Result<Self> {
        let text =
            read_text(path, MAX_POLICY_BYTES).with_context(|| format!("--policy {}", path.display()))?;
        let policy = parse(&text, &path.display().to_string())?;
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let mut hashes = BTreeMap::new();
        let registers = Registers::read(&policy, &mut |file| {
            let text = read_text(&folder.join(file), MAX_REGISTER_BYTES as u64)?;
            hashes.insert(file.to_owned(), hex(&Sha256::digest(&text)));
            Ok(text)
        })?;
        let zone = zone(&policy)?;
        let digest = hex(&Sha256::digest(&text));
        let copies = copies(&policy, &hashes);
        Ok(Self { policy, text, digest, registers, copies, zone, file: path.to_path_buf(), folder })
    }

    /// Name, version and digest.
    pub fn copy(&self) -> PolicyCopy {
        let head = &self.policy.policy;
        PolicyCopy { id: head.id.clone(), version: head.version.clone(), sha256: self.digest.clone() }
    }

    /// The policy's file and its registers: nothing to be scanned.
    pub fn own_files(&self) -> Vec<PathBuf> {
        let named = self.copies.iter().map(|c| self.folder.join(&c.named));
        std::iter::once(self.file.clone()).chain(named).collect()
    }

    /// The roots of declared systems that exist: what is scanned if no target is named.
    pub fn targets(&self) -> Vec<PathBuf> {
        let roots = self.policy.scope.systems.iter().map(|s| self.root(&s.root));
        roots.filter(|r| r.symlink_metadata().is_ok()).collect()
    }

    /// Its folder as typed; empty for the working directory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn root(&self, root: &str) -> PathBuf {
        let root = root.trim_start_matches("./");
        match self.folder.join(root) {
            whole if whole.as_os_str().is_empty() || whole == Path::new(".") => PathBuf::from("."),
            whole => whole,
        }
    }

    /// What became of each system's root. `whole`: the run was told to scan all systems; else those that its targets
    /// do not cover are not scanned.
    pub fn systems(&self, targets: &[Target], whole: bool) -> Vec<SystemScope> {
        let covering: Vec<PathBuf> = paths(targets).map(absolute).collect();
        let scope = |system: &policy::System| {
            let root = self.root(&system.root);
            let found = reach(&root, system.mount);
            let place = absolute(&root);
            let covered = whole || covering.iter().any(|target| place.starts_with(target));
            let word = if covered { found.reach } else { Reach::NotScanned };
            SystemScope {
                id: system.id.clone(),
                root: system.root.clone(),
                resolved_root: found.resolved.to_string_lossy().into_owned(),
                device: found.device,
                reach: word.word().to_owned(),
                items: 0,
                bytes: 0,
            }
        };
        self.policy.scope.systems.iter().map(scope).collect()
    }

    /// How raw paths of items become paths relative to the policy's folder: one rule that fits all targets.
    pub fn base(&self, targets: &[Target]) -> Result<Base> {
        let folder = match self.folder.as_os_str().is_empty() {
            true => absolute(Path::new(".")),
            false => absolute(&self.folder),
        };
        let pairs: Vec<(String, String)> = paths(targets).map(|t| pair(t, &folder)).collect();
        let bases = pairs.iter().map(|(from, to)| shortest(from, to));
        let fits = |base: &Base| pairs.iter().all(|(from, to)| base.apply(from) == *to);
        match bases.into_iter().find(fits) {
            Some(base) => Ok(base),
            None if pairs.is_empty() => Ok(Base::default()),
            None => bail!(
                "the targets lie in different ways to the policy's folder {}; name them all relative or all absolute",
                folder.display()
            ),
        }
    }

    /// What is gathered of each item for this policy.
    pub fn evidence(&self) -> EvidencePlan {
        evidence(&self.policy, &self.registers, &self.zone)
    }

    /// The registers with paths as they may be printed, so that they are those of items.
    pub fn printed_registers(&self, plan: &ScanPlan, raw: &Base, base: &Base) -> Registers {
        let mut registers = self.registers.clone();
        let scanned = |path: &str| match path.trim_start_matches("./").strip_prefix(raw.prepend.as_str()) {
            Some(rest) => format!("{}{rest}", raw.strip),
            None => path.to_owned(),
        };
        let print = |scanned: &str| printed(plan, scanned.split("!/").map(str::as_bytes)).join("!/");
        for entry in registers.disposal.iter_mut().flatten() {
            if !entry.item.starts_with(BY_ID) {
                let path = scanned(&entry.item);
                let shown = print(&path);
                if shown != path {
                    entry.item_id = Some(item_id(&ItemPath::new(path)).to_string());
                    entry.item = base.apply(&shown);
                }
            }
            entry.quarantine = entry.quarantine.as_deref().map(|q| base.apply(&print(&scanned(q))));
        }
        registers
    }
}

/// What is gathered of each item for a policy.
pub(super) fn evidence(policy: &Policy, registers: &Registers, zone: &TimeZone) -> EvidencePlan {
    let uses = |source: Source| {
        let has = |r: &policy::Retention| r.trigger.source == source || r.trigger.fallback.contains(&source);
        policy.retention.iter().any(has)
    };
    let events = policy.retention.iter().filter_map(|rule| {
        let event = policy.events.iter().find(|e| Some(&e.name) == rule.trigger.event.as_ref())?;
        let rows = registers.events.get(&event.name)?;
        let key = rule.trigger.key.as_ref().unwrap_or(&event.register.key);
        let rows: HashMap<Vec<u8>, Date> =
            rows.iter().map(|(key, day)| (key.trim().as_bytes().to_vec(), *day)).collect();
        Some(EventLookup { name: event.name.clone(), key: key.clone(), rows })
    });
    let disposal = registers.disposal.iter().flatten().flat_map(|e| &e.record_fingerprints);
    let erasure = registers.erasure.iter().flatten().flat_map(|r| &r.fingerprints);
    EvidencePlan {
        content_hashes: policy.disposal.is_some(),
        dates: DatePlan {
            fields: policy.retention.iter().filter_map(|r| r.trigger.field.clone()).collect(),
            events: events.collect(),
            zone: zone.clone(),
            order: policy.policy.date_order.map(|order| match order {
                policy::DateOrder::Dmy => DateOrder::Dmy,
                policy::DateOrder::Mdy => DateOrder::Mdy,
            }),
        },
        labels: policy.labels.iter().flat_map(|l| l.names.keys().cloned()).collect(),
        watched: disposal.chain(erasure).filter_map(|print| bytes_of(print)).collect(),
        accessed: uses(Source::Accessed),
        literals: None,
    }
}

/// Parses the text of a policy; `name` is for the error.
pub(super) fn parse(text: &str, name: &str) -> Result<Policy> {
    Policy::load(text).map_err(|errors| anyhow::anyhow!("{name}:{}", lint::in_one_line(&errors)))
}

/// The zone whose days count.
pub(super) fn zone(policy: &Policy) -> Result<TimeZone> {
    match policy.policy.time_zone.as_deref() {
        None => Ok(TimeZone::UTC),
        Some(name) => TimeZone::get(name).map_err(|_| {
            anyhow::anyhow!("policy.time_zone: no time zone of this name; use one such as Europe/Berlin")
        }),
    }
}

/// Name of the zone whose days count.
pub(super) fn zone_name(policy: &Policy) -> String {
    policy.policy.time_zone.clone().unwrap_or_else(|| "UTC".to_owned())
}

/// The day of an instant.
pub(super) fn day(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at).date()
}

fn copies(policy: &Policy, hashes: &BTreeMap<String, String>) -> Vec<RegisterCopy> {
    let disposal = policy.disposal.as_ref().and_then(|d| d.register.as_ref());
    let disclosures = policy.disclosures.as_ref().and_then(|d| d.register.as_ref());
    let erasure = policy.erasure.as_ref().map(|e| &e.register);
    let registers = [("disposal", disposal), ("disclosures", disclosures), ("erasure", erasure)];
    let registers = registers.into_iter().filter_map(|(name, file)| Some((name.to_owned(), file?)));
    let events = policy.events.iter().map(|e| (format!("event:{}", e.name), &e.register.file));
    let copy = |(register, named): (String, &String)| {
        let sha256 = hashes.get(named).cloned();
        let file = KeptRegisters::file_of(&register).filter(|_| sha256.is_some()).map(str::to_owned);
        RegisterCopy { register, named: named.clone(), sha256, file }
    };
    registers.chain(events).map(copy).collect()
}

fn paths(targets: &[Target]) -> impl Iterator<Item = &Path> {
    targets.iter().filter_map(|target| match target {
        Target::Path(path) => Some(path.as_path()),
        Target::Stdin { .. } => None,
    })
}

/// The absolute path with links resolved as far as it exists.
fn absolute(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    match (path.parent().filter(|p| !p.as_os_str().is_empty()), path.file_name()) {
        (Some(parent), Some(name)) => absolute(parent).join(name),
        _ => Path::new(".").canonicalize().map_or_else(|_| path.to_path_buf(), |here| here.join(path)),
    }
}

/// How the paths of a target's items begin, and how they ought to begin relative to the policy's folder.
fn pair(target: &Path, folder: &Path) -> (String, String) {
    let typed = target.to_string_lossy().replace('\\', "/");
    let typed = typed.strip_prefix("./").unwrap_or(&typed).trim_end_matches('/');
    let typed = if typed == "." { "" } else { typed };
    let place = absolute(target);
    // The paths of a folder's items go on behind a slash.
    let slash = if place.is_dir() { "/" } else { "" };
    let open = |path: &str| if path.is_empty() { String::new() } else { format!("{path}{slash}") };
    match folder.strip_prefix(&place) {
        Ok(below) if below != Path::new("") => {
            let below = format!("{}/", below.to_string_lossy());
            let separator = if typed.is_empty() && !target.is_absolute() { "" } else { "/" };
            (format!("{typed}{separator}{below}"), String::new())
        }
        _ => (open(typed), open(&relative(&place, folder))),
    }
}

/// `place` as seen from `folder`, with `..` where it lies outside.
fn relative(place: &Path, folder: &Path) -> String {
    let common = place.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| "..".to_owned());
    let down = place.components().skip(common).filter_map(|c| match c {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The rule that turns one beginning into the other, without the components in which both end.
fn shortest(from: &str, to: &str) -> Base {
    let (mut strip, mut prepend) = (from, to);
    loop {
        let last = |path: &'_ str| {
            let body = path.strip_suffix('/').unwrap_or(path);
            body.rfind('/').map_or(0, |at| at + 1)
        };
        let (a, b) = (last(strip), last(prepend));
        if strip.is_empty() || prepend.is_empty() || strip[a..] != prepend[b..] {
            return Base { strip: strip.to_owned(), prepend: prepend.to_owned() };
        }
        (strip, prepend) = (&strip[..a], &prepend[..b]);
    }
}

fn bytes_of(fingerprint: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    let digits = fingerprint.len() == 32 && fingerprint.is_ascii();
    for (at, byte) in bytes.iter_mut().enumerate().filter(|_| digits) {
        *byte = u8::from_str_radix(&fingerprint[2 * at..2 * at + 2], 16).ok()?;
    }
    digits.then_some(bytes)
}

fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(most + 1).read_to_string(&mut text)?;
    match read as u64 > most {
        true => Err(io::Error::new(io::ErrorKind::InvalidData, format!("larger than {} MiB", most >> 20))),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rule_turns_the_paths_of_all_targets_into_those_of_the_policy() {
        let dir = tempfile::tempdir().expect("temp dir");
        let root = dir.path().canonicalize().expect("exists");
        for folder in ["company/hr/pay", "company/it", "elsewhere"] {
            std::fs::create_dir_all(root.join(folder)).expect("mkdir");
        }
        std::fs::write(root.join("company/it/a.csv"), "x").expect("write");
        let company = root.join("company");
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let check = |targets: &[PathBuf], item: String, want: &str| {
            let pairs: Vec<_> = targets.iter().map(|t| pair(t, &company)).collect();
            let bases: Vec<Base> = pairs.iter().map(|(from, to)| shortest(from, to)).collect();
            let fits = |base: &&Base| pairs.iter().all(|(from, to)| base.apply(from) == *to);
            let base = bases.iter().find(fits).expect("a rule");
            assert_eq!(base.apply(&item), want, "{targets:?} {base:?}");
        };
        let file = company.join("it/a.csv");
        check(&[company.join("hr")], text(&company.join("hr/x")), "hr/x");
        check(&[company.join("hr/")], text(&company.join("hr/x")), "hr/x");
        check(std::slice::from_ref(&company), text(&company.join("hr/x")), "hr/x");
        check(std::slice::from_ref(&root), text(&company.join("hr/x")), "hr/x");
        check(std::slice::from_ref(&file), text(&file), "it/a.csv");
        check(&[company.join("hr"), file.clone()], text(&file), "it/a.csv");
        check(&[root.join("elsewhere")], text(&root.join("elsewhere/x")), "../elsewhere/x");
        assert_eq!(
            shortest("testdata/company/hr/", "hr/"),
            Base { strip: "testdata/company/".into(), ..Base::default() }
        );
        assert_eq!(shortest("pay/", "hr/pay/"), Base { prepend: "hr/".into(), ..Base::default() });
        assert_eq!(shortest("", "hr/"), Base { prepend: "hr/".into(), ..Base::default() });
        assert_eq!(shortest("hr/", "hr/"), Base::default());
    }
}
