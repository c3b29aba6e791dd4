//! The meter provider of a pipeline.

use std::sync::Arc;

use opentelemetry::{
    InstrumentationScope,
    metrics::{self, InstrumentProvider, Meter, MeterProvider as _},
};
use opentelemetry_sdk::{error::OTelSdkResult, metrics::SdkMeterProvider};

use super::instrument_provider::{IsolatingProvider, Shared};
use crate::{
    config::{ScopeRule, scope::is_enabled},
    export::unique_keys::unique_scope,
};

/// A meter provider of the OpenTelemetry SDK that applies the views of the configuration, and
/// isolates the callbacks of observable instruments.
///
/// A panicking callback is reported on stderr; only its instrument is skipped. It is called again
/// at the next collection. A callback that hangs is skipped after a timeout, and is not called
/// again until it has returned. Callbacks may create instruments, log, and start spans.
///
/// An instrument with an invalid name, unit or boundaries is reported on stderr once. Its
/// measurements are ignored.
///
/// [`ObservabilityTools::meter_provider`](crate::ObservabilityTools::meter_provider) returns it. It
/// can be cloned and used like any other [`opentelemetry::metrics::MeterProvider`].
#[derive(Debug, Clone)]
pub struct MeterProvider {
    sdk: SdkMeterProvider,
    shared: Arc<Shared>,
}

impl MeterProvider {
    pub(super) fn new(sdk: SdkMeterProvider, shared: Shared) -> Self {
        Self { sdk, shared: Arc::new(shared) }
    }

    /// Replaces the rules for meters that are created from now on.
    pub(super) fn set_scopes(&self, scopes: Vec<ScopeRule>) {
        self.shared.scopes.store(Arc::new(scopes));
    }

    /// Ends collections. Metrics that were not pushed before are lost.
    pub(crate) fn shutdown(&self) -> OTelSdkResult {
        self.shared.views.report_unused();
        self.sdk.shutdown()
    }

    /// Returns the meter of the library, whose callbacks neither panic nor wait.
    pub(in crate::pipeline) fn library_meter(&self) -> Meter {
        let name = env!("CARGO_PKG_NAME");
        let scope = InstrumentationScope::builder(name).with_version(env!("CARGO_PKG_VERSION")).build();
        self.meter(scope, true)
    }

    fn meter(&self, scope: InstrumentationScope, runs_callbacks_inline: bool) -> Meter {
        if !is_enabled(&self.shared.scopes.load(), scope.name()) {
            return Meter::new(Arc::new(DisabledProvider));
        }
        let meter = self.sdk.meter_with_scope(scope.clone());
        let shared = Arc::clone(&self.shared);
        Meter::new(Arc::new(IsolatingProvider { meter, scope, shared, runs_callbacks_inline }))
    }
}

/// Creates instruments that ignore their measurements.
struct DisabledProvider;

impl InstrumentProvider for DisabledProvider {}

impl metrics::MeterProvider for MeterProvider {
    fn meter_with_scope(&self, scope: InstrumentationScope) -> Meter {
        self.meter(unique_scope(&scope).unwrap_or(scope), false)
    }
}
