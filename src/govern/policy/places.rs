//! Where globs and roots of a policy lie.

/// A root without `./` before and `/` behind it; empty for the policy's own folder.
pub fn plain_root(root: &str) -> &str {
    match root.trim_start_matches("./").trim_end_matches('/') {
        "." => "",
        plain => plain,
    }
}

/// Whether the glob's literal beginning and the root lie in one another: whether the glob could match something there.
pub fn overlaps(glob: &str, root: &str) -> bool {
    let root = plain_root(root);
    if root.is_empty() {
        return true;
    }
    let root = format!("{root}/");
    let wild = glob.find(['*', '?', '[', '{', '\\']);
    let literal = match wild {
        Some(at) => glob[..at].to_owned(),
        None => format!("{}/", glob.trim_end_matches('/')),
    };
    root.starts_with(&literal) || literal.starts_with(&root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_and_a_root_lie_in_one_another_or_do_not() {
        for (glob, root) in [
            ("hr/payroll/**", "hr"),
            ("hr/**", "hr/payroll"),
            ("hr/pay*/**", "hr/payroll/"),
            ("**/x.csv", "crm"),
            ("hr", "./hr/"),
            ("anything", "."),
            ("hr/a.csv", "hr"),
            ("hr/a.csv", "hr/a.csv"),
            ("{hr,crm}/**", "crm"),
        ] {
            assert!(overlaps(glob, root), "{glob} {root}");
        }
        for (glob, root) in [
            ("hrx/**", "hr"),
            ("hr/**", "hrx"),
            ("crm/*", "hr"),
            ("hr/payroll/**", "hr/applicants"),
            ("HR/**", "hr"),
        ] {
            assert!(!overlaps(glob, root), "{glob} {root}");
        }
    }
}
