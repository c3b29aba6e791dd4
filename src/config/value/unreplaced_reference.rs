//! References in the syntax of other programs, which were meant to be replaced before.

/// Returns the first reference in an address: `$(NAME)` of Kubernetes, `${NAME}` and `$NAME` of
/// shells, `{{…}}` of templates, `<NAME>` and `%NAME%`.
pub(crate) fn unreplaced_reference(address: &str) -> Option<&str> {
    address.char_indices().find_map(|(at, character)| {
        let text = &address[at..];
        let end = match (character, text.as_bytes().get(1)?) {
            ('$', b'(') => text.find(')')? + 1,
            ('$', b'{') => text.find('}')? + 1,
            ('{', b'{') => text.find("}}")? + 2,
            ('<', _) => text.find('>')? + 1,
            ('%', first) if first.is_ascii_alphabetic() || *first == b'_' => {
                let name = &text[1..=text[1..].find('%')?];
                // Percent-encoded characters may stand on both sides of two digits.
                if name.len() < 3 || !name.chars().all(is_name_part) || is_encoded(name) {
                    return None;
                }
                name.len() + 2
            }
            ('$', first) if first.is_ascii_alphabetic() || *first == b'_' => {
                1 + text[1..].find(|c| !is_name_part(c)).unwrap_or(text.len() - 1)
            }
            _ => return None,
        };
        Some(&text[..end])
    })
}

fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Returns whether `name` begins as a percent-encoded character does, and may be a part of a path.
fn is_encoded(name: &str) -> bool {
    name.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
        && !name.bytes().any(|byte| byte.is_ascii_uppercase() && !byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_other_programs_are_found() {
        for (address, expected) in [
            ("http://$(NODE_IP):4318", Some("$(NODE_IP)")),
            ("http://collector:$(PORT)/x", Some("$(PORT)")),
            ("http://${HOST}:4318", Some("${HOST}")),
            ("http://$HOST:4318", Some("$HOST")),
            ("http://c/$_A", Some("$_A")),
            ("{{ .Values.host }}:4317", Some("{{ .Values.host }}")),
            ("http://<host>:4318", Some("<host>")),
            ("http://%HOST%:4318", Some("%HOST%")),
            ("http://c:4318/%CLUSTER%/x", Some("%CLUSTER%")),
            ("http://c:4318/%ADDRESS%", Some("%ADDRESS%")),
            ("http://c/%C3%BC", None),
            ("http://c/%C3abc%BC", None),
            ("http://collector:4318/a$", None),
            ("http://collector:4318/$1", None),
            ("http://collector:4318/$(a", None),
            ("http://ä:4318", None),
        ] {
            assert_eq!(unreplaced_reference(address), expected, "{address}");
        }
    }
}
