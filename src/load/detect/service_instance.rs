//! `service.instance.id`: a random UUID.

use std::hash::{BuildHasher as _, RandomState};

use super::Attributes;

pub(super) fn attributes() -> Attributes {
    // Each state has keys from the operating system.
    let half = || u128::from(RandomState::new().hash_one(std::process::id()));
    vec![("service.instance.id", uuid(half() << 64 | half()).into())]
}

/// Returns a UUID of version 4. See RFC 9562, section 5.4.
fn uuid(random: u128) -> String {
    let bits = random & !(0xF000 << 64) & !(0xC000 << 48) | (0x4000 << 64) | (0x8000 << 48);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_a_random_uuid() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_ne!(attributes(), attributes());
    }
}
