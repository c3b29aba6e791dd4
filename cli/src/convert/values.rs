//! The effective values of a file, and their text in it.

use serde_json::{Map, Value};

use super::yaml::Yaml;

/// The values of a configuration by their keys.
pub(super) struct Values {
    values: Map<String, Value>,
    /// The lines of the file.
    lines: Vec<String>,
}

impl Values {
    /// `report` is the explanation of the file with this text.
    pub(super) fn new(report: &Value, text: &str) -> Self {
        let values = report["values"].as_object().cloned().unwrap_or_default();
        Self { values, lines: text.lines().map(str::to_owned).collect() }
    }

    /// Returns the effective value.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key).map(|row| &row["value"]).filter(|value| !value.is_null())
    }

    /// Returns whether the file sets the value.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.values.get(key).is_some_and(|row| row["origin"] == "file") && self.get(key).is_some()
    }

    /// Returns the keys that begin with `prefix` and that the file sets, without the prefix.
    pub(super) fn below(&self, prefix: &str) -> Vec<String> {
        let keys = self.values.keys().filter(|key| self.is_set(key));
        keys.filter_map(|key| key.strip_prefix(prefix).map(str::to_owned)).collect()
    }

    /// Returns the names in a list.
    pub(super) fn names(&self, key: &str) -> Vec<String> {
        let list = self.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Returns whether two keys have the same place in the file.
    pub(super) fn is_inherited(&self, key: &str, general: &str) -> bool {
        let at = |key: &str| self.values.get(key).map(|row| row["at"].clone()).filter(|at| !at.is_null());
        at(key).is_some() && at(key) == at(general)
    }

    /// Returns the text between the quotes of a string, as the file contains it.
    pub(super) fn written(&self, key: &str) -> Option<String> {
        let at = self.values.get(key)?["at"].as_str()?;
        let (rest, column) = at.rsplit_once(':')?;
        let (_, line) = rest.rsplit_once(':')?;
        let (line, column): (usize, usize) = (line.parse().ok()?, column.parse().ok()?);
        let line: String =
            self.lines.get(line.checked_sub(1)?)?.chars().skip(column.checked_sub(1)?).collect();
        let quote = line.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (text, _) = line[1..].split_once(quote)?;
        let is_simple = !text.is_empty() && !text.contains('\\');
        is_simple.then(|| text.to_owned())
    }

    /// Returns the text of the file if it contains a reference.
    pub(super) fn reference(&self, key: &str) -> Option<String> {
        self.written(key).filter(|text| text.contains("${"))
    }

    /// Returns a value with its references.
    pub(super) fn yaml(&self, key: &str) -> Option<Yaml> {
        let value = self.get(key)?;
        let reference = self.reference(key);
        Some(match (value, reference) {
            (Value::String(_), Some(text)) => Yaml::text(&text),
            (Value::Bool(_) | Value::Number(_), Some(text)) => Yaml::Scalar(text),
            (Value::String(text), None) => Yaml::text(&escaped(text)),
            (value, _) => Yaml::from_json(value),
        })
    }

    /// Returns a size in bytes.
    pub(super) fn bytes(&self, key: &str) -> Option<Yaml> {
        let text = self.get(key)?.as_str()?;
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
        let unit: u64 = match unit {
            "B" => 1,
            "kB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        Some(Yaml::Scalar(number.parse::<u64>().ok()?.checked_mul(unit)?.to_string()))
    }

    /// Returns a duration in milliseconds.
    pub(super) fn millis(&self, key: &str) -> Option<Yaml> {
        let text = self.get(key)?.as_str()?;
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = text.split_at(split);
        let unit = match unit {
            "ms" => 1.0,
            "s" => 1_000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            _ => return None,
        };
        Some(Yaml::Scalar(format!("{:.0}", number.parse::<f64>().ok()? * unit)))
    }
}

/// Doubles what would be read as a reference.
fn escaped(text: &str) -> String {
    text.replace("$$", "$$$$").replace("${", "$${")
}
