//! The table of the specification, "Configuration Data Model", "Environment variable substitution".

use crate::load::{
    declarative::{
        fault::Fault,
        node::{Content, Node},
        parse::parse,
        variables::Variables,
    },
    environment::Environment,
};

fn environment() -> Environment {
    Environment::new([
        ("STRING_VALUE", "value"),
        ("BOOL_VALUE", "true"),
        ("INT_VALUE", "1"),
        ("FLOAT_VALUE", "1.1"),
        ("HEX_VALUE", "0xdeadbeef"),
        ("INVALID_MAP_VALUE", "value\nkey:value"),
        ("DO_NOT_REPLACE_ME", "Never use this value"),
        ("REPLACE_ME", "${DO_NOT_REPLACE_ME}"),
        ("VALUE_WITH_ESCAPE", "value$$"),
        ("EMPTY", ""),
    ])
}

fn read(text: &str) -> Result<Node, Vec<Fault>> {
    let environment = environment();
    let mut faults = Vec::new();
    match parse(text, &Variables::new(&environment), &mut faults) {
        Ok(node) if faults.is_empty() => Ok(node),
        Ok(_) => Err(faults),
        Err(fault) => Err(vec![fault]),
    }
}

fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

#[test]
fn references_have_the_types_of_the_specification() {
    for (yaml, expected) in [
        ("${STRING_VALUE}", text("value")),
        ("${BOOL_VALUE}", Content::Boolean(true)),
        ("${INT_VALUE}", Content::Integer(1)),
        ("${FLOAT_VALUE}", Content::Float(1.1)),
        ("${HEX_VALUE}", Content::Integer(3_735_928_559)),
        ("\"${STRING_VALUE}\"", text("value")),
        ("\"${BOOL_VALUE}\"", text("true")),
        ("\"${INT_VALUE}\"", text("1")),
        ("\"${FLOAT_VALUE}\"", text("1.1")),
        ("\"${HEX_VALUE}\"", text("0xdeadbeef")),
        ("${env:STRING_VALUE}", text("value")),
        ("${INVALID_MAP_VALUE}", text("value\nkey:value")),
        ("foo ${STRING_VALUE} ${FLOAT_VALUE}", text("foo value 1.1")),
        ("${UNDEFINED_KEY}", Content::Null),
        ("\"${UNDEFINED_KEY}\"", text("")),
        ("${UNDEFINED_KEY:-fallback}", text("fallback")),
        ("${EMPTY:-5}", Content::Integer(5)),
        ("${UNDEFINED_KEY:-${STRING_VALUE}}", text("${STRING_VALUE}")),
        ("${REPLACE_ME}", text("${DO_NOT_REPLACE_ME}")),
        ("$${STRING_VALUE}", text("${STRING_VALUE}")),
        ("$$${STRING_VALUE}", text("$value")),
        ("$$$${STRING_VALUE}", text("$${STRING_VALUE}")),
        ("$${STRING_VALUE:-fallback}", text("${STRING_VALUE:-fallback}")),
        ("$${STRING_VALUE:-${STRING_VALUE}}", text("${STRING_VALUE:-value}")),
        ("${UNDEFINED_KEY:-$${UNDEFINED_KEY}}", text("${UNDEFINED_KEY:-${UNDEFINED_KEY}}")),
        ("${VALUE_WITH_ESCAPE}", text("value$$")),
        ("a $$ b", text("a $ b")),
        ("a $ b", text("a $ b")),
        ("!!str ${INT_VALUE}", text("1")),
    ] {
        let root = read(&format!("key: {yaml}\n")).unwrap();
        assert_eq!(root.get("key").unwrap().content, expected, "{yaml}");
    }
}

#[test]
fn key_is_not_substituted() {
    let root = read("${STRING_VALUE}: value\n").unwrap();
    assert_eq!(root.entries()[0].key, "${STRING_VALUE}");
}

#[test]
fn invalid_references_are_errors_at_their_scalars() {
    for yaml in [
        "${STRING_VALUE:?error}",
        "${1A}",
        "${}",
        "\"${\"",
        "${file:/etc/passwd}",
        "${sys:user.name}",
        "\"${A:-a\n\n  b}\"",
        "\"${STRING_VALUE}\"${INT_VALUE}",
    ] {
        let faults = read(&format!("a: 1\nkey: {yaml}\n")).expect_err(yaml);
        assert_eq!(faults[0].place.line, 2, "{yaml}: {faults:?}");
    }
    let faults = read("key: ${file:x}\n").unwrap_err();
    assert!(faults[0].error.message.contains("file:"), "{faults:?}");
}

#[test]
fn places_are_those_of_values_and_of_keys_without_one() {
    let root = read("ä: \"x\"\nempty:\nblock: |\n  text\nlist:\n  - a\n  - b: 1\n").unwrap();
    let place = |node: &Node| (node.place.line, node.place.column);
    assert_eq!(place(root.get("ä").unwrap()), (1, 4));
    assert_eq!(place(root.get("empty").unwrap()), (2, 1));
    let list = root.get("list").unwrap();
    assert_eq!(place(&list.items()[0]), (6, 5));
    assert_eq!(list.items()[1].get("b").unwrap().path, "list[1].b");
}
