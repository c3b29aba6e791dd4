//! The dashboards in `config-examples/grafana/`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::prometheus::Prometheus;

/// The columns of a dashboard.
const COLUMNS: u64 = 24;

/// The `schemaVersion` of Grafana 10.0, which later versions import, too.
const SCHEMA_VERSION: u64 = 38;

/// The data source that each panel and query uses: the variable of the dashboard.
const DATA_SOURCE: &str = "${datasource}";

/// Returns the path of a file in `config-examples/grafana/`.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config-examples/grafana").join(name)
}

pub struct Dashboard(Value);

impl Dashboard {
    /// Reads a file in `config-examples/grafana/`.
    pub fn read(name: &str) -> Self {
        Self(serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap())
    }

    pub fn uid(&self) -> &str {
        self.0["uid"].as_str().unwrap()
    }

    fn panels(&self) -> &[Value] {
        self.0["panels"].as_array().unwrap()
    }

    /// Returns the queries of the panels and of the variables.
    fn queries(&self) -> Vec<&str> {
        let targets = self.panels().iter().filter_map(|panel| panel["targets"].as_array()).flatten();
        let panels = targets.map(|target| target["expr"].as_str().unwrap());
        let variables = self.variables().filter(|variable| variable["type"] == "query");
        // `label_values(SELECTOR, LABEL)` becomes a query for the selector.
        let selectors = variables.map(|variable| {
            let query = variable["query"]["query"].as_str().unwrap();
            query.strip_prefix("label_values(").unwrap().rsplit_once(", ").unwrap().0
        });
        panels.chain(selectors).collect()
    }

    fn variables(&self) -> impl Iterator<Item = &Value> {
        self.0["templating"]["list"].as_array().unwrap().iter()
    }

    /// Asserts what an import requires: one data source, known variables, and a layout in which no
    /// panel covers another.
    pub fn check(&self) {
        assert_eq!(self.0["schemaVersion"], SCHEMA_VERSION);
        assert_eq!(self.0.get("id"), None, "an import assigns the id");
        let variables: BTreeSet<_> =
            self.variables().map(|variable| variable["name"].as_str().unwrap()).collect();
        assert!(variables.contains("datasource"), "{variables:?}");
        for query in self.queries() {
            let used = query.split('$').skip(1).map(|rest| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
            });
            for name in used.filter(|name| *name != "__rate_interval") {
                assert!(variables.contains(name), "{query}: {name}");
            }
        }
        let mut ids = BTreeSet::new();
        let mut cells = BTreeSet::new();
        for panel in self.panels() {
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}: the id is used twice");
            let [x, y, width, height] =
                ["x", "y", "w", "h"].map(|name| panel["gridPos"][name].as_u64().unwrap());
            assert!(x + width <= COLUMNS, "{panel}");
            for cell in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
                assert!(cells.insert(cell), "{panel}: covers another panel");
            }
            if panel["type"] == "row" {
                continue;
            }
            assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "{panel}");
            let targets = panel["targets"].as_array().unwrap();
            for source in targets.iter().map(|target| &target["datasource"]).chain([&panel["datasource"]]) {
                assert_eq!((&source["type"], &source["uid"]), (&"prometheus".into(), &DATA_SOURCE.into()));
            }
        }
    }

    /// Waits until each query has data, with all values of the variables.
    pub fn wait_for_data(&self, prometheus: &Prometheus) {
        for query in self.queries() {
            let query =
                query.replace("$__rate_interval", "10s").replace("$job", ".*").replace("$instance", ".*");
            prometheus.wait_for_data(&query);
        }
    }
}
