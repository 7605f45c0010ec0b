//! Globs of a policy, over paths of items.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::Member;

/// Compiled globs of one list.
#[derive(Default)]
pub struct Globs {
    set: GlobSet,
    /// Place in the list of each glob of the set.
    places: Vec<usize>,
    any: bool,
}

impl Globs {
    /// Compiles a list; what does not compile matches nothing (`policy check` refuses it).
    pub fn new(globs: &[String]) -> Self {
        let (mut set, mut places) = (GlobSetBuilder::new(), Vec::new());
        for (place, glob) in globs.iter().enumerate() {
            if let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).build() {
                set.add(glob);
                places.push(place);
            }
        }
        Self { set: set.build().unwrap_or_else(|_| GlobSet::empty()), places, any: !globs.is_empty() }
    }

    /// Whether one matches the item or the outermost file around it.
    pub fn matches(&self, member: &Member<'_>) -> bool {
        self.matches_path(&member.path) || (!member.is_outermost() && self.set.is_match(member.outermost()))
    }

    /// Places in the list of all that match the item or the outermost file around it.
    pub fn places<'g>(&'g self, member: &Member<'_>) -> impl Iterator<Item = usize> + 'g {
        let mut found = self.set.matches(&member.path);
        if !member.is_outermost() {
            found.extend(self.set.matches(member.outermost()));
        }
        found.into_iter().map(|at| self.places[at])
    }

    /// Whether one matches this path.
    pub fn matches_path(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        !self.any
    }
}

/// The beginning of a glob that holds no wildcard, without a leading `./`.
pub fn literal_beginning(glob: &str) -> &str {
    let glob = glob.trim_start_matches("./");
    glob.find(['*', '?', '[', '{', '\\']).map_or(glob, |end| &glob[..end])
}

/// Whether a glob may match something in the file at this path, an entry of an archive. In doubt it may.
pub fn may_match_inside(glob: &str, path: &str) -> bool {
    let glob = glob.trim_start_matches("./");
    let around = format!("{path}!");
    // Separators in there part no names.
    if glob.contains(['{', '\\', '[']) {
        let beginning = literal_beginning(glob);
        return around.starts_with(beginning) || beginning.starts_with(&around);
    }
    let (glob, around): (Vec<&str>, Vec<&str>) = (glob.split('/').collect(), around.split('/').collect());
    leads_into(&glob, &around)
}

fn leads_into(glob: &[&str], folders: &[&str]) -> bool {
    match (glob.split_first(), folders.split_first()) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some((first, rest)), Some((folder, more))) => {
            let one = [(*first).to_owned()];
            (*first == "**" && (leads_into(rest, folders) || leads_into(glob, more)))
                || (Globs::new(&one).matches_path(folder) && leads_into(rest, more))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::may_match_inside;

    #[test]
    fn a_glob_that_leads_into_an_archive_is_known() {
        for (glob, path, want) in [
            ("hr/**", "hr/a.zip", true),
            ("**/letter.txt", "hr/a.zip", true),
            ("hr/*.zip!/**", "hr/a.zip", true),
            ("./hr/a.zip!/b.txt", "hr/a.zip", true),
            ("hr/{a,b}.zip!/x", "hr/a.zip", true),
            ("*/a.zip!/*", "hr/a.zip", true),
            ("hr/old*", "hr/a.zip", false),
            ("hr/*", "hr/a.zip", false),
            ("hr/b.zip!/**", "hr/a.zip", false),
            ("crm/**", "hr/a.zip", false),
            ("crm/{a,b}/**", "hr/a.zip", false),
        ] {
            assert_eq!(may_match_inside(glob, path), want, "{glob} {path}");
        }
    }
}
