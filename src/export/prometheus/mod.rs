//! The Prometheus exporter: the page of metrics and its server.
//!
//! - Keys: `[prometheus]`
//! - Signals: metrics
//! - Feature: `prometheus`

mod accept;
mod body;
mod buckets;
mod client_stream;
mod connections;
mod encoder;
mod escape;
mod family;
mod kind;
mod label;
mod label_hashes;
mod label_set;
mod listener;
mod merge;
mod name;
mod number;
mod page;
mod page_thread;
mod points;
mod sample;
mod scope;
mod scraper;
mod server;
mod unit;

pub(crate) use self::{listener::Listener, scraper::Scraper};
