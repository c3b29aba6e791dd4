//! Unique keys of attributes. Of equal keys, the last value takes the place of the first.
//!
//! The SDK keeps the attributes of spans, events, links and scopes as they are. Of the equal keys
//! of a measurement, it keeps the first, or all of them.

use std::collections::{HashMap, hash_map::Entry};

use opentelemetry::{InstrumentationScope, Key, KeyValue};

use crate::logs::KeyBits;

/// Removes repeated keys.
#[inline]
pub(crate) fn remove_repeated(attributes: &mut Vec<KeyValue>) {
    if repeats(attributes) {
        remove_found(attributes);
    }
}

#[cold]
#[inline(never)]
fn remove_found(attributes: &mut Vec<KeyValue>) {
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

/// Returns `true` if keys of the scope may be equal. Nearly all scopes have no attributes.
#[inline]
pub(crate) fn may_repeat_in_scope(scope: &InstrumentationScope) -> bool {
    scope.attributes().nth(1).is_some()
}

/// Returns the scope without repeated keys, or `None` if it has none.
#[inline(never)]
pub(crate) fn unique_scope(scope: &InstrumentationScope) -> Option<InstrumentationScope> {
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

/// The number of attributes up to which all pairs are compared.
const FEW: usize = 16;

#[inline]
fn repeats(attributes: &[KeyValue]) -> bool {
    if let [] | [_] = attributes {
        return false;
    }
    if let [a, b] = attributes {
        return a.key.as_str() == b.key.as_str();
    }
    let mut keys = KeyBits::default();
    for attribute in attributes {
        keys.add(attribute.key.as_str());
    }
    keys.may_repeat() && has_repeated(attributes)
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
