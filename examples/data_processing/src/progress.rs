//! A progress bar with log lines above it.

use std::{
    fs::File,
    io::{self, Read, Write},
};

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar on stderr if that is a terminal.
pub struct Progress(ProgressBar);

impl Default for Progress {
    fn default() -> Self {
        let bar = ProgressBar::hidden();
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent:>3} %") {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Progress {
    /// Wraps the file so that reading it advances the bar.
    pub fn read(&self, file: File) -> io::Result<impl Read + use<>> {
        self.0.set_length(file.metadata()?.len());
        self.0.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        Ok(self.0.wrap_read(file))
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }

    /// Returns a writer to stderr that hides the bar during each write, so that they never mix.
    pub fn above(&self) -> impl Write + Send + use<> {
        Above(self.0.clone())
    }
}

struct Above(ProgressBar);

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
