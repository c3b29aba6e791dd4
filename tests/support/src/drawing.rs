//! The pictures of terminals in the guide.
#![allow(clippy::cast_precision_loss, clippy::float_cmp, reason = "pixels are few and whole")]

/// The width of a character, in pixels.
pub const WIDTH: f32 = 7.2;

/// The distance from the left edge to the first column, in pixels.
pub const MARGIN: f32 = 10.0;

/// Returns the rows of a picture as text.
pub fn rows(picture: &str) -> Vec<String> {
    let number = |text: &str, name: &str| -> f32 {
        let (_, rest) = text.split_once(&format!(" {name}=\"")).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let (mut rows, mut last) = (Vec::<String>::new(), None);
    for (attributes, text) in picture.lines().filter_map(|line| line.strip_prefix("<text")?.split_once('>')) {
        let (x, y) = (number(attributes, "x"), number(attributes, "y"));
        if last.replace(y) != Some(y) {
            rows.push(String::new());
        }
        let row = rows.last_mut().unwrap();
        let column = ((x - MARGIN) / WIDTH).round();
        while (row.chars().count() as f32) < column {
            row.push(' ');
        }
        row.push_str(&text.trim_end_matches("</text>").replace("&lt;", "<").replace("&amp;", "&"));
    }
    rows
}
