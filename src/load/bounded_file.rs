//! Reads files that may have been replaced by anything while the program runs.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// The largest accepted file.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Reads a regular file of at most 4 MiB.
pub(crate) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    // Before opening: to open a pipe would block until its other end is opened.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is larger than 4 MiB"));
    }
    Ok(content)
}
