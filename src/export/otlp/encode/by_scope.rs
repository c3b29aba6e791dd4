//! Items grouped by their scope.

use std::collections::HashMap;

use super::scope::ItemScope;

/// Returns the parts of the items with their scopes, those of one scope after each other.
pub(crate) fn by_scope<'s, T, I: 's>(
    items: &'s [T],
    split: impl Fn(&'s T) -> (ItemScope<'s>, &'s I),
) -> impl Iterator<Item = (ItemScope<'s>, &'s I)> {
    let mut groups = HashMap::new();
    let mut previous: Option<(ItemScope<'s>, usize)> = None;
    let mut grouped = Vec::with_capacity(items.len());
    for (scope, item) in items.iter().map(split) {
        let group = match previous {
            Some((previous, group)) if previous == scope => group,
            _ => {
                let next = groups.len();
                *groups.entry(scope).or_insert(next)
            }
        };
        previous = Some((scope, group));
        grouped.push((group, scope, item));
    }
    if groups.len() > 1 {
        grouped.sort_by_key(|(group, ..)| *group);
    }
    grouped.into_iter().map(|(_, scope, item)| (scope, item))
}
