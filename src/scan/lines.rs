//! Lines and columns, counted between consecutive places instead of by a table.

/// A place in a text: offset, line and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineCursor {
    /// Byte offset.
    pub offset: u64,
    /// From 1.
    pub line: u64,
    /// In code points, from 1.
    pub column: u64,
}

impl Default for LineCursor {
    fn default() -> Self {
        Self { offset: 0, line: 1, column: 1 }
    }
}

impl LineCursor {
    /// Moves on to the absolute offset `to`, given a stretch of the text that begins at `base`. A place that is behind, or
    /// bytes that are not there any more, leave the cursor where it is.
    pub fn advance(&mut self, bytes: &[u8], base: u64, to: u64) {
        let (Some(from), Some(until)) = (self.offset.checked_sub(base), to.checked_sub(base)) else { return };
        let Some(passed) = bytes.get(from as usize..until as usize) else { return };
        let rest = match memchr::memrchr(b'\n', passed) {
            Some(last) => {
                self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
                self.column = 1;
                &passed[last + 1..]
            }
            None => passed,
        };
        self.column += rest.iter().filter(|b| (**b as i8) >= -0x40).count() as u64;
        self.offset = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_code_points_and_any_path_leads_to_the_same_place() {
        let text = "åä\nböc\n\nd".as_bytes();
        let place = |steps: &[u64]| {
            let mut cursor = LineCursor::default();
            steps.iter().for_each(|to| cursor.advance(text, 0, *to));
            (cursor.line, cursor.column)
        };
        assert_eq!(place(&[0]), (1, 1));
        assert_eq!(place(&[4]), (1, 3));
        assert_eq!(place(&[8]), (2, 3));
        assert_eq!(place(&[2, 5, 8]), (2, 3));
        assert_eq!(place(&[11]), (4, 1));
        assert_eq!(place(&[5, 3, 11]), (4, 1));
    }
}
