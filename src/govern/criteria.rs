//! Criteria of frameworks, and what each control test says about them: `controls/*.toml`.

/// All criteria that this build knows.
#[derive(Clone, Debug, Default)]
pub struct Criteria {}

impl Criteria {
    /// Criteria that the test bears on, as `framework:id`.
    pub fn links_of(&self, _test_id: &str) -> Vec<String> {
        Vec::new()
    }
}
