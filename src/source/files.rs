//! Files and folders. Hidden and ignored files are items like others; links are recorded and never followed, FIFOs and
//! devices recorded and never opened, and what a glob leaves out is recorded too.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::overrides::{Override, OverrideBuilder};
use sha2::{Digest, Sha256};
use walkdir::{DirEntry, WalkDir};

use super::left_out::LeftOut;
use super::owners::Owners;
use super::{Access, Discovered};
use crate::model::{Item, ItemId, ItemMeta, ItemPath, Outcome, Reason};

/// A place to scan: what the user typed and what it became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file or folder.
    Path(PathBuf),
    /// Standard input, with the name to give it.
    Stdin {
        /// Gives name and format; `-` when the user gave none.
        name: String,
    },
}

/// Why targets or globs are refused.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The target does not exist or cannot be seen.
    #[error("{path}: {why}; name a file or folder that exists")]
    Target {
        /// As typed.
        path: String,
        /// The store's answer.
        why: String,
    },
    /// A glob does not parse.
    #[error("{flag} {glob}: not a glob ({why})")]
    Glob {
        /// Where it was given: `--include`, for example.
        flag: &'static str,
        /// As typed.
        glob: String,
        /// Why.
        why: String,
    },
    /// An ignore file cannot be read or parsed.
    #[error("--ignore-file {path}: {why}")]
    IgnoreFile {
        /// As typed.
        path: String,
        /// Why.
        why: String,
    },
}

/// What is scanned of the targets, and what is left out on record.
#[derive(Clone, Debug)]
pub struct Selection {
    overrides: Override,
    ignored: Gitignore,
    one_file_system: bool,
    left_out: Option<LeftOut>,
    /// Files and folders this run writes or reads for itself.
    own: Vec<PathBuf>,
}

impl Selection {
    /// Compiles the user's globs. Patterns are relative to the working directory; `own` are the run's own outputs.
    pub fn new(
        include: &[String],
        exclude: &[String],
        ignore_files: &[PathBuf],
        one_file_system: bool,
        own: &[PathBuf],
    ) -> Result<Self, FilesError> {
        let mut overrides = OverrideBuilder::new("");
        for (flag, glob, sign) in
            include.iter().map(|g| ("--include", g, "")).chain(exclude.iter().map(|g| ("--exclude", g, "!")))
        {
            overrides.add(&format!("{sign}{glob}")).map_err(|e| FilesError::Glob {
                flag,
                glob: glob.clone(),
                why: e.to_string(),
            })?;
        }
        let mut ignored = GitignoreBuilder::new("");
        for path in ignore_files {
            if let Some(e) = ignored.add(path) {
                return Err(FilesError::IgnoreFile { path: path.display().to_string(), why: e.to_string() });
            }
        }
        let glob_error = |e: ignore::Error| FilesError::Glob {
            flag: "--exclude",
            glob: String::new(),
            why: e.to_string(),
        };
        Ok(Self {
            overrides: overrides.build().map_err(glob_error)?,
            ignored: ignored.build().map_err(glob_error)?,
            one_file_system,
            left_out: None,
            own: own.iter().map(|p| canonical(p)).collect(),
        })
    }

    /// Leaves out, on record, what one of a policy's globs matches. They are about paths that begin with `prepend` where
    /// the scan's own begin with `strip`.
    pub fn leaving_out(mut self, globs: &[String], strip: &str, prepend: &str) -> Result<Self, FilesError> {
        self.left_out = LeftOut::new(globs, strip, prepend)?;
        Ok(self)
    }

    fn excludes(&self, path: &Path, is_dir: bool) -> bool {
        if self.left_out.as_ref().is_some_and(|out| out.matches(path)) {
            return true;
        }
        if self.overrides.is_empty() && self.ignored.is_empty() {
            return false;
        }
        let path = path.strip_prefix("/").unwrap_or(path);
        self.overrides.matched(path, is_dir).is_ignore()
            || (!self.ignored.is_empty() && self.ignored.matched(path, is_dir).is_ignore())
    }

    /// Whether `path` is one of the run's own outputs; a target, `depth` 0, may also lie inside one.
    fn is_own(&self, path: &Path, depth: usize) -> bool {
        let name = path.file_name().unwrap_or_default();
        let similar = |own: &PathBuf| depth == 0 || own.file_name() == Some(name) || is_left_over(name, own);
        self.own.iter().any(similar) && {
            let path = canonical(path);
            let beside = |own: &Path| own.parent() == path.parent() && is_left_over(name, own);
            self.own.iter().any(|own| path == *own || beside(own) || (depth == 0 && path.starts_with(own)))
        }
    }
}

/// Whether `name` is one that a killed run left beside the output `own`: `.own.XXXXXX.partial`.
fn is_left_over(name: &OsStr, own: &Path) -> bool {
    let inner = name.as_encoded_bytes().strip_prefix(b".").and_then(|n| n.strip_suffix(b".partial"));
    let own = own.file_name().unwrap_or_default().as_encoded_bytes();
    let random = inner.and_then(|n| n.strip_prefix(own)).and_then(|n| n.strip_prefix(b"."));
    random.is_some_and(|r| !r.is_empty() && r.iter().all(u8::is_ascii_alphanumeric))
}

/// The absolute path with links in its folders resolved, also when the file does not exist yet.
fn canonical(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = parent.canonicalize().unwrap_or_else(|_| parent.to_path_buf());
    path.file_name().map_or(parent.clone(), |name| parent.join(name))
}

/// Looks at the targets before anything is scanned: each must exist; one inside another is dropped, since it is
/// scanned with that.
pub fn check_targets(targets: &[Target]) -> Result<Vec<Target>, FilesError> {
    let mut kept: Vec<(PathBuf, Target)> = Vec::new();
    let mut others = Vec::new();
    for target in targets {
        match target {
            Target::Stdin { .. } if others.contains(target) => {}
            Target::Stdin { .. } => others.push(target.clone()),
            Target::Path(path) => {
                path.metadata().map_err(|e| FilesError::Target {
                    path: path.display().to_string(),
                    why: match e.kind() {
                        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
                        kind => kind.to_string(),
                    },
                })?;
                kept.push((canonical(path), target.clone()));
            }
        }
    }
    let all: Vec<PathBuf> = kept.iter().map(|(p, _)| p.clone()).collect();
    let mut targets = Vec::new();
    for (i, (path, target)) in kept.into_iter().enumerate() {
        let covered = all.iter().enumerate().any(|(j, other)| {
            j != i && path.starts_with(other) && (path != *other || j < i) && !is_link(other)
        });
        if !covered {
            targets.push(target);
        }
    }
    targets.extend(others);
    Ok(targets)
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|m| m.is_symlink())
}

/// Walks all targets in order; `emit` returns `false` to stop. What the store says of a file is asked here only
/// if `sizes` are wanted: whoever opens it can ask more cheaply.
pub fn visit(
    targets: &[Target],
    selection: &Selection,
    sizes: bool,
    emit: &mut dyn FnMut(Discovered) -> bool,
) {
    let mut owners = Owners::default();
    for target in targets {
        let more = match target {
            Target::Path(path) => walk(path, selection, sizes, &mut owners, emit),
            Target::Stdin { name } => {
                emit(Discovered { item: item(Path::new(name), ItemMeta::default()), access: Access::Stdin })
            }
        };
        if !more {
            return;
        }
    }
}

fn walk(
    root: &Path,
    selection: &Selection,
    sizes: bool,
    owners: &mut Owners,
    emit: &mut dyn FnMut(Discovered) -> bool,
) -> bool {
    // A link that is named as the target is followed, once: naming it asks for what it points to.
    let device = root.metadata().ok().and_then(|m| device(&m));
    let mut entries = WalkDir::new(root)
        .follow_links(false)
        .sort_by(|a, b| a.path().as_os_str().cmp(b.path().as_os_str()))
        .into_iter();
    while let Some(entry) = entries.next() {
        let found = match entry {
            Err(e) => {
                let reason = match e.io_error().map(std::io::Error::kind) {
                    Some(std::io::ErrorKind::PermissionDenied) => Reason::PermissionDenied,
                    Some(std::io::ErrorKind::NotFound) => Reason::NotFound,
                    _ => Reason::ReadError,
                };
                let access = Access::Decided(Outcome::Failed(reason), "cannot be listed".to_owned());
                Discovered { item: item(e.path().unwrap_or(root), ItemMeta::default()), access }
            }
            Ok(entry) => match judge(&entry, selection, device) {
                Judged::Descend => continue,
                Judged::Decided { skip_tree, reason, detail } => {
                    if skip_tree {
                        entries.skip_current_dir();
                    }
                    let access = Access::Decided(Outcome::Skipped(reason), detail.to_owned());
                    Discovered { item: item(entry.path(), meta(&entry, owners)), access }
                }
                Judged::File => {
                    let meta = if sizes { meta(&entry, owners) } else { ItemMeta::default() };
                    let item = item(entry.path(), meta);
                    let named_link = entry.path_is_symlink();
                    let path = entry.into_path();
                    Discovered {
                        item,
                        access: Access::File(if named_link { canonical(&path) } else { path }),
                    }
                }
            },
        };
        if !emit(found) {
            return false;
        }
    }
    true
}

enum Judged {
    Descend,
    File,
    Decided { skip_tree: bool, reason: Reason, detail: &'static str },
}

fn judge(entry: &DirEntry, selection: &Selection, root_device: Option<u64>) -> Judged {
    let path = entry.path();
    let kind = entry.file_type();
    let decided = |skip_tree, reason, detail| Judged::Decided { skip_tree, reason, detail };
    if entry.depth() > 0 && selection.excludes(relative(path), kind.is_dir()) {
        return match kind.is_dir() {
            true => decided(true, Reason::Excluded, "folder with all below it"),
            false => decided(false, Reason::Excluded, ""),
        };
    }
    if selection.is_own(path, entry.depth()) {
        return decided(kind.is_dir(), Reason::OwnOutput, "");
    }
    if kind.is_dir() {
        let elsewhere = selection.one_file_system
            && entry.metadata().ok().and_then(|m| device(&m)).is_some_and(|d| Some(d) != root_device);
        return match elsewhere {
            true => decided(true, Reason::OtherFileSystem, "folder with all below it"),
            false => Judged::Descend,
        };
    }
    if kind.is_symlink() {
        return match entry.depth() {
            0 if path.is_dir() => Judged::Descend,
            0 if path.is_file() => Judged::File,
            _ => decided(false, Reason::Symlink, ""),
        };
    }
    if !kind.is_file() {
        return decided(false, Reason::SpecialFile, "");
    }
    Judged::File
}

fn item(path: &Path, meta: ItemMeta) -> Item {
    let path = ItemPath::new(printable(path));
    Item { id: item_id(&path), path, meta }
}

/// The id of an item at this path.
pub fn item_id(path: &ItemPath) -> ItemId {
    let mut id = [0; 16];
    let hasher = Sha256::new_with_prefix(path.joined());
    id.copy_from_slice(&hasher.finalize()[..16]);
    ItemId(id)
}

/// Without a leading `./`.
fn relative(path: &Path) -> &Path {
    if path.as_os_str().as_encoded_bytes().starts_with(b".") {
        return path.strip_prefix(".").unwrap_or(path);
    }
    path
}

/// The path's bytes with `/` between components and without a leading `./`.
pub(super) fn printable(path: &Path) -> Vec<u8> {
    let bytes = relative(path).as_os_str().as_encoded_bytes();
    if std::path::MAIN_SEPARATOR == '/' {
        bytes.to_vec()
    } else {
        bytes.iter().map(|b| if *b == std::path::MAIN_SEPARATOR as u8 { b'/' } else { *b }).collect()
    }
}

fn meta(entry: &DirEntry, owners: &mut Owners) -> ItemMeta {
    entry.metadata().map(|m| owners.meta(&m)).unwrap_or_default()
}

#[cfg(unix)]
pub(super) fn device(meta: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::dev(meta))
}

#[cfg(not(unix))]
pub(super) fn device(_: &Metadata) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(root: &Path, selection: &Selection) -> Vec<(String, String)> {
        let mut all = Vec::new();
        visit(&[Target::Path(root.to_path_buf())], selection, true, &mut |d| {
            let path = String::from_utf8_lossy(d.item.path.name()).replace(&*root.to_string_lossy(), "");
            let what = match d.access {
                Access::File(_) => "file".to_owned(),
                Access::Stdin => "stdin".to_owned(),
                Access::Decided(o, _) => o.reason().map_or("", Reason::code).to_owned(),
            };
            all.push((path, what));
            true
        });
        all
    }

    fn all() -> Selection {
        Selection::new(&[], &[], &[], false, &[]).expect("no globs")
    }

    #[test]
    fn hidden_and_ignored_files_are_items_and_links_and_fifos_are_recorded() {
        let dir = tempfile::tempdir().expect("temp dir");
        let root = dir.path();
        std::fs::write(root.join(".gitignore"), "secret").expect("write");
        std::fs::write(root.join("secret"), "x").expect("write");
        std::os::unix::fs::symlink("secret", root.join("link")).expect("link");
        let made = std::process::Command::new("mkfifo").arg(root.join("pipe")).status().expect("mkfifo runs");
        assert!(made.success());
        let pairs = found(root, &all());
        let want =
            [("/.gitignore", "file"), ("/link", "symlink"), ("/pipe", "special_file"), ("/secret", "file")];
        assert_eq!(pairs, want.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert!(open_regular_refuses(root));
    }

    fn open_regular_refuses(root: &Path) -> bool {
        let refused = |name: &str| super::super::open_regular(&root.join(name)).expect("no error").is_none();
        refused("link") && refused("pipe")
    }

    #[test]
    fn what_globs_leave_out_is_recorded() {
        let dir = tempfile::tempdir().expect("temp dir");
        let root = dir.path();
        std::fs::create_dir(root.join("old")).expect("mkdir");
        for name in ["a.csv", "b.log", "old/c.csv"] {
            std::fs::write(root.join(name), "x").expect("write");
        }
        let glob = |include: &[&str], exclude: &[&str]| {
            let own = |l: &[&str]| l.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
            found(root, &Selection::new(&own(include), &own(exclude), &[], false, &[]).expect("globs"))
        };
        let owned = |all: &[(&str, &str)]| {
            all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>()
        };
        let kept = [("/a.csv", "file"), ("/b.log", "excluded"), ("/old/c.csv", "file")];
        assert_eq!(glob(&["*.csv"], &[]), owned(&kept));
        assert_eq!(glob(&[], &["*.log"]), owned(&kept));
        assert_eq!(
            glob(&[], &["old"]),
            owned(&[("/a.csv", "file"), ("/b.log", "file"), ("/old", "excluded")])
        );
        assert!(Selection::new(&["[".to_owned()], &[], &[], false, &[]).is_err());
    }

    #[test]
    fn a_policy_leaves_out_what_its_globs_match_from_its_own_folder() {
        let dir = tempfile::tempdir().expect("temp dir");
        let root = dir.path();
        std::fs::create_dir_all(root.join("hr/cache/deep")).expect("mkdir");
        for name in ["hr/a.csv", "hr/cache/b.csv", "hr/cache/deep/c.csv"] {
            std::fs::write(root.join(name), "x").expect("write");
        }
        let strip = format!("{}/", root.to_string_lossy());
        let kept = |glob: &str, strip: &str, prepend: &str| {
            let selection = all().leaving_out(&[glob.to_owned()], strip, prepend).expect("a glob");
            let found = found(root, &selection);
            found.into_iter().filter(|(_, what)| what == "file").map(|(path, _)| path).collect::<Vec<_>>()
        };
        assert_eq!(kept("hr/cache/**", &strip, ""), ["/hr/a.csv"]);
        assert_eq!(kept("hr/cache/*", &strip, ""), ["/hr/a.csv"], "a folder goes with all below it");
        assert_eq!(kept("share/hr/*.csv", &strip, "share/"), ["/hr/cache/b.csv", "/hr/cache/deep/c.csv"]);
        assert_eq!(kept("hr/a.csv", "", "").len(), 3);
        assert!(all().leaving_out(&["[".to_owned()], "", "").is_err());
    }

    #[test]
    fn what_a_killed_run_left_beside_an_output_is_own_and_nothing_else() {
        let is = |name: &str| is_left_over(OsStr::new(name), Path::new("/x/out.jsonl"));
        assert!(is(".out.jsonl.a1B2c3.partial"));
        for name in ["out.jsonl", ".out.jsonl.partial", ".out.jsonl..partial", ".out.jsonl.a/b.partial"] {
            assert!(!is(name), "{name}");
        }
        assert!(!is(".other.jsonl.a1B2c3.partial") && !is("out.jsonl.a1B2c3.partial"));
    }

    #[test]
    fn own_outputs_are_skipped_and_a_target_inside_another_is_dropped() {
        let dir = tempfile::tempdir().expect("temp dir");
        let root = dir.path();
        std::fs::create_dir(root.join("out")).expect("mkdir");
        std::fs::write(root.join("out/x.csv"), "x").expect("write");
        std::fs::write(root.join("y"), "x").expect("write");
        let own = Selection::new(&[], &[], &[], false, &[root.join("out")]).expect("no globs");
        let want = [("/out".to_owned(), "own_output".to_owned()), ("/y".to_owned(), "file".to_owned())];
        assert_eq!(found(root, &own), want);
        let target = |p: PathBuf| Target::Path(p);
        let kept =
            check_targets(&[target(root.join("y")), target(root.to_path_buf()), target(root.join("out"))]);
        assert_eq!(kept.expect("exist"), [target(root.to_path_buf())]);
        assert!(check_targets(&[target(root.join("gone"))]).is_err());
    }
}
