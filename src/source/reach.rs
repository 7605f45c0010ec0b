//! Whether a system's root is there, before and beside what is scanned of it.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::files::device;
use crate::model::Reach;

/// What became of a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// `Reached`, `Missing`, `Unmounted` or `Unreadable`. Folders below it are not looked at.
    pub reach: Reach,
    /// The absolute path with links resolved; as declared where that does not exist.
    pub resolved: PathBuf,
    /// Number of the device it is on, where the system has such.
    pub device: Option<u64>,
}

/// Looks at `root`: whether it exists, can be listed (a file: opened), and, if it is declared a `mount` point, whether
/// something is mounted there: its device is not that of the folder around it.
pub fn reach(root: &Path, mount: bool) -> Reached {
    let not = |reach| Reached { reach, resolved: root.to_path_buf(), device: None };
    let of_error = |kind| match kind {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Reach::Missing,
        _ => Reach::Unreadable,
    };
    let (resolved, meta) = match root.canonicalize().and_then(|path| path.metadata().map(|meta| (path, meta)))
    {
        Ok(found) => found,
        Err(e) => return not(of_error(e.kind())),
    };
    let device = device(&meta);
    let reach = if mount && !is_mount(&resolved, device) {
        Reach::Unmounted
    } else {
        let listed = match () {
            () if meta.is_dir() => {
                std::fs::read_dir(&resolved).and_then(|mut all| all.next().transpose().map(|_| ()))
            }
            () if meta.is_file() => File::open(&resolved).map(|_| ()),
            () => Err(ErrorKind::Unsupported.into()),
        };
        listed.map_or_else(|e| of_error(e.kind()), |()| Reach::Reached)
    };
    Reached { reach, resolved, device }
}

/// Whether something is mounted at `path`; assumed where the system does not number its devices.
fn is_mount(path: &Path, here: Option<u64>) -> bool {
    match path.parent() {
        None => true,
        Some(parent) => here.is_none() || parent.metadata().ok().and_then(|m| device(&m)) != here,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_root_is_reached_missing_unmounted_or_unreadable() {
        let dir = tempfile::tempdir().expect("temp dir");
        let root = dir.path().canonicalize().expect("exists");
        std::fs::write(root.join("file"), "x").expect("write");
        std::fs::create_dir(root.join("empty")).expect("mkdir");
        std::os::unix::fs::symlink(root.join("empty"), root.join("link")).expect("link");
        let of = |name: &str, mount| reach(&root.join(name), mount);
        for name in ["", "file", "empty", "link"] {
            let found = of(name, false);
            assert_eq!(found.reach, Reach::Reached, "{name}");
            assert!(found.device.is_some(), "{name}");
        }
        assert_eq!(of("link", false).resolved, root.join("empty"));
        let gone = of("gone/deeper", false);
        assert_eq!(
            (gone.reach, gone.resolved, gone.device),
            (Reach::Missing, root.join("gone/deeper"), None)
        );
        assert_eq!(of("file/below", true).reach, Reach::Missing);
        // A folder that stayed behind when its volume did not come.
        assert_eq!(of("empty", true).reach, Reach::Unmounted);
    }

    #[test]
    fn a_mount_point_is_told_by_its_device() {
        assert_eq!(reach(Path::new("/"), true).reach, Reach::Reached);
        let (proc, parent) = (Path::new("/proc").metadata(), Path::new("/").metadata());
        if let (Ok(proc), Ok(parent)) = (proc, parent)
            && device(&proc) != device(&parent)
        {
            assert_eq!(reach(Path::new("/proc"), true).reach, Reach::Reached);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_listed_is_unreadable() {
        let dir = tempfile::tempdir().expect("temp dir");
        let closed = dir.path().join("closed");
        std::fs::create_dir(&closed).expect("mkdir");
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).expect("chmod");
        // Whoever may read everything can read this too.
        let refused = std::fs::read_dir(&closed).is_err();
        let found = reach(&closed, false).reach;
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).expect("chmod");
        assert_eq!(found, if refused { Reach::Unreadable } else { Reach::Reached });
    }
}
