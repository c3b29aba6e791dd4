//! Applies a changed `autotelemetry.toml` when the process receives SIGHUP.
//!
//! ```sh
//! AUTOTEL_CONFIG=examples/quickstart.toml cargo run --example reload_on_hangup
//! kill -HUP PID
//! ```

use std::error::Error;

use autotelemetry::prelude::*;

#[tokio::main(flavor = "current_thread")]
#[cfg(unix)]
async fn main() -> Result<(), Box<dyn Error>> {
    use tokio::signal::unix::{SignalKind, signal};

    let tools = autotelemetry::init()?;
    let logger = tools.logger("shop");
    let (mut hangup, mut terminate) = (signal(SignalKind::hangup())?, signal(SignalKind::terminate())?);
    logger.info("ready", &[KeyValue::new("process.pid", i64::from(std::process::id()))]);
    loop {
        tokio::select! {
            _ = hangup.recv() => {
                match tools.reload() {
                    Ok(reload) => {
                        let changed = i64::try_from(reload.changed().len()).unwrap_or(i64::MAX);
                        logger.info("configuration applied", &[KeyValue::new("changed", changed)]);
                        logger.debug("now visible", &[]);
                    }
                    Err(error) => logger.exception("configuration refused", &error, &[]),
                }
            }
            _ = terminate.recv() => break,
        }
    }
    tools.shutdown()?;
    Ok(())
}

#[cfg(not(unix))]
fn main() {}
