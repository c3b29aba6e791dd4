//! Unique keys of attributes. Of equal keys, the last value takes the place of the first.
//!
//! The SDK keeps the attributes of spans, events, links and scopes as they are. Of the equal keys
//! of a measurement, it keeps the first, or all of them.

use std::collections::{HashMap, hash_map::Entry};

use opentelemetry::{InstrumentationScope, Key, KeyValue};

/// Removes repeated keys.
pub(crate) fn remove_repeated(attributes: &mut Vec<KeyValue>) {
    if !repeats(attributes) {
        return;
    }
    let mut places: HashMap<Key, usize> = HashMap::new();
    let mut unique = Vec::new();
    for attribute in attributes.drain(..) {
        match places.entry(attribute.key.clone()) {
            Entry::Occupied(place) => unique[*place.get()] = attribute,
            Entry::Vacant(place) => {
                place.insert(unique.len());
                unique.push(attribute);
            }
        }
    }
    *attributes = unique;
}

/// Calls `work` with the attributes, without repeated keys.
#[inline]
pub(crate) fn with_unique<R>(attributes: &[KeyValue], work: impl FnOnce(&[KeyValue]) -> R) -> R {
    if !repeats(attributes) {
        return work(attributes);
    }
    let mut attributes = attributes.to_vec();
    remove_repeated(&mut attributes);
    work(&attributes)
}

/// Returns the scope without repeated keys, or `None` if it has none.
pub(crate) fn unique_scope(scope: &InstrumentationScope) -> Option<InstrumentationScope> {
    if !may_repeat(scope.attributes().map(|attribute| attribute.key.as_str())) {
        return None;
    }
    let mut attributes: Vec<_> = scope.attributes().cloned().collect();
    let before = attributes.len();
    remove_repeated(&mut attributes);
    (attributes.len() < before).then(|| {
        let mut unique = InstrumentationScope::builder(scope.name().to_owned()).with_attributes(attributes);
        if let Some(version) = scope.version() {
            unique = unique.with_version(version.to_owned());
        }
        if let Some(url) = scope.schema_url() {
            unique = unique.with_schema_url(url.to_owned());
        }
        unique.build()
    })
}

/// Returns `false` if no two keys are equal, at little cost. `true` is only a suspicion.
#[inline]
pub(crate) fn may_repeat<'k>(keys: impl Iterator<Item = &'k str>) -> bool {
    // Keys whose bits differ are not equal.
    let mut bits = 0_u64;
    keys.fold(false, |may_repeat, key| {
        let first = key.as_bytes().first().map_or(0, |byte| usize::from(*byte));
        let bit = 1 << ((key.len() ^ (first << 2)) % 64);
        let is_set = bits & bit != 0;
        bits |= bit;
        may_repeat | is_set
    })
}

/// The number of attributes up to which all pairs are compared.
const FEW: usize = 16;

#[inline]
fn repeats(attributes: &[KeyValue]) -> bool {
    attributes.len() > 1
        && may_repeat(attributes.iter().map(|attribute| attribute.key.as_str()))
        && has_repeated(attributes)
}

#[inline(never)]
fn has_repeated(attributes: &[KeyValue]) -> bool {
    if attributes.len() <= FEW {
        return attributes.iter().enumerate().any(|(index, attribute)| {
            attributes[..index].iter().any(|before| before.key.as_str() == attribute.key.as_str())
        });
    }
    let mut keys: Vec<_> = attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    keys.sort_unstable();
    keys.windows(2).any(|two| two[0] == two[1])
}
