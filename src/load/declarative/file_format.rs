//! The version of the schema that a file is written for.

use super::{
    fault::Fault,
    node::{Content, Node},
};
use crate::config::value::ParseError;

/// The greatest minor version that is known.
const MINOR: u32 = 1;

/// Returns the version; a warning if it is newer than this library.
pub(super) fn check(root: &Node) -> Result<(String, Option<Fault>), Fault> {
    const HELP: &str = "write `file_format: \"1.0\"` or `file_format: \"1.1\"`";
    let error = |message: &str| ParseError::of_key(message).with_help(HELP);
    if !matches!(root.content, Content::Mapping(_) | Content::Null) {
        return Err(Fault::at(
            root,
            ParseError::new(format!("{}, not a mapping", root.type_name())).with_help(HELP),
        ));
    }
    let Some(node) = root.entries().iter().find(|entry| entry.key == "file_format").map(|entry| &entry.value)
    else {
        return Err(Fault::at_key(root, error("requires `file_format`")));
    };
    let text = match &node.content {
        Content::Text(text) => text,
        Content::Refused => return Err(Fault::at(node, error("is not a version"))),
        Content::Null => return Err(Fault::at_key(node, error("has no value"))),
        _ => return Err(Fault::at(node, error(&format!("{}, not a string", node.type_name())))),
    };
    let core = text.split_once('-').map_or(text.as_str(), |(core, _)| core);
    let is_number =
        |part: &&str| !part.is_empty() && part.len() < 9 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<u32> = core.split('.').filter(is_number).filter_map(|part| part.parse().ok()).collect();
    match (parts.as_slice(), core.split('.').count()) {
        ([1, minor], 2) if *minor <= MINOR => Ok((text.clone(), None)),
        ([1, _], 2) => {
            let warning =
                ParseError::new(format!("\"{text}\" is newer than 1.{MINOR}; new nodes are not known"));
            Ok((text.clone(), Some(Fault::at(node, warning))))
        }
        ([_, _], 2) => Err(Fault::at(node, error(&format!("the version \"{text}\" is not supported")))),
        _ => Err(Fault::at(node, error(&format!("\"{text}\" is not a version")))),
    }
}
