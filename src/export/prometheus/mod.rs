//! The Prometheus exporter: the page of metrics and its server.
//!
//! - Keys: `[prometheus]`
//! - Signals: metrics
//! - Feature: `prometheus`

mod accept;
mod block;
mod body;
mod buckets;
mod client_stream;
mod connections;
mod content_encoding;
mod encoder;
mod escape;
mod escaping;
mod exponential;
#[cfg(test)]
mod exponential_tests;
mod family;
mod family_head;
mod family_writer;
mod kind;
mod label_hashes;
mod label_name;
mod label_pairs;
mod label_plan;
mod label_set;
mod label_text;
mod label_value;
mod listener;
mod merge;
mod metric_family;
mod metrics_page;
mod name;
mod negotiation;
mod number;
mod page;
mod page_format;
mod page_thread;
mod points;
mod sample;
mod scope;
mod scrape_error;
mod scraper;
mod server;
mod shared_pages;
mod unit;

pub use self::metrics_page::{MetricsPage, MetricsPageError};
pub(crate) use self::{listener::Listener, scraper::Scraper, server::ServedPage};
