//! The images of the guide: terminals after real runs. To draw them again:
//! `cargo build --examples && UPDATE_GOLDEN=1 cargo test --test collector guide_images`.
//! Then update the copies of the images: `UPDATE_GOLDEN=1 cargo test --test it guide readme`.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use test_support::{
    drawing::{self, MARGIN, WIDTH},
    golden, process,
    programs::Program,
    require, terminal,
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The columns of the terminal.
const COLUMNS: u16 = 118;
/// The height of a row, in pixels.
const HEIGHT: f32 = 17.0;

/// Returns the screen after `line` has run on a terminal.
fn screen(line: &str, directory: &Path) -> vt100::Parser {
    let mut recording = terminal::record(line, COLUMNS, |script| {
        script.current_dir(directory);
    });
    // The directory differs in each run.
    recording.output = recording.output.replace(&format!("{}/", directory.display()), "");
    recording.replay(60)
}

/// Returns the rows of a screen up to the last non-empty one.
fn rows(screen: &vt100::Screen) -> Vec<String> {
    let rows: Vec<_> = screen.rows(0, COLUMNS).collect();
    let used = rows.iter().rposition(|row| !row.trim().is_empty()).map_or(0, |last| last + 1);
    rows[..used].to_vec()
}

fn color(cell: &vt100::Cell) -> &'static str {
    match cell.fgcolor() {
        vt100::Color::Idx(1 | 9) => "#ff7b72",
        vt100::Color::Idx(2 | 10) => "#7ee787",
        vt100::Color::Idx(3 | 11) => "#e3b341",
        vt100::Color::Idx(4 | 12) => "#79c0ff",
        vt100::Color::Idx(6 | 14) => "#56d4dd",
        _ if cell.dim() => "#8b949e",
        _ => "#e6edf3",
    }
}

fn svg(screen: &vt100::Screen) -> String {
    let rows = u16::try_from(rows(screen).len()).unwrap();
    let (width, height) = (f32::from(COLUMNS) * WIDTH + 20.0, f32::from(rows) * HEIGHT + 20.0);
    let mut out = String::new();
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" font-size=\"12\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#0d1117\"/>"
    )
    .unwrap();
    for row in 0..rows {
        // Adjacent cells of one style form one text, so that other font widths distort little.
        let mut runs: Vec<(u16, &'static str, bool, String)> = Vec::new();
        for column in 0..COLUMNS {
            let cell = screen.cell(row, column).unwrap();
            let text = if cell.has_contents() { cell.contents() } else { " " };
            match runs.last_mut() {
                Some((_, fill, bold, run)) if (*fill, *bold) == (color(cell), cell.bold()) => {
                    run.push_str(text);
                }
                _ => runs.push((column, color(cell), cell.bold(), text.to_owned())),
            }
        }
        for (column, fill, bold, text) in runs.iter().filter(|(.., text)| !text.trim().is_empty()) {
            let (x, y) = (f32::from(*column) * WIDTH + MARGIN, f32::from(row) * HEIGHT + 22.0);
            let weight = if *bold { " font-weight=\"bold\"" } else { "" };
            let text = text.trim_end().replace('&', "&amp;").replace('<', "&lt;");
            writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{y:.0}\" fill=\"{fill}\"{weight} xml:space=\"preserve\">{text}</text>"
            )
            .unwrap();
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Returns what is equal in each run: numbers and ids are masked, bars are removed.
fn words(text: &str) -> String {
    let is_id = |word: &str| word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit());
    let is_bar = |word: &str| word.contains(['█', '·']);
    let mut words = Vec::new();
    for word in text.split([' ', '=', '\n']).filter(|word| !word.is_empty() && !is_bar(word)) {
        let mut masked = String::new();
        for c in word.chars() {
            // Any number of digits, before and after a decimal point, becomes one zero each.
            let is_number = c.is_ascii_digit() || c == '.' && masked.ends_with('0');
            match c {
                _ if !is_number => masked.push(c),
                _ if !masked.ends_with('0') => masked.push('0'),
                _ => {}
            }
        }
        words.push(if is_id(word) { "id".to_owned() } else { masked });
    }
    words.join(" ")
}

/// Compares an image with the screen, or draws it when asked to.
fn is_current(name: &str, screen: &vt100::Screen) {
    let path = Path::new(ROOT).join("docs/src/images").join(name);
    if golden::is_update() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, svg(screen)).unwrap();
    }
    let picture = fs::read_to_string(&path).unwrap_or_default();
    let (drawn, shown) = (words(&drawing::rows(&picture).join("\n")), words(&rows(screen).join("\n")));
    assert!(
        drawn == shown,
        "docs/src/images/{name} is stale; run: cargo build --examples && {}\n{shown}\n{drawn}",
        golden::update_command()
    );
}

#[test]
fn console_image_is_current() {
    require!(Script);
    let directory = tempfile::tempdir().unwrap();
    fs::copy(Path::new(ROOT).join("examples/quickstart.toml"), directory.path().join("autotelemetry.toml"))
        .unwrap();
    let example = process::example("quickstart");
    let example = PathBuf::from(example.get_program());
    let terminal = screen(&format!("{} 2>/dev/null", example.display()), directory.path());
    let shown = rows(terminal.screen()).concat();
    assert!(shown.contains("orders.processed"), "the example does not run: {shown}");
    is_current("console.svg", terminal.screen());
}

#[test]
fn taplo_image_is_current() {
    require!(Script, Taplo);
    let directory = tempfile::tempdir().unwrap();
    let schema = Path::new(ROOT).join("schema/autotelemetry.schema.json");
    fs::copy(schema, directory.path().join("autotelemetry.schema.json")).unwrap();
    let text = "#:schema ./autotelemetry.schema.json\n\n[service]\nname = \"checkout\"\n\n[otlp]\ntimeout = \"5 sec\"\n\
                compression = \"zip\"\n";
    fs::write(directory.path().join("autotelemetry.toml"), text).unwrap();
    let taplo = Program::Taplo.path().unwrap();
    let words = format!("RUST_LOG=off {} lint --colors always autotelemetry.toml", taplo.display());
    let terminal = screen(&words, directory.path());
    let shown = rows(terminal.screen()).concat();
    assert!(shown.contains("compression = \"zip\""), "taplo does not run: {shown}");
    is_current("taplo.svg", terminal.screen());
}
