//! Words that are nearly right.

/// The known word nearest to `word`, if it is near enough to be meant.
pub(super) fn near<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    // Distances cost length times length; nobody mistypes this much.
    if word.len() > 64 {
        return None;
    }
    let lower = word.to_lowercase();
    let most = (lower.chars().count() / 3).max(1);
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        match candidate.len() > 2 && lower.starts_with(&candidate)
            || lower.len() > 2 && candidate.starts_with(&lower)
        {
            true => 1,
            false => strsim::osa_distance(&lower, &candidate),
        }
    };
    let nearest = known.map(|candidate| (distance(candidate), candidate)).min()?;
    (nearest.0 <= most).then(|| nearest.1.to_owned())
}

/// Words as a sentence lists them, the first twelve of many.
pub(super) fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.collect();
    let shown: Vec<String> = words.iter().take(12).map(|w| crate::govern::printable(w)).collect();
    let more = if words.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_offered_and_what_is_far_is_not() {
        let known = ["contact.email", "contact.phone", "gov.national_id", "pay.pan"];
        let near = |word: &str| near(word, known.iter().copied());
        assert_eq!(near("contact.emial").as_deref(), Some("contact.email"));
        assert_eq!(near("Contact.Email").as_deref(), Some("contact.email"));
        assert_eq!(near("gov.national-id").as_deref(), Some("gov.national_id"));
        assert_eq!(near("contact.emails").as_deref(), Some("contact.email"));
        assert_eq!(near("salary"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"x".repeat(1 << 20)), None);
    }
}
