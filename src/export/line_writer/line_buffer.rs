//! The buffer for lines of this thread.

use std::cell::RefCell;

thread_local! {
    /// Reused from line to line.
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The largest buffer that is kept for the next line.
const MAX_KEPT: usize = 64 * 1024;

/// Calls `write` with an empty buffer.
#[inline]
pub(crate) fn with_line(mut write: impl FnMut(&mut String)) {
    let written = LINE.try_with(|line| {
        let mut line = line.try_borrow_mut().ok()?;
        line.clear();
        write(&mut line);
        if line.capacity() > MAX_KEPT {
            *line = String::new();
        }
        Some(())
    });
    // The thread ends, or a value or the writer of the console logs itself.
    if !matches!(written, Ok(Some(()))) {
        write(&mut String::new());
    }
}
