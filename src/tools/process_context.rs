//! The context of other processes, in environment variables.

use std::process::Command;

use opentelemetry::Context;

use super::observability_tools::ObservabilityTools;

impl ObservabilityTools {
    /// Returns the context that the parent process passed in environment variables, such as
    /// `TRACEPARENT` and `BAGGAGE`.
    ///
    /// A job that attaches it becomes a child of its cause: a CI run, a scheduler, a script. The
    /// variables are those of the formats in `propagators`, read when the tools were built. Without
    /// them, the context is empty. See the specification, "Environment Variables as Context
    /// Propagation Carriers".
    ///
    /// ```
    /// use autotelemetry::{ObservabilityTools, prelude::*};
    ///
    /// let parent = ("TRACEPARENT", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    /// let builder = ObservabilityTools::builder().service_name("report");
    /// let tools = builder.env_vars([parent]).build()?;
    /// let _guard = tools.context_from_env().attach();
    /// let span = tools.tracer("report").start_as_current_span("nightly report");
    /// assert_eq!(span.span_context().trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn context_from_env(&self) -> Context {
        self.env_context.clone()
    }

    /// Passes the current context to a process, in environment variables such as `TRACEPARENT`.
    ///
    /// They replace the variables of the formats in `propagators` that this process has inherited.
    /// Without a current span and baggage, the command is not changed.
    ///
    /// ```no_run
    /// # use autotelemetry::ObservabilityTools;
    /// # fn run(tools: &ObservabilityTools) -> std::io::Result<()> {
    /// let mut command = std::process::Command::new("backup");
    /// tools.inject_env(&mut command);
    /// command.status()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn inject_env(&self, command: &mut Command) {
        self.pipeline().propagator.inject_env(command);
    }
}
