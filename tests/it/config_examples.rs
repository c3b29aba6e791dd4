//! The example files load.

use crate::published_config;
use std::{fs, path::Path};

#[test]
fn example_files_load_without_problems() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for directory in ["config-examples", "examples"] {
        for entry in fs::read_dir(root.join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                published_config::assert_loads(
                    &fs::read_to_string(&path).unwrap(),
                    &path.display().to_string(),
                );
                count += 1;
            }
        }
    }
    assert!(count >= 13, "there are {count} files");
}
