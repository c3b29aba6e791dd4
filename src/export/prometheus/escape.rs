//! Characters that names of metrics cannot have.

/// Appends `text` with `_` for all characters that a name cannot have. Consecutive `_` become one.
pub(super) fn push_escaped(name: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == ':' {
            name.push(c);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
}
