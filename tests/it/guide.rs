//! The code blocks, links and outputs of the README and the guide are correct.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use autotelemetry::{prelude::*, testing};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use test_support::{
    golden,
    guide::{CHAPTERS, Document, block, blocks, chapters, documents},
    process, with_file,
};

use crate::published_config;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The chapter that is the page of the module `guide` itself.
const INTRODUCTION: &str = "introduction";

/// The page of a file in the published package.
const PACKAGE: &str = "https://docs.rs/crate/autotelemetry/latest/source/";

/// The page of the guide in the published documentation.
const GUIDE: &str = "https://docs.rs/autotelemetry/latest/autotelemetry/guide/";

#[test]
fn toml_blocks_load_without_problems() {
    let blocks = blocks("toml");
    // Cargo.toml is TOML too.
    let blocks: Vec<_> = blocks.iter().filter(|block| !block.contains("[dependencies]")).collect();
    assert!(blocks.len() >= 25, "{}", blocks.len());
    for block in blocks {
        published_config::assert_loads(block, block);
    }
}

#[test]
fn config_map_loads_without_problems() {
    let yaml = block("yaml", "kind: ConfigMap");
    let (_, text) = yaml.split_once("  autotelemetry.toml: |\n").unwrap();
    let text: String = text
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("    "))
        .flat_map(|line| [line.get(4..).unwrap_or_default(), "\n"])
        .collect();
    assert!(text.contains("[profiles.production.traces]"), "{text}");
    published_config::assert_loads(&text, "the config map");
}

#[test]
fn failed_assertion_matches_the_example() {
    let (tools, telemetry) =
        testing::builder().deterministic_ids().clock(std::time::SystemTime::UNIX_EPOCH).build();
    let span = tools.tracer("shop").start_as_current_span("pack");
    tools.logger("shop").error("out of boxes", &[KeyValue::new("left", 0)]);
    span.set_status(Status::error("out of boxes"));
    drop(span);
    tools.meter("shop").u64_counter("parcels").build().add(1, &[]);
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        telemetry.assert_span("pack").with_parent("order");
    }));
    let message = failed.expect_err("it fails").downcast::<String>().unwrap();
    assert!(blocks("text").contains(&*message), "{message}");
}

/// Returns the link definitions of a document: the label and the target of each.
fn definitions(document: &Document) -> Vec<(String, String)> {
    let lines = document.prose();
    let lines = lines.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    lines.map(|(label, target)| (label.to_owned(), target.to_owned())).collect()
}

/// Returns the targets of the links that a text contains itself.
fn inline_targets(document: &Document) -> Vec<String> {
    let prose = document.prose();
    let targets = prose.split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned());
    let urls = prose.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0.to_owned()));
    targets.chain(urls.filter(|url| url.starts_with("http"))).collect()
}

/// Returns the labels of the links that refer to a definition.
fn used_labels(document: &Document) -> BTreeSet<String> {
    let prose = document.prose().replace('\n', " ");
    prose.split("][").skip(1).map(|rest| rest.split(']').next().unwrap().to_owned()).collect()
}

/// Returns the chapter and the anchor that a target such as `metrics.md#views` names.
fn chapter_target(target: &str) -> (&str, &str) {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    (file.trim_end_matches(".md"), anchor)
}

fn assert_chapter_exists(chapters: &[Document], chapter: &str, anchor: &str, place: &str) {
    let found = chapters.iter().find(|document| document.name() == chapter);
    let found = found.unwrap_or_else(|| panic!("{place}: there is no chapter {chapter}"));
    let has_anchor = anchor.is_empty() || found.anchors().iter().any(|found| found == anchor);
    assert!(has_anchor, "{place}: chapter {chapter} has no heading for #{anchor}");
}

/// Asserts that a link without a definition leads somewhere on the page of a registry.
fn assert_target_exists(
    target: &str,
    document: &Document,
    chapters: &[Document],
    package_files: &BTreeSet<String>,
) {
    let place = &*document.path;
    if let Some(path) = target.strip_prefix(PACKAGE) {
        assert!(package_files.contains(path), "{place}: the package has no {path}");
    } else if let Some(page) = target.strip_prefix(GUIDE) {
        let (page, anchor) = page.split_once('#').unwrap_or((page, ""));
        let page = page.strip_suffix("index.html").unwrap_or_else(|| panic!("{place}: {target}"));
        let chapter = page.strip_suffix('/').unwrap_or(INTRODUCTION);
        assert_chapter_exists(chapters, chapter, anchor, place);
    } else if let Some(anchor) = target.strip_prefix('#') {
        assert!(document.anchors().iter().any(|found| found == anchor), "{place}: {target}");
    } else {
        // A path leads nowhere on the page of a registry or of rustdoc.
        assert!(target.starts_with("http"), "{place}: {target} is not absolute");
    }
}

/// Returns the files of the published package.
fn package_files() -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(ROOT).args(["package", "--list", "--allow-dirty", "--offline", "--quiet"]);
    let output = process::run(command);
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn links_lead_to_chapters_and_files_of_the_package() {
    let chapters = chapters();
    let files = package_files();
    let mut links = 0;
    for document in documents().into_iter().chain([Document::read("cli/README.md")]) {
        let place = &*document.path;
        for target in inline_targets(&document) {
            links += 1;
            assert_target_exists(&target, &document, &chapters, &files);
        }
        for (label, target) in definitions(&document) {
            links += 1;
            if target.starts_with("images/") {
                assert!(files.contains(&format!("{CHAPTERS}/{target}")), "{place}: there is no {target}");
            } else if target.starts_with("https://") {
                assert_target_exists(&target, &document, &chapters, &files);
            } else {
                let (chapter, anchor) = chapter_target(&target);
                assert_chapter_exists(&chapters, chapter, anchor, place);
                assert_eq!(label, target.replacen(".md", "", 1), "{place}: the label of {target}");
            }
        }
    }
    assert!(links > 95, "{links}");
}

#[test]
fn link_definitions_and_headings_are_unique_and_used() {
    for document in documents() {
        let place = &*document.path;
        let definitions = definitions(&document);
        let labels: BTreeSet<_> = definitions.iter().map(|(label, _)| label.clone()).collect();
        assert_eq!(labels.len(), definitions.len(), "{place}: a label is defined twice");
        assert_eq!(labels, used_labels(&document), "{place}: definitions and labels in the text");
        let anchors = document.anchors();
        assert_eq!(anchors.iter().collect::<BTreeSet<_>>().len(), anchors.len(), "{place}: {anchors:?}");
    }
}

/// The definitions of links that `src/guide/links.md` replaces in the modules of the guide.
#[test]
fn links_between_modules_are_current() {
    let mut links = BTreeMap::new();
    let definitions = chapters().iter().flat_map(definitions).collect::<Vec<_>>();
    for (label, target) in definitions.into_iter().filter(|(_, target)| !target.starts_with("https://")) {
        let target = if let Some(image) = target.strip_prefix("images/") {
            let image = fs::read(Path::new(ROOT).join(CHAPTERS).join("images").join(image)).unwrap();
            format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(image))
        } else {
            let (chapter, anchor) = chapter_target(&target);
            let module = match chapter {
                INTRODUCTION => "crate::guide".to_owned(),
                chapter => format!("crate::guide::{chapter}"),
            };
            if anchor.is_empty() { module } else { format!("{module}#{anchor}") }
        };
        links.insert(label, target);
    }
    let links: Vec<_> = links.iter().map(|(label, target)| format!("[{label}]: {target}\n")).collect();
    golden::assert_current(&Path::new(ROOT).join("src/guide/links.md"), &links.concat());
}

#[test]
fn problems_of_a_file_match_the_example() {
    let text = "[service]\nname = \"checkout\"\n\n\n\n\n\n\n\n\n\n[traces]\nsampler = \"traceidratio\"\n\
                sampler_arg = 1.5\n\n\n\n\n\n[otlp]\nprotocol = \"grpc\"\nendpiont = \"http://collector:4317\"\n";
    let (builder, directory) = with_file(text, &[]);
    let error = builder.build().unwrap_err().to_string();
    let error = error.replace(&format!("{}/", directory.path().display()), "");
    assert!(blocks("text").contains(&format!("{error}\n")), "{error}");
}

#[test]
fn start_line_matches_the_example() {
    let directory = tempfile::tempdir().unwrap();
    let text = "[service]\nname = \"checkout\"\nversion = \"1.4.2\"\n[profiles.production]\n\
                otlp = { protocol = \"grpc\", endpoint = \"http://collector:4317\" }\n\
                metrics = { exporters = [\"prometheus\"] }\nlogs = { exporters = [\"console\"] }\n";
    fs::write(directory.path().join("autotelemetry.toml"), text).unwrap();
    let mut program = process::function("it::init", "child_inits");
    program.current_dir(directory.path()).env("KIND", "none").env("AUTOTEL_PROFILE", "production");
    program.env("AUTOTEL_PROMETHEUS__PORT", "0").env("AUTOTEL_SHUTDOWN_TIMEOUT", "10ms");
    let stderr = String::from_utf8(process::run(program).stderr).unwrap();
    let line = stderr.lines().next().unwrap();
    let (before, after) = line.split_once("(http://127.0.0.1:").unwrap();
    let (_port, after) = after.split_once('/').unwrap();
    let line = format!("{before}(http://127.0.0.1:9464/{after}\n");
    let examples = blocks("text").into_iter().filter(|block| block.contains(&line)).count();
    assert_eq!(examples, 2, "in the README and in the guide: {line}");
}

/// Each chapter is in the table of contents and a module of `guide`, in the same order.
#[test]
fn chapters_are_in_the_table_of_contents_and_in_modules() {
    let summary = Document::read(&format!("{CHAPTERS}/SUMMARY.md"));
    let targets = inline_targets(&summary);
    let listed: Vec<_> = targets.iter().map(|target| chapter_target(target).0).collect();
    let chapters = chapters();
    let mut sorted = listed.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, chapters.iter().map(Document::name).collect::<Vec<_>>());

    let modules = fs::read_to_string(Path::new(ROOT).join("src/guide/mod.rs")).unwrap();
    let (_, modules) = modules.split_once("\nchapters! {\n").unwrap();
    let modules: Vec<_> = modules.trim_end_matches("}\n").split_whitespace().collect();
    assert_eq!(listed[1..], modules);
    assert_eq!(listed[0], INTRODUCTION);

    for (target, line) in targets.iter().zip(summary.text.lines().filter(|line| line.contains("]("))) {
        let title = line.trim_start_matches(['-', ' ', '[']).split("](").next().unwrap();
        let chapter = Document::read(&format!("{CHAPTERS}/{target}"));
        assert_eq!(chapter.text.lines().next(), Some(&*format!("# {title}")), "{target}");
    }
}
