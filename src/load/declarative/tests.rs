//! Substitution, the table of nodes, and hostile texts.

mod hostile;
mod published;
mod substitution;
