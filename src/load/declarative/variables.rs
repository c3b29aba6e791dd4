//! References to variables in the scalars of the file.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use crate::{
    config::value::ParseError,
    load::{environment::Environment, substitute::substitute},
};

/// The maximum length of what one scalar becomes by substitution.
const MAX_BYTES: usize = 1024 * 1024;

/// The variables that a file may refer to.
pub(super) struct Variables<'e> {
    environment: &'e Environment,
    /// The names of all variables that the file refers to, whether they are set or not.
    referenced: RefCell<BTreeSet<String>>,
}

impl<'e> Variables<'e> {
    pub(super) fn new(environment: &'e Environment) -> Self {
        Self { environment, referenced: RefCell::default() }
    }

    /// Returns the text with its references replaced, and the names in them. An unset variable
    /// becomes nothing.
    pub(super) fn substitute<'t>(&self, text: &'t str) -> Result<(Cow<'t, str>, Vec<String>), ParseError> {
        let names = RefCell::new(Vec::new());
        let inserted = Cell::new(0);
        let substituted = substitute(text, |name| {
            names.borrow_mut().push(name.to_owned());
            let value = self.environment.get_raw(name).unwrap_or_default();
            inserted.set(inserted.get() + value.len());
            Some(if inserted.get() > MAX_BYTES { "" } else { value })
        });
        let names = names.into_inner();
        self.referenced.borrow_mut().extend(names.iter().cloned());
        let substituted = substituted?;
        if let Some(name) = names.iter().find(|name| self.environment.not_unicode().contains(*name)) {
            return Err(ParseError::new(format!("the value of the variable {name} is not valid UTF-8")));
        }
        if inserted.get() > MAX_BYTES {
            return Err(ParseError::new("the values of the variables exceed 1 MiB"));
        }
        Ok((substituted.map_or(Cow::Borrowed(text), Cow::Owned), names))
    }

    /// Returns the names of all variables that were referred to.
    pub(super) fn into_referenced(self) -> BTreeSet<String> {
        self.referenced.into_inner()
    }
}
