//! Non-blocking line writer: keeps lines whole and in order, drops lines when the reader is too
//! slow.
//!
//! The logging thread writes a line itself if the sink accepts it at once. Otherwise the line goes
//! through a bounded queue to a worker thread. If the queue is full, lines are dropped and counted,
//! and a notice takes their place in the output.

mod closure;
mod line_buffer;
mod log_destination;
mod queue;
mod shared;
mod sink;
mod state;
mod std_stream;
mod worker;
mod writer;

pub(crate) use self::{
    line_buffer::with_line,
    log_destination::LineLogDestination,
    sink::{CloseReason, LineSink, WriteError, whole_lines_len},
    std_stream::StdStreamSink,
    writer::LineWriter,
};
