//! Detects resource attributes on this machine, for the detectors that are listed.
//!
//! Only files and variables are read: no program is started, no service is called. See the
//! specification, "Resource SDK", section "Detecting resource information from the environment",
//! and the semantic conventions for the attributes.

mod container;
mod host;
mod kubernetes;
mod machine;
mod os;
mod process;
mod service_instance;

use std::{
    collections::BTreeMap,
    panic::{self, AssertUnwindSafe},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use self::machine::Machine;
use super::{
    code::attribute_value,
    environment::Environment,
    layer::Layer,
    layer_source::LayerSource,
    merge::Merged,
    value_tree::{Table, Value},
    values,
};
use crate::{
    config::{AttributeValue, Config, DetectorName, IncludeExclude, OwnOr, Resource, key_path::key_path},
    error::Problem,
};

/// The longest time that all detectors take. A file on a network may never answer.
const TIME_LIMIT: Duration = Duration::from_millis(100);

/// Attributes with their values.
type Attributes = Vec<(&'static str, Value)>;

/// The detectors of the program, by name.
pub(crate) type OwnDetectors = BTreeMap<String, OwnDetector>;

/// A detector of the program.
pub(crate) type OwnDetector = Box<dyn FnOnce() -> Vec<(String, AttributeValue)> + Send>;

/// A detector with what it found, `None` if it has not finished.
type Detected = (String, Option<Vec<(String, Value)>>);

/// Returns the detected attributes, which belong below all other values.
pub(super) fn layers(
    merged: &Merged<Config>,
    environment: &Environment,
    own: OwnDetectors,
    warnings: &mut Vec<Problem>,
) -> Vec<Layer> {
    if !merged.holds(&key_path("resource.detectors")) {
        return Vec::new();
    }
    let Ok(config) = merged.config() else { return Vec::new() };
    let Resource { detectors, detector_attributes, .. } = &config.resource;
    let mut layers = Vec::new();
    for (name, detected) in run(detectors.as_slice(), own, &Machine::this(environment), TIME_LIMIT) {
        match detected {
            Some(attributes) => layers.extend(layer(name, attributes, detector_attributes)),
            None => {
                let message = format!(
                    "the detector \"{name}\" has not finished within 100 ms; its attributes are missing"
                );
                warnings.push(Problem::new(message).with_key("resource.detectors"));
            }
        }
    }
    // The first detector is the strongest.
    layers.reverse();
    layers
}

/// Runs detectors on a thread that is abandoned after `limit`. One that panics finds nothing.
fn run(
    names: &[OwnOr<DetectorName>],
    mut own: OwnDetectors,
    machine: &Machine,
    limit: Duration,
) -> Vec<Detected> {
    let (sender, receiver) = mpsc::channel();
    let (work, machine) = (names.to_vec(), machine.clone());
    let started = thread::Builder::new().name("autotelemetry-detect".to_owned()).spawn(move || {
        for name in work {
            let found = match name {
                OwnOr::BuiltIn(name) => {
                    let found = detect(name, &machine).into_iter();
                    found.map(|(attribute, value)| (attribute.to_owned(), value)).collect()
                }
                OwnOr::Own(name) => own.remove(&name).map(detect_own).unwrap_or_default(),
            };
            if sender.send(found).is_err() {
                return;
            }
        }
    });
    drop(started);
    let deadline = Instant::now() + limit;
    let next = |name: &OwnOr<DetectorName>| {
        let left = deadline.saturating_duration_since(Instant::now());
        (name.to_string(), receiver.recv_timeout(left).ok())
    };
    names.iter().map(next).collect()
}

fn detect_own(detector: OwnDetector) -> Vec<(String, Value)> {
    let found = panic::catch_unwind(AssertUnwindSafe(detector)).unwrap_or_default();
    found.into_iter().map(|(attribute, value)| (attribute, attribute_value(&value))).collect()
}

fn detect(name: DetectorName, machine: &Machine) -> Attributes {
    match name {
        DetectorName::Container => container::attributes(machine),
        DetectorName::Host => host::attributes(machine),
        DetectorName::Kubernetes => kubernetes::attributes(machine),
        DetectorName::Os => os::attributes(machine),
        DetectorName::Process => process::attributes(machine),
        DetectorName::ServiceInstance => service_instance::attributes(),
    }
}

/// Returns the selected attributes as a layer, if there are any.
fn layer(name: String, attributes: Vec<(String, Value)>, selection: &IncludeExclude) -> Option<Layer> {
    let mut table = Table::new();
    for (attribute, value) in attributes.into_iter().filter(|(attribute, _)| selection.selects(attribute)) {
        let service_key = Resource::SERVICE_KEYS.iter().find(|(of_service, _)| *of_service == attribute);
        let path = match service_key {
            Some((_, key)) => vec!["service".to_owned(), (*key).to_owned()],
            None => vec!["resource".to_owned(), "attributes".to_owned(), attribute],
        };
        values::insert(&mut table, &path, value);
    }
    (!table.is_empty()).then(|| Layer { values: table, source: LayerSource::Detector(name) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::{ConfigValue as _, pattern::Pattern};

    #[test]
    fn detector_that_hangs_is_abandoned() {
        let machine = Machine::in_directory("/nonexistent");
        let names = [DetectorName::Os, DetectorName::Kubernetes].map(OwnOr::BuiltIn);
        let detected = |limit| run(&names, OwnDetectors::new(), &machine, limit);
        assert!(detected(Duration::from_secs(20)).iter().all(|(_, found)| found.is_some()));
        assert_eq!(detected(Duration::ZERO).len(), 2);
    }

    #[test]
    fn selection_keeps_some_attributes() {
        let selection =
            IncludeExclude { included: None, excluded: Some(vec![Pattern::parse_str("host.id").unwrap()]) };
        let attributes = [("host.id", "a"), ("host.name", "b"), ("service.instance.id", "c")]
            .map(|(name, value)| (name.to_owned(), value.into()))
            .to_vec();
        let layer = layer("host".to_owned(), attributes, &selection).unwrap();
        let found = |key: &[&str]| {
            let path: Vec<_> = key.iter().map(|segment| (*segment).to_owned()).collect();
            values::find(&layer.values, &path).cloned()
        };
        assert_eq!(found(&["resource", "attributes", "host.id"]), None);
        assert_eq!(found(&["resource", "attributes", "host.name"]), Some("b".into()));
        assert_eq!(found(&["service", "instance_id"]), Some("c".into()));
    }
}
