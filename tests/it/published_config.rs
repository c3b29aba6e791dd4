//! Checks of the configuration files that the documentation shows.

use test_support::with_file;

/// The variables that these files refer to.
const VARIABLES: [(&str, &str); 9] = [
    ("OTLP_TOKEN", "token"),
    ("LOGFIRE_TOKEN", "token"),
    ("POD_NAME", "checkout-7d4b9"),
    ("POD_NAMESPACE", "shop"),
    ("POD_UID", "5f1c"),
    ("NODE_NAME", "node-1"),
    ("NODE_IP", "10.0.0.1"),
    ("CREDENTIALS_DIRECTORY", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/credentials")),
    ("LOGS_DIRECTORY", "/var/log/checkout"),
];

/// Asserts that a file with this text has no problem, without a profile and with each of its
/// profiles.
pub(crate) fn assert_loads(text: &str, name: &str) {
    let names = text.lines().filter_map(|line| line.strip_prefix("[profiles.")?.split(['.', ']']).next());
    for profile in names.map(Some).chain([None]) {
        let (mut builder, _directory) = with_file(text, &VARIABLES);
        if let Some(profile) = profile {
            builder = builder.profile(profile);
        }
        // A program may set the name itself.
        let explained = builder.service_name("example").explain();
        assert_eq!(
            (explained.errors(), explained.warnings()),
            (&[][..], &[][..]),
            "{name}, profile {profile:?}"
        );
    }
}
