//! Where items come from. Knows places and never formats.
