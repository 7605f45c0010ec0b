//! Records to bytes. The only room that names output columns, and that escapes what came from content.
